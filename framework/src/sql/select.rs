//! Reading rows of one model. Every statement selects all columns of the model in their order.

use sea_query::{LockType, Query, SelectStatement};

use super::filter::{condition, has_key};
use super::sort::order;
use super::table::Table;
use super::{Dialect, Statement, Verb};
use crate::model::{ModelMeta, Value};
use crate::query::{Filter, ListQuery};

/// The rows of a page and one more, which tells whether there is a next page.
#[must_use]
pub fn page(query: &ListQuery, dialect: Dialect) -> Statement {
    let table = Table::new(query.model, dialect);
    let mut rows = rows(&table, &query.filter, dialect);
    order(&mut rows, &table, &query.sort, dialect);
    rows.limit(u64::from(query.page.per_page) + 1);
    if query.page.offset() > 0 {
        rows.offset(query.page.offset());
    }
    Statement::build(Verb::Select, query.model, &rows, dialect)
}

/// The row with this primary key, if `filter` holds for it. `lock` holds it against other writers until the transaction
/// ends, where the database has such a lock.
#[must_use]
pub fn by_key(model: &'static ModelMeta, key: &[Value], filter: &Filter, lock: bool, dialect: Dialect) -> Statement {
    let table = Table::new(model, dialect);
    let mut row = rows(&table, filter, dialect);
    row.and_where(has_key(&table, key, dialect));
    if lock {
        row.lock(LockType::Update);
    }
    Statement::build(Verb::Select, model, &row, dialect)
}

fn rows(table: &Table, filter: &Filter, dialect: Dialect) -> SelectStatement {
    let mut rows = Query::select();
    rows.exprs(table.columns()).from(table.reference());
    rows.and_where_option(condition(filter, table, dialect));
    rows
}
