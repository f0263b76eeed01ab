//! From a JSON body to [`Changes`]: every mistake of a body is named at once.

use std::collections::HashSet;

use serde_json::{Map, Value as JsonValue};

use super::nested;
use super::write::upsert::missing;
use crate::error::InputError;
use crate::model::nearest::nearest;
use crate::model::{Access, Changes, ColumnMeta, ModelMeta, RelationMeta, Value};
use crate::query::parse::shown;

/// What a body is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    /// A new row: what is required must be there.
    Create,
    /// A whole row in place of another: what is absent becomes its default or NULL. Sets of keys and what is write-only,
    /// which no client can read, stay.
    Replace,
    /// A merge patch (RFC 7396): what is absent stays, `null` is NULL.
    Patch,
}

/// Reads a body of a create that changes the row that is there by a unique key, whose values it must have.
///
/// # Errors
///
/// As [`body`].
pub fn upsert(
    model: &'static ModelMeta,
    key: &[usize],
    members: &Map<String, JsonValue>,
) -> Result<Changes, Vec<InputError>> {
    let (changes, mut errors) = read_body(model, BodyKind::Create, members, None);
    let named = |error: &InputError| errors.iter().any(|known| known.at == error.at);
    let absent = |index: &&usize| !members.contains_key(model.columns[**index].api_name);
    let absent: Vec<usize> = key.iter().filter(absent).copied().collect();
    let missing = missing(model, &absent, &Changes::default());
    let missing: Vec<InputError> = missing.into_iter().filter(|error| !named(error)).collect();
    errors.extend(missing);
    errors.extend(nested::refuse(model, members));
    if errors.is_empty() { Ok(changes) } else { Err(errors) }
}

/// Reads a body.
///
/// # Errors
///
/// Every member that is unknown, missing, read-only, of the wrong type or against a rule.
pub fn body(
    model: &'static ModelMeta,
    kind: BodyKind,
    body: &Map<String, JsonValue>,
) -> Result<Changes, Vec<InputError>> {
    let (changes, errors) = read_body(model, kind, body, None);
    if errors.is_empty() { Ok(changes) } else { Err(errors) }
}

/// What a body sets, and all its mistakes. A child has no `parent`: the column is set to the key of the row that it belongs to.
pub(super) fn read_body(
    model: &'static ModelMeta,
    kind: BodyKind,
    body: &Map<String, JsonValue>,
    parent: Option<&[usize]>,
) -> (Changes, Vec<InputError>) {
    let mut names = settable_names(model, kind);
    let is_parent =
        |name: &str| parent.is_some_and(|key| key.iter().any(|index| model.columns[*index].api_name == name));
    names.retain(|name| !is_parent(name));
    if kind == BodyKind::Create && parent.is_none() {
        names.extend(nested::relations(model).map(|(_, relation)| relation.api_name));
    }
    let strangers = body.keys().filter(|name| !names.contains(&name.as_str()));
    let mut refused = strangers.map(|name| match is_parent(name) {
        true => nested::names_parent(name),
        false => refuse(model, name, &names),
    });
    let mut errors: Vec<InputError> = refused.by_ref().take(MAX_REFUSED).collect();
    if refused.next().is_some() {
        let detail = format!("more fields are not accepted than the first {MAX_REFUSED} that are named");
        errors.push(InputError::request("too_many", detail));
    }
    let mut changes = Changes::default();
    for (index, column) in
        settable_columns(model, kind).filter(|(index, _)| parent.is_none_or(|key| !key.contains(index)))
    {
        match read(column, kind, body.get(column.api_name)) {
            Ok(Some(value)) => changes.columns.push((index, value)),
            Ok(None) => {}
            Err(error) => errors.push(error),
        }
    }
    for (index, relation) in model.relations.iter().enumerate() {
        let Some(name) = relation.keys_name else { continue };
        if let Some(keys) = body.get(name) {
            match read_keys(relation, name, keys) {
                Ok(keys) => changes.links.push((index, keys)),
                Err(more) => errors.extend(more),
            }
        }
    }
    if kind == BodyKind::Create && parent.is_none() {
        errors.extend(nested::read(model, body, &mut changes));
    }
    // The hooks of a child run once its parent is there, too late to name its mistakes together with the others.
    // A body that is refused in any case never comes to the hooks of its model.
    let is_all = parent.is_some() || !errors.is_empty();
    let broken = if is_all { rules(model, &changes) } else { rules_before_write(model, &changes) };
    errors.extend(broken);
    (changes, errors)
}

/// The values that break a rule of their column.
#[must_use]
pub fn rules(model: &ModelMeta, changes: &Changes) -> Vec<InputError> {
    let broken = |(index, value): &(usize, Value)| {
        let column = &model.columns[*index];
        column.check(value).map(|(code, detail)| InputError::field(column.api_name, code, detail))
    };
    changes.columns.iter().filter_map(broken).collect()
}

/// The same, but for a model with hooks, whose values are checked within the write: its mistakes are answered together with
/// those that its hooks find.
#[must_use]
pub fn rules_before_write(model: &ModelMeta, changes: &Changes) -> Vec<InputError> {
    if model.hooks.is_some() { Vec::new() } else { rules(model, changes) }
}

/// The columns that a body of this kind may set, with their indexes; a key is set once, by the create.
pub fn settable_columns(model: &ModelMeta, kind: BodyKind) -> impl Iterator<Item = (usize, &'static ColumnMeta)> {
    let is_settable = move |index: &usize| {
        model.columns[*index].writable() && (kind == BodyKind::Create || !model.key.contains(index))
    };
    model.columns.iter().enumerate().filter(move |(index, _)| is_settable(index))
}

/// The names that a body of this kind may have.
#[must_use]
pub fn settable_names(model: &ModelMeta, kind: BodyKind) -> Vec<&'static str> {
    settable_columns(model, kind)
        .map(|(_, column)| column.api_name)
        .chain(model.relations.iter().filter_map(|r| r.keys_name))
        .collect()
}

/// What is wrong with a member that is none of `names`.
fn refuse(model: &ModelMeta, name: &str, names: &[&str]) -> InputError {
    let computed = model.computed.iter().any(|computed| computed.api_name == name);
    let Some(column) = model.visible_column(name).filter(|_| !computed) else {
        if computed {
            return InputError::field(name, "read_only", format!("\"{name}\" is computed by the server"));
        }
        if nested::relations(model).any(|(_, relation)| relation.api_name == name) {
            let detail = format!("\"{name}\" is taken only by a create at the path of its resource");
            return InputError::field(name, "read_only", detail);
        }
        let name = &*shown(name);
        return InputError::field(name, "unknown_field", unknown(name, names));
    };
    let detail = if column.writable() {
        format!("\"{name}\" is part of the key, which never changes")
    } else {
        format!("\"{name}\" is set by the server")
    };
    InputError::field(name, "read_only", detail)
}

fn read(column: &ColumnMeta, kind: BodyKind, value: Option<&JsonValue>) -> Result<Option<Value>, InputError> {
    let name = column.api_name;
    match value {
        Some(JsonValue::Null) if column.nullable => Ok(Some(Value::Null)),
        Some(JsonValue::Null) => Err(InputError::field(name, "not_null", format!("\"{name}\" must not be null"))),
        Some(value) => match Value::from_json(column.ty, value) {
            Ok(value) => Ok(Some(value)),
            Err(detail) => Err(InputError::field(name, "invalid_value", detail)),
        },
        None if kind == BodyKind::Patch => Ok(None),
        None if column.required() => Err(InputError::field(name, "required", format!("\"{name}\" is required"))),
        // No client could have read it, so its absence says nothing.
        None if kind == BodyKind::Replace && column.access == Access::WriteOnly => Ok(None),
        None if kind == BodyKind::Replace => Ok(Some(column.absent())),
        None => Ok(None),
    }
}

fn read_keys(relation: &RelationMeta, name: &str, keys: &JsonValue) -> Result<Vec<Vec<Value>>, Vec<InputError>> {
    let JsonValue::Array(keys) = keys else {
        return Err(vec![InputError::field(name, "invalid_value", "expected an array of keys")]);
    };
    if keys.len() > MAX_KEYS {
        let detail = format!("expected at most {MAX_KEYS} keys, not {}", keys.len());
        return Err(vec![InputError::field(name, "too_many", detail)]);
    }
    let (mut values, mut errors) = (Vec::with_capacity(keys.len()), Vec::new());
    let mut seen = HashSet::with_capacity(keys.len());
    for (place, key) in keys.iter().enumerate() {
        match read_key(relation, key) {
            Ok(value) if !seen.insert(format!("{value:?}")) => {}
            Ok(value) => values.push(value),
            Err(detail) => errors.push(InputError::field(name, "invalid_value", detail).item(place)),
        }
    }
    if errors.is_empty() { Ok(values) } else { Err(errors) }
}

/// Reads one key: a value, or for a key of several columns an object with one member for each.
fn read_key(relation: &RelationMeta, key: &JsonValue) -> Result<Vec<Value>, String> {
    let columns = relation.key_columns();
    if let [column] = columns[..] {
        return Value::from_json(column.ty, key).map(|value| vec![value]);
    }
    let names: Vec<&str> = columns.iter().map(|column| column.api_name).collect();
    let JsonValue::Object(members) = key else {
        return Err(format!("expected an object with {}", names.join(", ")));
    };
    if let Some(stranger) = members.keys().find(|name| !names.contains(&name.as_str())) {
        return Err(unknown(&shown(stranger), &names));
    }
    let read = |column: &&ColumnMeta| {
        let name = column.api_name;
        let value = members.get(name).ok_or_else(|| format!("\"{name}\" is required"))?;
        Value::from_json(column.ty, value).map_err(|detail| format!("\"{name}\": {detail}"))
    };
    columns.iter().map(read).collect()
}

/// The mistakes of many items, of which so many are named as a person reads.
#[must_use]
pub fn capped(mut errors: Vec<InputError>) -> Vec<InputError> {
    if let Some(more) = errors.len().checked_sub(MAX_MISTAKES).filter(|more| *more > 0) {
        errors.truncate(MAX_MISTAKES);
        let detail = format!("{more} more mistakes than the first {MAX_MISTAKES} that are named");
        errors.push(InputError::request("too_many", detail));
    }
    errors
}

/// Mistakes of many items that are named at most.
pub const MAX_MISTAKES: usize = 100;
/// Members that are not accepted and named at most: a megabyte of them must not be answered by many.
const MAX_REFUSED: usize = 20;
/// Keys of one set at most.
pub const MAX_KEYS: usize = 1_000;

fn unknown(name: &str, names: &[&str]) -> String {
    let guess = nearest(name, names.iter().copied()).map_or(String::new(), |near| format!(" did you mean \"{near}\"?"));
    format!("unknown field \"{name}\";{guess} accepted: {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{AUTHORS, BOOKS};

    #[test]
    fn a_replace_empties_what_a_client_can_read_and_leaves_what_it_cannot() {
        for column in [&BOOKS.columns[2], &AUTHORS.columns[3]] {
            let written_only = ColumnMeta { access: Access::WriteOnly, ..*column };
            assert!(matches!(read(column, BodyKind::Replace, None), Ok(Some(_))), "{}", column.name);
            assert!(matches!(read(&written_only, BodyKind::Replace, None), Ok(None)), "{}", column.name);
        }
        let required = ColumnMeta { access: Access::WriteOnly, ..BOOKS.columns[1] };
        assert_eq!(read(&required, BodyKind::Replace, None).map_err(|error| error.code), Err("required"));
    }
}
