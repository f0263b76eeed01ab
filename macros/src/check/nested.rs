//! Rules of `#[relation(nested)]`.

use crate::diagnostics::Diagnostics;
use crate::model::{Model, RelationKind};

/// Only rows that hold the key of this one are made after it, and an answer shows them as an include does.
pub(super) fn nested(model: &Model, diagnostics: &mut Diagnostics) {
    for relation in &model.relations {
        let Some(word) = &relation.attr.nested else { continue };
        if !matches!(relation.kind, RelationKind::HasOne | RelationKind::HasMany) {
            let text = format!("only a HasMany or HasOne is created with the row; this is a {}", relation.kind.name());
            diagnostics.error(word, text);
        } else if model.attr.view.is_some() {
            diagnostics.error(word, "no row of a view is created; remove `nested`");
        } else if relation.attr.include.is_none() {
            diagnostics.error(word, "an answer shows the new rows as an include does; add `include`");
        }
    }
}
