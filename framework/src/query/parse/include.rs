//! `include=author,reviews.user`.

use super::ListOptions;
use super::given::Refused;
use super::parameters::shown;
use crate::model::nearest::sentence;
use crate::model::{ModelMeta, RelationMeta};
use crate::query::Include;

/// Paths of an include at most. Each loads as many relations as it is deep, each by a statement of its own.
pub const MAX_PATHS: usize = 20;

/// The relations that `include` may name, with their indexes.
pub fn includable(model: &'static ModelMeta) -> impl Iterator<Item = (usize, &'static RelationMeta)> {
    model.relations.iter().enumerate().filter(|(_, relation)| relation.include)
}

/// Reads the paths of `include`: `a.b` loads `a` and its `b`, and paths that begin alike are merged.
pub(super) fn parse(options: &ListOptions, paths: &[&str]) -> Result<Vec<Include>, Vec<Refused>> {
    let mut includes = Vec::new();
    let mut refused = Vec::new();
    for (place, path) in paths.iter().enumerate() {
        if place == MAX_PATHS {
            refused.push(Refused::whole("too_many", format!("an include takes {MAX_PATHS} paths at most")));
            break;
        }
        if let Err((code, detail)) = add(&mut includes, options, path) {
            refused.push(Refused::item(place, code, detail));
        }
    }
    if refused.is_empty() { Ok(includes) } else { Err(refused) }
}

fn add(includes: &mut Vec<Include>, options: &ListOptions, path: &str) -> Result<(), (&'static str, String)> {
    let resource = options.resource;
    let depth = path.split('.').count();
    if depth > resource.include_depth {
        let (path, most) = (shown(path), resource.include_depth);
        return Err(("too_deep", format!("{path:?} goes {depth} relations deep; {most} at most")));
    }
    let (mut level, mut model) = (includes, (resource.model)());
    for name in path.split('.') {
        let Some((index, relation)) = includable(model).find(|(_, relation)| relation.api_name == name) else {
            return Err(("unknown_relation", unknown(model, name, path)));
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

/// Says that a path leads nowhere.
pub(super) fn unknown(model: &'static ModelMeta, name: &str, path: &str) -> String {
    let mut wrong = format!("unknown relation {:?}", shown(name));
    if name != path {
        wrong.push_str(&format!(" in {:?}", shown(path)));
    }
    sentence(&wrong, Some(name), "includable", includable(model).map(|(_, relation)| relation.api_name))
}
