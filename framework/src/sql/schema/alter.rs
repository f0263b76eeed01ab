//! What mends a table that does not fit its struct. These statements are shown to people, never executed on their own.

use super::{
    DECIMAL_COLLATION, belongs_to, column_type, definition, expression, foreign_key, references, table_name, unique,
};
use crate::model::{ColumnMeta, ColumnType, Generated, ModelMeta, RelationMeta, Value};
use crate::sql::quote::{self, quoted};
use crate::sql::{Dialect, table};

/// The ALTER TABLE that adds a column. One that takes no NULL gets a default for the rows that are there: the field's, or
/// the empty value of its type. No such value refers to a row, so that PostgreSQL, which would check it, adds a foreign key
/// that takes no NULL to an empty table only.
#[must_use]
pub fn missing_column(model: &'static ModelMeta, column: &'static ColumnMeta, dialect: Dialect) -> String {
    let table = table_name(model, dialect);
    if matches!(column.generated, Some(Generated::Expression(_))) {
        return expression::missing(model, column, dialect);
    }
    let mut sql = format!("ALTER TABLE {table} ADD COLUMN {}", definition(model, column, dialect));
    let default = column.default.and_then(|default| literal(&default()));
    let index = model.columns.iter().position(|known| known.name == column.name);
    let refers = |relation: &&RelationMeta| index.is_some_and(|index| relation.link.local().contains(&index));
    let (single, several): (Vec<_>, Vec<_>) =
        belongs_to(model).filter(refers).partition(|relation| relation.link.local().len() == 1);
    let takes_default = match dialect {
        Dialect::Sqlite => !column.nullable,
        Dialect::Postgres => {
            !column.nullable && single.is_empty() && several.is_empty() && column.generated != Some(Generated::Database)
        }
    };
    let empty = || takes_default.then(|| empty_value(column.ty, dialect)).flatten();
    let default = default.or_else(empty).filter(|_| column.database_default.is_none());
    if let Some(default) = default {
        sql.push_str(" DEFAULT ");
        sql.push_str(&default);
    }
    // SQLite adds a foreign key only with NULL as the default.
    if let Some(relation) = single.first().filter(|_| dialect == Dialect::Postgres || column.nullable) {
        sql.push(' ');
        sql.push_str(&references(relation, dialect));
    }
    // A key of several columns is added with the last of them. SQLite adds none to a table that is there.
    for relation in several.iter().filter(|_| dialect == Dialect::Postgres) {
        if relation.link.local().iter().max().copied() == index {
            let key = foreign_key(model, &table::parts(model, dialect).1, relation, dialect);
            sql.push_str(&format!("; ALTER TABLE {table} ADD {key}"));
        }
    }
    let unique = column.unique.then(|| unique::index(model, &[column.name], dialect));
    let marks = column.generated == Some(Generated::DeletedAt);
    let replaced = if marks { unique::replaced(model, dialect) } else { Vec::new() };
    for statement in unique.into_iter().chain(replaced) {
        sql.push_str("; ");
        sql.push_str(&statement);
    }
    sql.push_str(expression::hazard(column, dialect));
    sql
}

/// The ALTER TABLE that gives a column the type of its field; for SQLite, which cannot, what to do instead.
#[must_use]
pub fn alter_type(model: &'static ModelMeta, column: &'static ColumnMeta, dialect: Dialect) -> String {
    let (table, name, ty) = (table_name(model, dialect), quoted(column.name), column_type(column, dialect));
    match dialect {
        Dialect::Postgres => format!("ALTER TABLE {table} ALTER COLUMN {name} TYPE {ty} USING {name}::{ty}"),
        Dialect::Sqlite => {
            let collation =
                if column.ty == ColumnType::Decimal { format!(" COLLATE {DECIMAL_COLLATION}") } else { String::new() };
            rebuild(&table, &format!("{name} of type {ty}{collation}"))
        }
    }
}

/// The ALTER TABLE that lets a column take NULL, or not, as its field does; for SQLite, which cannot, what to do instead.
#[must_use]
pub fn alter_nullability(model: &'static ModelMeta, column: &'static ColumnMeta, dialect: Dialect) -> String {
    let (table, name) = (table_name(model, dialect), quoted(column.name));
    match (dialect, column.nullable) {
        (Dialect::Postgres, true) => format!("ALTER TABLE {table} ALTER COLUMN {name} DROP NOT NULL"),
        (Dialect::Postgres, false) => format!("ALTER TABLE {table} ALTER COLUMN {name} SET NOT NULL"),
        (Dialect::Sqlite, true) => rebuild(&table, &format!("{name} without NOT NULL")),
        (Dialect::Sqlite, false) => rebuild(&table, &format!("{name} NOT NULL")),
    }
}

pub(super) fn rebuild(table: &str, column: &str) -> String {
    format!(
        "-- SQLite cannot alter a column: create a new table with {column}, copy the rows, drop {table}, rename the new \
         table (https://sqlite.org/lang_altertable.html#otheralter)"
    )
}

/// A value as SQL writes it; none for those that no struct has as a default in practice.
fn literal(value: &Value) -> Option<String> {
    match value {
        Value::Bool(value) => Some(if *value { "TRUE" } else { "FALSE" }.to_owned()),
        Value::I16(value) => Some(value.to_string()),
        Value::I32(value) => Some(value.to_string()),
        Value::I64(value) => Some(value.to_string()),
        Value::F64(value) => Some(value.to_string()),
        Value::Text(value) => Some(quote::literal(value)),
        Value::Uuid(_) | Value::Bytes(_) | Value::Null | Value::DatabaseDefault => None,
        Value::Timestamp(value) => Some(quote::literal(&crate::model::value::format_timestamp(*value))),
        Value::Date(value) => Some(quote::literal(&value.to_string())),
        Value::Decimal(value) => Some(quote::literal(&value.to_string())),
        Value::Json(value) => Some(quote::literal(&value.to_string())),
    }
}

fn empty_value(ty: ColumnType, dialect: Dialect) -> Option<String> {
    let value = match ty {
        ColumnType::Bool => "FALSE",
        ColumnType::I16 | ColumnType::I32 | ColumnType::I64 | ColumnType::F64 => "0",
        ColumnType::Text => "''",
        ColumnType::Decimal => "'0'",
        ColumnType::Bytes if dialect == Dialect::Postgres => "''",
        ColumnType::Bytes => "x''",
        ColumnType::Uuid if dialect == Dialect::Postgres => "'00000000-0000-0000-0000-000000000000'",
        ColumnType::Uuid => "x'00000000000000000000000000000000'",
        ColumnType::Timestamp => "'1970-01-01T00:00:00.000000Z'",
        ColumnType::Date => "'1970-01-01'",
        ColumnType::Json => "'null'",
        ColumnType::Enum(names) => return names.first().map(|name| quote::literal(name)),
    };
    Some(value.to_owned())
}
