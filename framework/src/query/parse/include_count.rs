//! `include_count=reviews,authors`.

use super::include::includable;
use super::parameters::shown;
use super::{ListOptions, Mistakes};
use crate::error::InputError;
use crate::model::nearest::nearest;
use crate::model::{ModelMeta, RelationMeta};
use crate::query::IncludeCount;

/// The relations whose rows `include_count` may count: those to many that may be included, with their indexes.
pub fn countable(model: &'static ModelMeta) -> impl Iterator<Item = (usize, &'static RelationMeta)> {
    includable(model).filter(|(_, relation)| relation.kind.to_many())
}

/// Relations that are counted at most, each by a statement of its own.
pub const MAX_RELATIONS: usize = 20;

/// Reads the value of `include_count`.
pub(super) fn parse(options: &ListOptions, text: &str) -> Result<Vec<IncludeCount>, Mistakes> {
    let model = (options.resource.model)();
    let mut counts: Vec<IncludeCount> = Vec::new();
    let mut mistakes = Mistakes::new();
    for (place, name) in text.split(',').enumerate() {
        if place == MAX_RELATIONS {
            let detail = format!("{MAX_RELATIONS} relations are counted at most");
            mistakes.push(InputError::parameter("include_count", "too_many", detail));
            break;
        }
        match countable(model).find(|(_, relation)| relation.api_name == name) {
            Some((index, _)) if counts.iter().any(|count| count.index == index) => {}
            Some((index, relation)) => {
                let filter = options.shown_of((relation.target)());
                counts.push(IncludeCount { index, relation, filter });
            }
            None => mistakes.push(unknown(model, name)),
        }
    }
    if mistakes.is_empty() { Ok(counts) } else { Err(mistakes) }
}

fn unknown(model: &'static ModelMeta, name: &str) -> InputError {
    let names: Vec<&str> = countable(model).map(|(_, relation)| relation.api_name).collect();
    let to_one = includable(model).any(|(_, relation)| relation.api_name == name);
    let detail = match nearest(name, names.iter().copied()) {
        _ if to_one => format!("{name:?} has one row at most, so there is nothing to count;"),
        Some(likely) => format!("unknown relation {:?}; did you mean {likely:?}?", shown(name)),
        None => format!("unknown relation {:?};", shown(name)),
    };
    InputError::parameter("include_count", "unknown_relation", format!("{detail} countable: {}", names.join(", ")))
}
