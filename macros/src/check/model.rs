//! Rules of the struct as a whole.

use crate::diagnostics::Diagnostics;
use crate::model::Model;

/// Hooks surround writes, and a view has none.
pub(super) fn hooks(model: &Model, diagnostics: &mut Diagnostics) {
    if let (Some(hooks), Some(_)) = (&model.attr.hooks, &model.attr.view) {
        diagnostics.error(hooks, "a view is never written, so its hooks would never run; remove `hooks`");
    }
}
