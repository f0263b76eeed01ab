//! Changing rows. Statements answer with all columns of the changed rows in their order (RETURNING).

use sea_query::Query;

use super::filter::{condition, has_key};
use super::table::Table;
use super::{Dialect, Statement, Verb, bind};
use crate::model::{ModelMeta, Value};
use crate::query::Filter;

/// Inserts rows that set the same columns, given by index; `rows` has a value for each of them.
#[must_use]
pub fn insert(model: &'static ModelMeta, columns: &[usize], rows: Vec<Vec<Value>>, dialect: Dialect) -> Statement {
    let table = Table::new(model, dialect);
    let mut statement = Query::insert();
    statement.into_table(table.reference()).returning(table.returning());
    if columns.is_empty() {
        // SQLite has no way to say this for several rows at once; a caller inserts them one by one.
        statement.or_default_values();
    } else {
        statement.columns(columns.iter().map(|index| model.columns[*index].name));
        for row in &rows {
            let value = |(place, index): (usize, &usize)| {
                bind::expr(&model.columns[*index], row.get(place).unwrap_or(&Value::Null), dialect)
            };
            statement.values(columns.iter().enumerate().map(value)).expect("a value for each column");
        }
    }
    Statement::build(Verb::Insert, model, &statement, dialect)
}

/// Changes the row with this primary key, if `filter` holds for it.
#[must_use]
pub fn update(
    model: &'static ModelMeta,
    key: &[Value],
    columns: &[(usize, Value)],
    filter: &Filter,
    dialect: Dialect,
) -> Statement {
    let table = Table::new(model, dialect);
    let mut statement = Query::update();
    statement.table(table.reference());
    for (index, value) in columns {
        let column = &model.columns[*index];
        statement.value(column.name, bind::expr(column, value, dialect));
    }
    if columns.is_empty() {
        // Nothing to set is no reason to answer without the row.
        statement.values(model.key_columns().map(|column| (column.name, table.column(column))));
    }
    statement.and_where(has_key(&table, key, dialect)).returning(table.returning());
    statement.and_where_option(condition(filter, &table, dialect));
    Statement::build(Verb::Update, model, &statement, dialect)
}

/// Deletes the row with this primary key, if `filter` holds for it.
#[must_use]
pub fn delete(model: &'static ModelMeta, key: &[Value], filter: &Filter, dialect: Dialect) -> Statement {
    let table = Table::new(model, dialect);
    let mut statement = Query::delete();
    statement.from_table(table.reference()).and_where(has_key(&table, key, dialect)).returning(table.returning());
    statement.and_where_option(condition(filter, &table, dialect));
    Statement::build(Verb::Delete, model, &statement, dialect)
}

pub use super::link::{link, unlink};
