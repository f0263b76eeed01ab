//! Comparing several columns with many rows of values, for keys of several columns.
//!
//! A list of rows is bound as a whole, so that one statement serves every length: PostgreSQL takes an array for each column,
//! SQLite one JSON text.

use sea_query::{Expr, ExprTrait, Func, Query, SelectStatement};

use super::table::Table;
use super::{Dialect, bind};
use crate::model::{ColumnMeta, ColumnType, Value};

/// The columns at `indexes`, of which none is NULL, are those of none of the rows.
pub(super) fn are_not_in(table: &Table, indexes: &[usize], rows: &[Vec<Value>], dialect: Dialect) -> Expr {
    if let [index] = indexes {
        let column = &table.model.columns[*index];
        return bind::is_not_in(table.column(column), column, &single(rows), dialect);
    }
    match unpacked(table, indexes, rows, &[], dialect) {
        Some(rows) => Expr::tuple(table.at(indexes)).not_in_subquery(rows),
        None => Expr::Constant(true.into()),
    }
}

/// The columns at `indexes` are those of one of the rows.
pub(super) fn are_in(table: &Table, indexes: &[usize], rows: &[Vec<Value>], dialect: Dialect) -> Expr {
    if let [index] = indexes {
        let column = &table.model.columns[*index];
        return bind::is_in(table.column(column), column, &single(rows), dialect);
    }
    match unpacked(table, indexes, rows, &[], dialect) {
        Some(rows) => Expr::tuple(table.at(indexes)).in_subquery(rows),
        None => Expr::Constant(false.into()),
    }
}

fn single(rows: &[Vec<Value>]) -> Vec<Value> {
    rows.iter().filter_map(|row| row.first().cloned()).collect()
}

/// The rows without NULL as a subquery, whose columns have `names` as far as there are any; `None` where there is no such
/// row. `indexes` are the columns of `table` that the values belong to.
pub(super) fn unpacked(
    table: &Table,
    indexes: &[usize],
    rows: &[Vec<Value>],
    names: &[&'static str],
    dialect: Dialect,
) -> Option<SelectStatement> {
    let whole = |row: &&Vec<Value>| row.len() == indexes.len() && !row.contains(&Value::Null);
    let rows: Vec<&Vec<Value>> = rows.iter().filter(whole).collect();
    if rows.is_empty() {
        return None;
    }
    let mut unpacked = Query::select();
    for (place, index) in indexes.iter().enumerate() {
        let column = &table.model.columns[*index];
        let value = match dialect {
            Dialect::Postgres => unnested(column, rows.iter().map(|row| &row[place])),
            Dialect::Sqlite => extracted(column, place),
        };
        match names.get(place) {
            Some(name) => unpacked.expr_as(value, *name),
            None => unpacked.expr(value),
        };
    }
    if dialect == Dialect::Sqlite {
        let rows: Vec<serde_json::Value> = rows.iter().map(|row| row.iter().map(json).collect()).collect();
        unpacked.from_function(Func::cust("json_each").arg(serde_json::Value::Array(rows).to_string()), "rows");
    }
    Some(unpacked)
}

/// Several of these in one SELECT go on in step.
fn unnested<'a>(column: &ColumnMeta, values: impl Iterator<Item = &'a Value>) -> Expr {
    let values: Vec<_> = values.map(|value| bind::value(column, value, Dialect::Postgres)).collect();
    let array = bind::array(&values, Dialect::Postgres).expect("the values of a column that is joined are of one type");
    Func::cust("unnest").arg(array).into()
}

fn extracted(column: &ColumnMeta, place: usize) -> Expr {
    let path = Expr::Constant(format!("$[{place}]").into());
    let member = Func::cust("json_extract").arg(Expr::col("value")).arg(path);
    match column.ty {
        ColumnType::Bytes | ColumnType::Uuid => Func::cust("unhex").arg(member).into(),
        _ => member.into(),
    }
}

/// The value as SQLite has it; bytes as hexadecimal digits, since JSON has none.
fn json(value: &Value) -> serde_json::Value {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into();
    match value {
        Value::Bool(value) => u8::from(*value).into(),
        Value::Bytes(bytes) => hex(bytes),
        Value::Uuid(uuid) => hex(uuid.as_bytes()),
        value @ (Value::I16(_) | Value::I32(_) | Value::I64(_) | Value::F64(_) | Value::Null) => value.to_json(),
        value => value.to_text().into(),
    }
}

#[cfg(test)]
mod tests {
    use sea_query::Value as Bound;
    use uuid::Uuid;

    use super::*;
    use crate::fixtures::BOOK_TAGS;
    use crate::sql::statement::assert_sql;
    use crate::sql::{Statement, Verb};

    fn statement(indexes: &[usize], rows: &[Vec<Value>], dialect: Dialect) -> Statement {
        let table = Table::new(&BOOK_TAGS, dialect);
        let select = Query::select().expr(are_not_in(&table, indexes, rows, dialect)).to_owned();
        Statement::build(Verb::Select, &BOOK_TAGS, &select, dialect)
    }

    fn rows() -> Vec<Vec<Value>> {
        let text = |text: &str| Value::Text(text.to_owned());
        vec![vec![Value::I64(7), text("a")], vec![Value::I64(8), text("it's")], vec![Value::Null, text("c")]]
    }

    #[test]
    fn rows_are_bound_as_a_whole() {
        assert_sql(
            |dialect| statement(&[0, 1], &rows(), dialect),
            r#"SELECT ("book_id", "tag_name") NOT IN (SELECT json_extract("value", '$[0]'), json_extract("value", '$[1]') FROM json_each(?) AS "rows")"#,
            r#"SELECT ("book_id", "tag_name") NOT IN (SELECT unnest($1), unnest($2))"#,
        );
        let values = statement(&[0, 1], &rows(), Dialect::Sqlite).values.0;
        assert_eq!(values, [Bound::from(r#"[[7,"a"],[8,"it's"]]"#)]);
    }

    #[test]
    fn one_column_is_compared_as_ever() {
        assert_sql(
            |dialect| statement(&[0], &[vec![Value::I64(7)], vec![Value::I64(8)]], dialect),
            r#"SELECT "book_id" NOT IN (?, ?)"#,
            r#"SELECT "book_id" <> ALL($1)"#,
        );
    }

    #[test]
    fn an_empty_list_excludes_no_row() {
        let none = [vec![Value::Null, Value::I64(1)]];
        assert_sql(|dialect| statement(&[0, 1], &none, dialect), "SELECT TRUE", "SELECT TRUE");
    }

    #[test]
    fn sqlite_reads_bytes_from_digits() {
        assert_eq!(json(&Value::Uuid(Uuid::nil())), "0".repeat(32));
        assert_eq!(json(&Value::Bytes(vec![0, 255])), "00ff");
        assert_eq!(json(&Value::Bool(true)), 1);
    }
}
