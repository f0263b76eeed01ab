//! What a look at a table comes to.

use crate::model::ModelMeta;
use crate::sql::token::KnownTable;

/// A model's table, as it was looked at.
pub(super) struct Verdict {
    pub(super) model: &'static ModelMeta,
    /// Its tokens can be relied on.
    pub(super) known: Option<KnownTable>,
    /// The statements that make what is missing, or tie again what was loosened.
    pub(super) mend: Vec<String>,
    /// Why it can have no tokens, or this user cannot make them.
    pub(super) reason: Option<String>,
}

impl Verdict {
    /// A table that can have no tokens.
    pub(super) fn without(model: &'static ModelMeta, reason: impl Into<String>) -> Self {
        Self { model, known: None, mend: Vec::new(), reason: Some(reason.into()) }
    }
}
