//! Rules of the struct as a whole.

use crate::diagnostics::Diagnostics;
use crate::model::Model;

/// Which table is shared has to be said, and a view is made by nobody anyway.
pub(super) fn shared(model: &Model, diagnostics: &mut Diagnostics) {
    let Some(shared) = &model.attr.shared else { return };
    if model.attr.view.is_some() {
        diagnostics.error(shared, "a view is not created by any model; remove `shared`");
    } else if model.attr.table.is_none() {
        diagnostics.error(shared, "name the other model's table, as in `table = \"books\", shared`");
    } else if let Some((full_text, _)) = &model.attr.full_text {
        diagnostics.error(full_text, "the model that creates the table declares its index; remove `full_text`");
    }
}

/// Hooks surround writes, and a view has none.
pub(super) fn hooks(model: &Model, diagnostics: &mut Diagnostics) {
    if let (Some(hooks), Some(_)) = (&model.attr.hooks, &model.attr.view) {
        diagnostics.error(hooks, "a view is never written, so its hooks would never run; remove `hooks`");
    }
}
