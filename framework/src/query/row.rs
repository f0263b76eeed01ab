//! A single row that is asked for.

use super::list::Include;
use crate::model::Fields;

/// What is asked for of a single row.
#[derive(Debug, Clone, Default)]
pub struct RowQuery {
    /// Which relations are loaded with it.
    pub include: Vec<Include>,
    /// Which of its fields are shown; `None` for all.
    pub fields: Option<Fields>,
}
