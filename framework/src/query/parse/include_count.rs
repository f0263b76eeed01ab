//! `include_count=reviews,authors`.

use super::ListOptions;
use super::given::Refused;
use super::include::includable;
use super::parameters::shown;
use crate::model::nearest::sentence;
use crate::model::{ModelMeta, RelationMeta};
use crate::query::IncludeCount;

/// The relations whose rows `include_count` may count: those to many that may be included, with their indexes.
pub fn countable(model: &'static ModelMeta) -> impl Iterator<Item = (usize, &'static RelationMeta)> {
    includable(model).filter(|(_, relation)| relation.kind.to_many())
}

/// Relations that are counted at most, each by a statement of its own.
pub const MAX_RELATIONS: usize = 20;

/// Reads the names of `include_count`.
pub(super) fn parse(options: &ListOptions, names: &[&str]) -> Result<Vec<IncludeCount>, Vec<Refused>> {
    let model = (options.resource.model)();
    let mut counts: Vec<IncludeCount> = Vec::new();
    let mut refused = Vec::new();
    for (place, name) in names.iter().enumerate() {
        if place == MAX_RELATIONS {
            refused.push(Refused::whole("too_many", format!("{MAX_RELATIONS} relations are counted at most")));
            break;
        }
        match countable(model).find(|(_, relation)| relation.api_name == *name) {
            Some((index, _)) if counts.iter().any(|count| count.index == index) => {}
            Some((index, relation)) => {
                let filter = options.shown_of((relation.target)());
                counts.push(IncludeCount { index, relation, filter });
            }
            None => refused.push(Refused::item(place, "unknown_relation", unknown(model, name))),
        }
    }
    if refused.is_empty() { Ok(counts) } else { Err(refused) }
}

fn unknown(model: &'static ModelMeta, name: &str) -> String {
    let to_one = includable(model).any(|(_, relation)| relation.api_name == name);
    let wrong = match to_one {
        true => format!("{name:?} has one row at most, so there is nothing to count"),
        false => format!("unknown relation {:?}", shown(name)),
    };
    let names = countable(model).map(|(_, relation)| relation.api_name);
    sentence(&wrong, (!to_one).then_some(name), "countable", names)
}
