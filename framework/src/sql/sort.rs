//! ORDER BY.

use sea_query::{Expr, NullOrdering, Order, SelectStatement};

use super::table::Table;
use super::{Dialect, bind};
use crate::query::Sort;

/// Orders by the terms and then by the primary key, in the direction of the last term: the order is total, and one index
/// serves it.
pub(super) fn order(statement: &mut SelectStatement, table: &Table, terms: &[Sort], dialect: Dialect) {
    order_beyond(statement, table, terms, &[], dialect);
}

/// As [`order`], without the columns that the statement is ordered by `already`.
pub(super) fn order_beyond(
    statement: &mut SelectStatement,
    table: &Table,
    terms: &[Sort],
    already: &[Expr],
    dialect: Dialect,
) {
    let descending = terms.last().is_some_and(|term| term.descending);
    let sorted = |name| terms.iter().any(|term| term.column.name == name);
    let key = table.model.key_columns().filter(|column| !sorted(column.name));
    let key = key.map(|column| Sort { column, descending });

    for term in terms.iter().copied().chain(key) {
        let order = if term.descending { Order::Desc } else { Order::Asc };
        let column = table.column(term.column);
        if already.contains(&column) {
            continue;
        }
        let column = bind::compared(term.column, column, dialect);
        match nulls(term, dialect) {
            Some(nulls) => statement.order_by_expr_with_nulls(column, order, nulls),
            None => statement.order_by_expr(column, order),
        };
    }
}

/// NULL counts as the largest value. PostgreSQL thinks so itself; SQLite is told, for nullable columns only, since the words
/// may cost it an index.
fn nulls(term: Sort, dialect: Dialect) -> Option<NullOrdering> {
    let told = dialect == Dialect::Sqlite && term.column.nullable;
    told.then_some(if term.descending { NullOrdering::First } else { NullOrdering::Last })
}
