//! Rows inside of a body, which are created with the row that they belong to.

use serde_json::{Map, Value as JsonValue};

use super::validate::{BodyKind, read_body};
use crate::error::InputError;
use crate::model::{Changes, ModelMeta, RelationMeta};

/// Rows of one relation that a body may hold at most.
pub const MAX_CHILDREN: usize = 1_000;

/// Mistakes of children that are named at most: a megabyte of them must not be answered by many.
const MAX_MISTAKES: usize = 100;

/// The relations whose rows the body of a create may hold, with their indexes.
pub fn relations(model: &ModelMeta) -> impl Iterator<Item = (usize, &'static RelationMeta)> {
    let relations = model.relations;
    relations.iter().enumerate().filter(|(_, relation)| relation.nested)
}

/// Reads the children into `changes` and answers all their mistakes.
pub(super) fn read(model: &ModelMeta, body: &Map<String, JsonValue>, changes: &mut Changes) -> Vec<InputError> {
    let mut errors = Vec::new();
    for (index, relation) in relations(model) {
        let Some(member) = body.get(relation.api_name) else { continue };
        match children(relation, member) {
            Ok(children) => changes.children.push((index, children)),
            Err(more) => errors.extend(more),
        }
    }
    errors
}

fn children(relation: &RelationMeta, member: &JsonValue) -> Result<Vec<Changes>, Vec<InputError>> {
    let name = relation.api_name;
    let refused = |code, detail: String| Err(vec![InputError::field(name, code, detail)]);
    let items: Vec<(Option<usize>, &JsonValue)> = match (relation.kind.to_many(), member) {
        (true, JsonValue::Array(items)) if items.len() > MAX_CHILDREN => {
            return refused("too_many", format!("expected at most {MAX_CHILDREN} rows, not {}", items.len()));
        }
        (true, JsonValue::Array(items)) => items.iter().enumerate().map(|(place, item)| (Some(place), item)).collect(),
        (true, _) => return refused("invalid_value", "expected an array of objects".to_owned()),
        (false, JsonValue::Null) => Vec::new(),
        (false, item) => vec![(None, item)],
    };
    let (mut children, mut errors) = (Vec::with_capacity(items.len()), Vec::new());
    for (place, item) in items {
        let JsonValue::Object(members) = item else {
            errors.push(InputError::request("invalid_value", "expected an object").within(name, place));
            continue;
        };
        let (child, mistakes) =
            read_body((relation.target)(), BodyKind::Create, members, Some(relation.link.foreign()));
        errors.extend(mistakes.into_iter().map(|error| error.within(name, place)));
        children.push(child);
    }
    if errors.len() > MAX_MISTAKES {
        errors.truncate(MAX_MISTAKES);
        let detail = format!("more mistakes are in {name:?} than the first {MAX_MISTAKES} that are named");
        errors.push(InputError::field(name, "too_many", detail));
    }
    if errors.is_empty() { Ok(children) } else { Err(errors) }
}

/// The mistake of a child that names the row that it belongs to.
pub(super) fn names_parent(name: &str) -> InputError {
    InputError::field(
        name,
        "read_only",
        format!("\"{name}\" is set to the key of the row that this one is created with"),
    )
}

/// The mistakes of a body that may hold no children: whether its row is created is not known.
pub(super) fn refuse<'a>(
    model: &'a ModelMeta,
    body: &'a Map<String, JsonValue>,
) -> impl Iterator<Item = InputError> + 'a {
    let given = relations(model).map(|(_, relation)| relation.api_name).filter(|name| body.contains_key(*name));
    given.map(|name| {
        let detail = format!("\"{name}\" is taken by a create that changes no row: leave out `on_conflict`");
        InputError::field(name, "read_only", detail)
    })
}
