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
    /// Whether somebody has asked for its tokens and nobody has removed them.
    pub(super) is_asked_for: bool,
    /// Whether what keeps it from having tokens may pass without anybody telling the app.
    pub(super) may_pass: bool,
}

impl Verdict {
    /// A table that can have no tokens.
    pub(super) fn without(model: &'static ModelMeta, reason: impl Into<String>) -> Self {
        Self { model, known: None, mend: Vec::new(), reason: Some(reason.into()), is_asked_for: true, may_pass: false }
    }

    /// A table that has none for now.
    pub(super) fn for_now(model: &'static ModelMeta, reason: impl Into<String>) -> Self {
        Self { may_pass: true, ..Self::without(model, reason) }
    }
}
