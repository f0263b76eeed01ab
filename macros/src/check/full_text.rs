//! Rules of `#[model(full_text)]`.

use crate::attr::blame;
use crate::diagnostics::Diagnostics;
use crate::model::Model;

/// Names that the indexes have for themselves: two of SQLite's, and the column that PostgreSQL's lies in.
const RESERVED: &[&str] = &["rank", "rowid", "_search"];

/// An index is made on a table, over the fields that `q` looks into, by a configuration that PostgreSQL knows by name.
pub(super) fn index(model: &Model, diagnostics: &mut Diagnostics) {
    let Some((word, configuration)) = &model.attr.full_text else { return };
    if model.attr.view.is_some() {
        diagnostics.error(word, "a view has no full-text index; remove `full_text`, and `q` looks for a literal text");
    }
    if !model.columns.iter().any(|column| column.attr.search.is_some()) {
        diagnostics.error(word, "there is nothing to search; mark a field with `#[field(search)]`");
    }
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    if let Some(name) = configuration
        && (!name.value().starts_with(|first: char| first.is_ascii_lowercase()) || !name.value().chars().all(plain))
    {
        let text = "a text search configuration is a name of PostgreSQL's, as in \"simple\" or \"english\"";
        diagnostics.error(name, text);
    }
}

/// SQLite knows the columns of an index by the names that they have in the table, and PostgreSQL's index is a column there.
pub(super) fn columns(model: &Model, diagnostics: &mut Diagnostics) {
    if model.attr.full_text.is_none() {
        return;
    }
    for column in &model.columns {
        if let Some(name) = RESERVED.iter().find(|name| column.name.eq_ignore_ascii_case(name)) {
            let field = blame(column.attr.column.as_ref(), &column.field);
            diagnostics.error(field, format!("the full-text index has a `{name}` of its own; use `column = \"…\"`"));
        }
    }
}
