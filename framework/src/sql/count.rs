//! Counting rows.

use super::{Dialect, Statement};
use crate::query::ListQuery;

/// The number of rows, as an `i64` in one row.
#[must_use]
pub fn exact(query: &ListQuery, dialect: Dialect) -> Statement {
    todo!()
}

/// The planner's plan for the rows, as JSON text in one row, whose estimate is at `$[0].Plan.Plan Rows`; `None` where the
/// database has no estimate.
#[must_use]
pub fn estimated(query: &ListQuery, dialect: Dialect) -> Option<Statement> {
    todo!()
}
