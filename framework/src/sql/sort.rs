//! ORDER BY.

use sea_query::{Expr, NullOrdering, Order, SelectStatement};

use super::table::Table;
use super::{Dialect, bind};
use crate::query::Sort;

/// A term of an order, as far as the rows of one statement have it.
#[derive(Clone, Copy)]
pub(super) struct Term {
    pub(super) sort: Sort,
    /// Whether some rows may have a NULL there and others none.
    pub(super) nullable: bool,
}

/// The terms of a whole [`ListQuery::order`](crate::query::ListQuery::order), or of one turned round.
pub(super) fn terms(order: &[Sort]) -> Vec<Term> {
    order.iter().map(|sort| Term { sort: *sort, nullable: sort.column.nullable }).collect()
}

/// Orders by the terms.
pub(super) fn order(statement: &mut SelectStatement, table: &Table, terms: &[Term], dialect: Dialect) {
    order_beyond(statement, table, terms, &[], dialect);
}

/// As [`order`], without the columns that the statement is ordered by `already`.
pub(super) fn order_beyond(
    statement: &mut SelectStatement,
    table: &Table,
    terms: &[Term],
    already: &[Expr],
    dialect: Dialect,
) {
    for term in terms {
        let order = if term.sort.descending { Order::Desc } else { Order::Asc };
        let column = table.column(term.sort.column);
        if already.contains(&column) {
            continue;
        }
        let column = bind::compared(term.sort.column, column, dialect);
        match nulls(*term, dialect) {
            Some(nulls) => statement.order_by_expr_with_nulls(column, order, nulls),
            None => statement.order_by_expr(column, order),
        };
    }
}

/// NULL counts as the largest value. PostgreSQL thinks so itself; SQLite is told, for nullable columns only, since the words
/// may cost it an index.
fn nulls(term: Term, dialect: Dialect) -> Option<NullOrdering> {
    let told = dialect == Dialect::Sqlite && term.nullable;
    told.then_some(if term.sort.descending { NullOrdering::First } else { NullOrdering::Last })
}
