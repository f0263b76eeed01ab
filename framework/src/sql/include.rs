//! Reading the related rows of many parents in one statement.
//!
//! Every statement selects all columns of the target in their order and behind them, at index `columns.len()`, the value
//! that a parent is found by: its [`Link::local`](crate::model::Link::local).

use super::{Dialect, Statement};
use crate::model::Value;
use crate::query::Include;

/// The related rows of all parents, ordered by parent and then by the target's primary key, `limit` rows at most.
#[must_use]
pub fn related(include: &Include, parents: &[Value], limit: u64, dialect: Dialect) -> Statement {
    todo!()
}

/// As [`related`], but no more than `per_parent` rows of each parent (a window function): what is asked when the plain
/// statement ran into its limit.
#[must_use]
pub fn related_per_parent(
    include: &Include,
    parents: &[Value],
    per_parent: u64,
    limit: u64,
    dialect: Dialect,
) -> Statement {
    todo!()
}
