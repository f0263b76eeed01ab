//! Rules of the types of columns and of the key.

use crate::diagnostics::Diagnostics;
use crate::model::{Kind, LONGEST_KEY, Model};

/// The set of column types is closed, so that every database keeps every value.
pub(super) fn column_types(model: &Model, diagnostics: &mut Diagnostics) {
    for column in &model.columns {
        if let Kind::Unsupported(instead) = column.kind {
            diagnostics.error(&column.inner, format!("this type cannot be a column; write {instead}"));
        }
    }
}

/// Without a key no row has an address, and no order is total.
pub(super) fn primary_key(model: &Model, diagnostics: &mut Diagnostics) {
    let key = model.key();
    if key.is_empty() && model.named_fields {
        let text = "a model needs a primary key: call a field `id`, or mark one with `#[field(key)]`";
        diagnostics.error(&model.ident, text);
    }
    if let Some(fifth) = key.get(LONGEST_KEY) {
        diagnostics.error(&model.columns[*fifth].field, "a composite key has four columns at most");
    }
    for column in key.iter().map(|index| &model.columns[*index]) {
        if column.nullable {
            diagnostics.error(&column.ty, "a key is never NULL; write the type without `Option`");
        } else if !column.kind.can_be_key() {
            let text = format!("{} cannot be a key; keys are integers, String, Uuid and NaiveDate", column.kind.name());
            diagnostics.error(&column.ty, text);
        }
    }
}
