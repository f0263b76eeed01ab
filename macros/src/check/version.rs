//! Rules of the column that counts the changes of a row.

use quote::ToTokens;

use crate::diagnostics::Diagnostics;
use crate::model::{Column, Kind, Model};
use crate::naming::plain;

/// Clients tell by the version whether a row is still the one that they have read.
pub(super) fn version(model: &Model, diagnostics: &mut Diagnostics) {
    let mut first: Option<&Column> = None;
    for column in &model.columns {
        let Some(word) = &column.attr.version else { continue };
        if column.kind != Kind::Integer || is_small(column) {
            diagnostics.error(&column.ty, "a version counts changes; write `i32` or `i64`");
        } else if column.nullable {
            diagnostics.error(&column.ty, "every row has a version; write the type without `Option`");
        }
        if let Some(first) = first {
            let text = format!("`{}` is the version already; a model has one", plain(&first.field));
            diagnostics.error(word, text);
        }
        first.get_or_insert(column);
        contradictions(column, diagnostics);
    }
}

fn contradictions(column: &Column, diagnostics: &mut Diagnostics) {
    let attr = &column.attr;
    let others = [
        (attr.key.as_ref(), "a key never changes, and a version always does"),
        (attr.unique.as_ref(), "rows that have changed equally often have the same version"),
        (attr.created_at.as_ref(), "the framework counts in this column"),
        (attr.updated_at.as_ref(), "the framework counts in this column"),
        (attr.hidden.as_ref(), "clients send the version back, so they must see it"),
    ];
    for (word, reason) in others.into_iter().filter_map(|(word, reason)| Some((word?, reason))) {
        diagnostics.error(word, format!("{reason}; remove `{word}`"));
    }
    let range = attr.range.as_ref().map(|range| range.name.to_token_stream());
    let default = attr.default.as_ref().map(ToTokens::to_token_stream);
    for tokens in [range, default].into_iter().flatten() {
        diagnostics.error(tokens, "a version is 1 at first and grows with each change; remove this");
    }
}

/// An `i16` would be used up by a busy row.
fn is_small(column: &Column) -> bool {
    column.inner.to_token_stream().to_string() == "i16"
}
