//! `sort=-rating,title`.

use super::given::Refused;
use super::parameters::shown;
use crate::model::nearest::sentence;
use crate::model::{ColumnMeta, ModelMeta};
use crate::query::Sort;

/// Terms of a sort at most.
pub const MAX_SORTS: usize = 50;

/// The columns that `sort` may name: the primary key and those declared so, as far as answers show
/// them.
pub fn sortable(model: &'static ModelMeta) -> impl Iterator<Item = &'static ColumnMeta> {
    let declared = |(index, column): &(usize, &ColumnMeta)| column.sort || model.key.contains(index);
    model.columns.iter().enumerate().filter(declared).map(|(_, column)| column).filter(|column| column.readable())
}

/// Reads the terms of `sort`.
pub(super) fn parse(model: &'static ModelMeta, names: &[&str]) -> Result<Vec<Sort>, Vec<Refused>> {
    let mut terms: Vec<Sort> = Vec::new();
    let mut refused = Vec::new();
    for (place, term) in names.iter().enumerate() {
        if place == MAX_SORTS {
            refused.push(Refused::whole("too_many", format!("a sort takes {MAX_SORTS} columns at most")));
            break;
        }
        let (name, descending) = term.strip_prefix('-').map_or((*term, false), |name| (name, true));
        match sortable(model).find(|column| column.api_name == name) {
            // Rows that are equal in a column stay so however often it is named.
            Some(column) if terms.iter().any(|term| std::ptr::eq(term.column, column)) => {}
            Some(column) => terms.push(Sort { column, descending }),
            None => refused.push(Refused::item(place, "unknown_field", unknown(model, name))),
        }
    }
    if refused.is_empty() { Ok(terms) } else { Err(refused) }
}

fn unknown(model: &'static ModelMeta, name: &str) -> String {
    let wrong = format!("unknown sort column {:?}", shown(name));
    sentence(&wrong, Some(name), "sortable", sortable(model).map(|column| column.api_name))
}
