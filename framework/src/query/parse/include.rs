//! `include=author,reviews.user`.

use super::parameters::shown;
use super::{ListOptions, Mistakes};
use crate::error::InputError;
use crate::model::nearest::nearest;
use crate::model::{ModelMeta, RelationMeta};
use crate::query::Include;

/// Paths of an include at most. Each loads as many relations as it is deep, each by a statement of its own.
pub const MAX_PATHS: usize = 20;

/// The relations that `include` may name, with their indexes.
pub fn includable(model: &'static ModelMeta) -> impl Iterator<Item = (usize, &'static RelationMeta)> {
    model.relations.iter().enumerate().filter(|(_, relation)| relation.include)
}

/// Reads the value of `include`: `a.b` loads `a` and its `b`, and paths that begin alike are merged.
pub(super) fn parse(options: &ListOptions, text: &str) -> Result<Vec<Include>, Mistakes> {
    let mut includes = Vec::new();
    let mut mistakes = Mistakes::new();
    for (index, path) in text.split(',').enumerate() {
        if index == MAX_PATHS {
            mistakes.push(mistake("too_many", format!("an include takes {MAX_PATHS} paths at most")));
            break;
        }
        if let Err(error) = add(&mut includes, options, path) {
            mistakes.push(error);
        }
    }
    if mistakes.is_empty() { Ok(includes) } else { Err(mistakes) }
}

fn add(includes: &mut Vec<Include>, options: &ListOptions, path: &str) -> Result<(), InputError> {
    let resource = options.resource;
    let depth = path.split('.').count();
    if depth > resource.include_depth {
        let (path, most) = (shown(path), resource.include_depth);
        return Err(mistake("too_deep", format!("{path:?} goes {depth} relations deep; {most} at most")));
    }
    let (mut level, mut model) = (includes, (resource.model)());
    for name in path.split('.') {
        let Some((index, relation)) = includable(model).find(|(_, relation)| relation.api_name == name) else {
            return Err(unknown(model, name, path));
        };
        let place = level.iter().position(|include| include.index == index).unwrap_or_else(|| {
            let filter = options.shown_of((relation.target)());
            level.push(Include { filter, ..Include::new(model, index, resource.include_limit) });
            level.len() - 1
        });
        level = &mut level[place].children;
        model = (relation.target)();
    }
    Ok(())
}

pub(super) fn unknown(model: &'static ModelMeta, name: &str, path: &str) -> InputError {
    let names: Vec<&str> = includable(model).map(|(_, relation)| relation.api_name).collect();
    let mut detail = format!("unknown relation {:?}", shown(name));
    if name != path {
        detail.push_str(&format!(" in {:?}", shown(path)));
    }
    match nearest(name, names.iter().copied()) {
        Some(likely) => detail.push_str(&format!("; did you mean {likely:?}?")),
        None => detail.push(';'),
    }
    let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    detail.push_str(&format!(" includable: {names}"));
    mistake("unknown_relation", detail)
}

fn mistake(code: &'static str, detail: String) -> InputError {
    InputError::parameter("include", code, detail)
}
