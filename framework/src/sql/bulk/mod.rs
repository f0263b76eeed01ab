//! Changing many rows with one statement. What differs from row to row comes as a list of VALUES, called `new`, whose columns
//! both databases name `column1`, `column2` and so on.

use sea_query::{
    CaseStatement, Expr, ExprTrait, IntoIden, LockType, Order, Query, SelectStatement, TableRef, Value as Bound,
    ValueTuple,
};

use super::filter::condition;
use super::table::Table;
use super::{Dialect, Statement, Verb, bind, lock, version};
use crate::model::{ColumnMeta, Generated, ModelMeta, Value};
use crate::query::{Deleted, Filter};

/// Values of one statement at most: SQLite takes 32,766, PostgreSQL 65,535.
pub const MAX_VALUES: usize = 30_000;

/// A row that is changed or deleted.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The primary key.
    pub key: &'a [Value],
    /// The version that it must have.
    pub version: Option<i64>,
}

/// A row that is changed, and how.
#[derive(Debug, Clone)]
pub struct Changed<'a> {
    /// Which row.
    pub target: Target<'a>,
    /// Column index and value; rows of one statement may set different columns.
    pub columns: Vec<(usize, Value)>,
    /// Whether its version counts this as a change.
    pub counts: bool,
}

/// Inserts rows that set the same columns, given by index; `rows` has a value for each of them. Keys that the database makes
/// grow from row to row.
#[must_use]
pub fn insert(model: &'static ModelMeta, columns: &[usize], rows: Vec<Vec<Value>>, dialect: Dialect) -> Statement {
    let table = Table::new(model, dialect);
    let mut statement = table.insert();
    statement.returning(table.returning());
    let set: Vec<&ColumnMeta> = columns.iter().map(|index| &model.columns[*index]).collect();
    statement.columns(set.iter().map(|column| column.name));
    if columns.is_empty() {
        all_defaults(&mut statement, model, rows.len(), dialect);
    } else if dialect == Dialect::Postgres && is_counted(model) {
        statement.select_from(ordered(&set, &rows)).expect("a value for each column");
    } else {
        for row in rows {
            let value = |(column, value): (&&ColumnMeta, &Value)| bind::expr(column, value, dialect);
            statement.values(set.iter().zip(&row).map(value)).expect("a value for each column");
        }
    }
    Statement::build(Verb::Insert, model, &statement, dialect)
}

/// The rows in their order, for PostgreSQL: keys are drawn behind the sort; of plain VALUES nothing says in which order they
/// are. A value that is the database's own default is said by a flag, since no SELECT has the word.
fn ordered(set: &[&ColumnMeta], rows: &[Vec<Value>]) -> SelectStatement {
    let is_default = |place: &usize| rows.iter().any(|row| row.get(*place) == Some(&Value::DatabaseDefault));
    let flagged: Vec<usize> = (0..set.len()).filter(is_default).collect();
    let tuple = |(row, number): (&Vec<Value>, i32)| {
        let values = set.iter().zip(row).map(|(column, value)| bind::value(column, value, Dialect::Postgres));
        let flags = flagged.iter().map(|place| Bound::Bool(Some(row.get(*place) == Some(&Value::DatabaseDefault))));
        ValueTuple::Many(values.chain(flags).chain([Bound::Int(Some(number))]).collect())
    };
    let column = |(place, column): (usize, &&ColumnMeta)| {
        let value = new_column(place + 1);
        let flag = flagged.iter().position(|flagged| *flagged == place);
        match (flag, column.database_default) {
            (Some(flag), Some(default)) => {
                Expr::case(new_column(set.len() + flag + 1).eq(true), Expr::cust(format!("({})", default.postgres)))
                    .finally(value)
                    .into()
            }
            _ => value,
        }
    };
    Query::select()
        .exprs(set.iter().enumerate().map(column))
        .from_values(rows.iter().zip(0_i32..).map(tuple), "new")
        .order_by_expr(new_column(set.len() + flagged.len() + 1), Order::Asc)
        .to_owned()
}

/// Rows that set nothing. SQLite says that for one row only, but makes the key of a row whose key is NULL.
fn all_defaults(statement: &mut sea_query::InsertStatement, model: &ModelMeta, rows: usize, dialect: Dialect) {
    if dialect == Dialect::Postgres {
        statement.or_default_values_many(u32::try_from(rows).unwrap_or(u32::MAX));
        return;
    }
    statement.columns(model.key_columns().map(|column| column.name));
    for _ in 0..rows {
        let key = model.key_columns().map(|column| bind::expr(column, &Value::Null, dialect));
        statement.values(key).expect("a value for each column");
    }
}

/// Whether the database makes the key of a new row.
#[must_use]
pub fn is_counted(model: &ModelMeta) -> bool {
    model.key_columns().any(|column| column.generated == Some(Generated::Database))
}

/// Changes rows for which `filter` holds, and which have the version that they must have. At least one row sets a column or
/// counts.
#[must_use]
pub fn update(model: &'static ModelMeta, rows: &[Changed<'_>], filter: &Filter, dialect: Dialect) -> Statement {
    let table = Table::new(model, dialect);
    let mut new = New::default();
    let mut statement = table.update();
    for (place, column) in model.key_columns().enumerate() {
        let values = rows.iter().map(|row| bind::value(column, &row.target.key[place], dialect));
        let key = new.column(values.collect());
        statement.and_where(table.qualified(column).eq(key));
    }
    for index in set_columns(rows) {
        let column = &model.columns[index];
        let values: Vec<Option<&Value>> = rows.iter().map(|row| set_by(row, index)).collect();
        let bound = values.iter().map(|value| bind::value(column, value.unwrap_or(&Value::Null), dialect)).collect();
        let value = new.column(bound);
        let value = only_where(&mut new, values.iter().map(Option::is_some), value, table.qualified(column));
        statement.value(column.name, value);
    }
    if let Some((column, next)) = version::next(&table) {
        let next = only_where(&mut new, rows.iter().map(|row| row.counts), next, table.qualified(column));
        statement.value(column.name, next);
        let expected: Vec<Option<i64>> = rows.iter().map(|row| row.target.version).collect();
        statement.and_where_option(has_version(&mut new, &table, column, &expected, dialect));
    }
    statement.and_where_option(lock::held(
        &table,
        rows.iter().map(|row| row.target.key),
        LockType::NoKeyUpdate,
        dialect,
    ));
    statement.and_where_option(condition(filter, &table, dialect));
    // The columns of VALUES may have the names of columns of the table.
    let columns = model.columns.iter().map(|column| table.qualified(column));
    statement.from(new.table()).returning(Query::returning().exprs(columns));
    Statement::build(Verb::Update, model, &statement, dialect)
}

/// The columns that at least one of the rows sets, in their order.
#[must_use]
pub fn set_columns(rows: &[Changed<'_>]) -> Vec<usize> {
    let mut columns: Vec<usize> = rows.iter().flat_map(|row| row.columns.iter().map(|(index, _)| *index)).collect();
    columns.sort_unstable();
    columns.dedup();
    columns
}

fn set_by<'a>(row: &'a Changed<'_>, index: usize) -> Option<&'a Value> {
    row.columns.iter().find(|(at, _)| *at == index).map(|(_, value)| value)
}

/// `value` for the rows that `flags` mark, `otherwise` for the others.
fn only_where(new: &mut New, flags: impl Iterator<Item = bool> + Clone, value: Expr, otherwise: Expr) -> Expr {
    if flags.clone().all(|flag| flag) {
        return value;
    }
    let flag = new.column(flags.map(|flag| Bound::Bool(Some(flag))).collect());
    CaseStatement::new().case(flag, value).finally(otherwise).into()
}

/// The condition that rows have the version that they must have; a NULL stands for any.
fn has_version(
    new: &mut New,
    table: &Table,
    column: &ColumnMeta,
    expected: &[Option<i64>],
    dialect: Dialect,
) -> Option<Expr> {
    if expected.iter().all(Option::is_none) {
        return None;
    }
    let value = |version: &Option<i64>| version.map_or(Value::Null, |version| version::value(column, version));
    let bound = expected.iter().map(|version| bind::value(column, &value(version), dialect));
    let expected_version = new.column(bound.collect());
    let same = table.qualified(column).eq(expected_version.clone());
    Some(if expected.contains(&None) { expected_version.is_null().or(same) } else { same })
}

/// Deletes rows for which `filter` holds, and which have the version that they must have.
#[must_use]
pub fn delete(model: &'static ModelMeta, rows: &[Target<'_>], filter: &Filter, dialect: Dialect) -> Statement {
    let table = Table::new(model, dialect);
    let mut statement = table.delete();
    statement.and_where(is_one_of(&table, rows, dialect)).returning(table.returning());
    statement.and_where_option(lock::held(&table, rows.iter().map(|row| row.key), LockType::Update, dialect));
    statement.and_where_option(condition(filter, &table, dialect));
    Statement::build(Verb::Delete, model, &statement, dialect)
}

/// The rows whose `columns` have one of the lists of values, at least one, if they are shown and `filter` holds for them.
/// `lock` holds them against other writers until the transaction ends, where the database has such a lock.
#[must_use]
pub fn select(
    model: &'static ModelMeta,
    columns: &[usize],
    values: &[&[Value]],
    filter: &Filter,
    deleted: Deleted,
    lock: bool,
    dialect: Dialect,
) -> Statement {
    let table = Table::new(model, dialect).showing(deleted);
    let looked_at: Vec<&'static ColumnMeta> = columns.iter().map(|index| &model.columns[*index]).collect();
    let mut rows = table.read();
    rows.exprs(table.columns()).and_where(has_values(&table, &looked_at, values.iter().copied(), dialect));
    rows.and_where_option(condition(filter, &table, dialect));
    if lock && dialect == Dialect::Postgres {
        lock::in_order(&mut rows, &table, LockType::Update);
    }
    Statement::build(Verb::Select, model, &rows, dialect)
}

/// The rows whose `columns` have one of the lists of values, which are not empty: first those columns, then the primary key.
/// Deleted rows have a primary key still, and no other unique value.
#[must_use]
pub fn with_values(model: &'static ModelMeta, columns: &[usize], values: &[&[Value]], dialect: Dialect) -> Statement {
    let deleted = if columns == model.key { Deleted::Include } else { Deleted::Exclude };
    let table = Table::new(model, dialect).showing(deleted);
    let looked_at: Vec<&'static ColumnMeta> = columns.iter().map(|index| &model.columns[*index]).collect();
    let mut rows = table.read();
    rows.exprs(looked_at.iter().map(|column| table.column(column)).chain(table.key())).and_where(has_values(
        &table,
        &looked_at,
        values.iter().copied(),
        dialect,
    ));
    Statement::build(Verb::Select, model, &rows, dialect)
}

/// The different values of columns that are among `values`; deleted rows have theirs for the database, which asks whether
/// they may be referred to.
#[must_use]
pub fn present(model: &'static ModelMeta, columns: &[usize], values: &[&[Value]], dialect: Dialect) -> Statement {
    let table = Table::new(model, dialect).showing(Deleted::Include);
    let columns: Vec<&'static ColumnMeta> = columns.iter().map(|index| &model.columns[*index]).collect();
    let mut rows = table.read();
    rows.distinct().exprs(columns.iter().map(|column| table.column(column)));
    rows.and_where(has_values(&table, &columns, values.iter().copied(), dialect));
    Statement::build(Verb::Select, model, &rows, dialect)
}

/// The condition that a row is one of the targets.
pub(super) fn is_one_of(table: &Table, rows: &[Target<'_>], dialect: Dialect) -> Expr {
    let key: Vec<&'static ColumnMeta> = table.model.key_columns().collect();
    let any: Vec<&[Value]> = rows.iter().filter(|row| row.version.is_none()).map(|row| row.key).collect();
    let versioned = table.model.version().map(|index| &table.model.columns[index]).and_then(|column| {
        let values: Vec<Vec<Value>> = rows
            .iter()
            .filter_map(|row| {
                let version = version::value(column, row.version?);
                Some(row.key.iter().cloned().chain([version]).collect())
            })
            .collect();
        let columns: Vec<_> = key.iter().copied().chain([column]).collect();
        (!values.is_empty()).then(|| has_values(table, &columns, values.iter().map(Vec::as_slice), dialect))
    });
    let any = (!any.is_empty()).then(|| has_values(table, &key, any.iter().copied(), dialect));
    any.into_iter().chain(versioned).reduce(ExprTrait::or).unwrap_or(Expr::Constant(false.into()))
}

/// The condition that columns have one of the lists of values.
pub(super) fn has_values<'a>(
    table: &Table,
    columns: &[&'static ColumnMeta],
    values: impl Iterator<Item = &'a [Value]>,
    dialect: Dialect,
) -> Expr {
    if let [column] = columns {
        let values: Vec<Value> = values.flatten().cloned().collect();
        return bind::is_in(bind::compared(column, table.column(column), dialect), column, &values, dialect);
    }
    let tuples = values.map(|values| {
        ValueTuple::Many(columns.iter().zip(values).map(|(column, of)| bind::value(column, of, dialect)).collect())
    });
    let mut list = Query::select();
    list.exprs((1..=columns.len()).map(new_column)).from_values(tuples, "new");
    Expr::tuple(columns.iter().map(|column| table.column(column))).in_subquery(list)
}

/// The list of VALUES, made column by column.
#[derive(Default)]
struct New {
    columns: Vec<Vec<Bound>>,
}

impl New {
    fn column(&mut self, values: Vec<Bound>) -> Expr {
        self.columns.push(values);
        new_column(self.columns.len())
    }

    fn table(self) -> TableRef {
        let rows = self.columns.first().map_or(0, Vec::len);
        let mut columns: Vec<_> = self.columns.into_iter().map(Vec::into_iter).collect();
        let tuples = (0..rows).map(|_| ValueTuple::Many(columns.iter_mut().filter_map(Iterator::next).collect()));
        TableRef::ValuesList(tuples.collect(), "new".into_iden())
    }
}

fn new_column(place: usize) -> Expr {
    Expr::col(("new", format!("column{place}")))
}

#[cfg(test)]
mod tests;
