//! Rules of `#[field(deleted_at)]`.

use quote::ToTokens;

use crate::diagnostics::Diagnostics;
use crate::model::{Kind, Model};

/// The time of a delete is NULL until then, and nobody else's.
pub(super) fn deleted_at(model: &Model, diagnostics: &mut Diagnostics) {
    let mut marked = false;
    for column in &model.columns {
        let attr = &column.attr;
        let Some(word) = &attr.deleted_at else { continue };
        if marked {
            diagnostics.error(word, "a row is deleted at one time; another field is `deleted_at` already");
        }
        marked = true;
        if model.attr.view.is_some() {
            diagnostics.error(word, "no row of a view is deleted; remove `deleted_at`");
        }
        if !column.nullable || column.kind != Kind::Timestamp {
            let text = "`deleted_at` is NULL until a row is deleted, and a time then; write `Option<DateTime<Utc>>`";
            diagnostics.error(&column.ty, text);
        }
        if let Some(default) = &attr.default {
            diagnostics.error(default, "a new row is not deleted; remove the default");
        }
        let others = [&attr.created_at, &attr.updated_at, &attr.unique, &attr.key];
        for other in others.into_iter().flatten() {
            diagnostics.error(other.to_token_stream(), format!("`{other}` does not go with `deleted_at`; remove one"));
        }
    }
}
