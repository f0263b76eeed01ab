//! A single row that is asked for.

use super::list::{Deleted, Include, IncludeCount};
use crate::model::Fields;

/// What is asked for of a single row.
#[derive(Debug, Clone, Default)]
pub struct RowQuery {
    /// Which relations are loaded with it.
    pub include: Vec<Include>,
    /// Of which relations the rows are counted.
    pub include_count: Vec<IncludeCount>,
    /// Which of its fields are shown; `None` for all.
    pub fields: Option<Fields>,
    /// Whether it is shown though it is deleted.
    pub deleted: Deleted,
}
