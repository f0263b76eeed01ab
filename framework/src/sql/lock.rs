//! Rows that PostgreSQL locks in the order of their keys, so that no two statements wait for each other.

use sea_query::{BinOper, Expr, ExprTrait, LockType, Order, SelectStatement};

use super::Dialect;
use super::bulk::has_values;
use super::table::Table;
use crate::model::{ColumnMeta, ColumnType, Value};

/// The condition that a row is one of those with these primary keys, which are locked in their order before any of them is
/// written: an UPDATE or DELETE of several rows takes them as its plan finds them. SQLite has one writer and needs none.
pub(super) fn held<'a>(
    table: &Table,
    keys: impl ExactSizeIterator<Item = &'a [Value]>,
    lock: LockType,
    dialect: Dialect,
) -> Option<Expr> {
    if dialect == Dialect::Sqlite || keys.len() < 2 {
        return None;
    }
    let key: Vec<&'static ColumnMeta> = table.model.key_columns().collect();
    let rows = Table::new(table.model, dialect);
    let mut locked = rows.read();
    locked.exprs(rows.key()).and_where(has_values(&rows, &key, keys, dialect));
    in_order(&mut locked, &rows, lock);
    let mut columns: Vec<Expr> = key.iter().map(|column| table.qualified(column)).collect();
    let one = if columns.len() == 1 { columns.remove(0) } else { Expr::tuple(columns) };
    Some(one.in_subquery(locked))
}

/// Locks the rows of a SELECT in the order of their primary keys, text by its bytes as `crud` orders it too.
pub(super) fn in_order(rows: &mut SelectStatement, table: &Table, lock: LockType) {
    for column in table.model.key_columns() {
        let by = match column.ty {
            ColumnType::Text | ColumnType::Enum(_) => {
                table.column(column).binary(BinOper::Custom("COLLATE"), Expr::custom_keyword("\"C\""))
            }
            _ => table.column(column),
        };
        rows.order_by_expr(by, Order::Asc);
    }
    rows.lock(lock);
}
