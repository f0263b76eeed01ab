//! `sort=-rating,title`.

use super::Mistakes;
use super::parameters::shown;
use crate::error::InputError;
use crate::model::nearest::nearest;
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

/// Reads the value of `sort`.
pub(super) fn parse(model: &'static ModelMeta, text: &str) -> Result<Vec<Sort>, Mistakes> {
    let mut terms: Vec<Sort> = Vec::new();
    let mut mistakes = Mistakes::new();
    for (index, term) in text.split(',').enumerate() {
        if index == MAX_SORTS {
            mistakes.push(mistake("too_many", format!("a sort takes {MAX_SORTS} columns at most")));
            break;
        }
        let (name, descending) = term.strip_prefix('-').map_or((term, false), |name| (name, true));
        match sortable(model).find(|column| column.api_name == name) {
            // Rows that are equal in a column stay so however often it is named.
            Some(column) if terms.iter().any(|term| std::ptr::eq(term.column, column)) => {}
            Some(column) => terms.push(Sort { column, descending }),
            None => mistakes.push(unknown(model, name)),
        }
    }
    if mistakes.is_empty() { Ok(terms) } else { Err(mistakes) }
}

fn unknown(model: &'static ModelMeta, name: &str) -> InputError {
    let names: Vec<&str> = sortable(model).map(|column| column.api_name).collect();
    let likely = nearest(name, names.iter().copied()).map(|name| format!("; did you mean {name:?}?"));
    let separator = if likely.is_some() { "" } else { ";" };
    let (name, likely, sortable) = (shown(name), likely.unwrap_or_default(), names.join(", "));
    mistake("unknown_field", format!("unknown sort column {name:?}{likely}{separator} sortable: {sortable}"))
}

fn mistake(code: &'static str, detail: String) -> InputError {
    InputError::parameter("sort", code, detail)
}
