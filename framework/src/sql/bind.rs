//! Values as a database takes them.
//!
//! PostgreSQL has a type for each of ours. SQLite takes times as text in one fixed form, so that they compare as times do,
//! dates, decimals and JSON as text, UUIDs as 16 bytes.

use sea_query::{ArrayType, BinOper, Expr, ExprTrait, Func, Value as Bound};

use super::Dialect;
use super::schema::DECIMAL_COLLATION;
use crate::model::value::format_timestamp;
use crate::model::{ColumnMeta, ColumnType, Value};

/// The value as it is bound for `column`, whose type says which NULL a [`Value::Null`] is.
pub(super) fn value(column: &ColumnMeta, value: &Value, dialect: Dialect) -> Bound {
    typed(column.ty, value, dialect)
}

/// As [`value`], of a value that is no longer needed.
pub(super) fn owned(column: &ColumnMeta, value: Value, dialect: Dialect) -> Bound {
    match (value, dialect) {
        (Value::Text(value), _) => text(value),
        (Value::Bytes(value), _) => Bound::Bytes(Some(value)),
        (Value::Json(value), Dialect::Postgres) => Bound::Json(Some(Box::new(value))),
        (value, _) => typed(column.ty, &value, dialect),
    }
}

/// The value as it is bound where there is no column but a type.
pub(super) fn typed(ty: ColumnType, value: &Value, dialect: Dialect) -> Bound {
    match (value, dialect) {
        (Value::Null | Value::DatabaseDefault, _) => null(ty, dialect),
        (Value::Bool(value), _) => Bound::Bool(Some(*value)),
        (Value::I16(value), _) => Bound::SmallInt(Some(*value)),
        (Value::I32(value), _) => Bound::Int(Some(*value)),
        (Value::I64(value), _) => Bound::BigInt(Some(*value)),
        (Value::F64(value), _) => Bound::Double(Some(*value)),
        (Value::Text(value), _) => text(value.clone()),
        (Value::Bytes(value), _) => Bound::Bytes(Some(value.clone())),
        (Value::Uuid(value), _) => Bound::Uuid(Some(*value)),
        (Value::Timestamp(value), Dialect::Postgres) => Bound::ChronoDateTimeUtc(Some(*value)),
        (Value::Timestamp(value), Dialect::Sqlite) => text(format_timestamp(*value)),
        (Value::Date(value), Dialect::Postgres) => Bound::ChronoDate(Some(*value)),
        (Value::Date(value), Dialect::Sqlite) => text(value.to_string()),
        (Value::Decimal(value), Dialect::Postgres) => Bound::Decimal(Some(*value)),
        (Value::Decimal(value), Dialect::Sqlite) => text(value.to_string()),
        (Value::Json(value), Dialect::Postgres) => Bound::Json(Some(Box::new(value.clone()))),
        (Value::Json(value), Dialect::Sqlite) => text(value.to_string()),
    }
}

/// A column as comparisons and orders take it: decimals, which are text on SQLite, compare as numbers there whoever has
/// made the table.
pub(super) fn compared(column: &ColumnMeta, expr: Expr, dialect: Dialect) -> Expr {
    if column.ty == ColumnType::Decimal && dialect == Dialect::Sqlite {
        return expr.binary(BinOper::Custom("COLLATE"), Expr::custom_keyword(DECIMAL_COLLATION));
    }
    expr
}

/// The value as an expression.
pub(super) fn expr(column: &ColumnMeta, of: &Value, dialect: Dialect) -> Expr {
    match (of, column.database_default, dialect) {
        (Value::DatabaseDefault, Some(_), Dialect::Postgres) => Expr::custom_keyword("DEFAULT"),
        // SQLite has no such word beside values.
        (Value::DatabaseDefault, Some(default), Dialect::Sqlite) => Expr::cust(format!("({})", default.sqlite)),
        _ => Expr::val(value(column, of, dialect)),
    }
}

/// `left` is one of the values. NULLs among them equal nothing and are left out.
pub(super) fn is_in(left: Expr, column: &ColumnMeta, values: &[Value], dialect: Dialect) -> Expr {
    let list: Vec<Bound> = not_null(values).map(|of| value(column, of, dialect)).collect();
    if list.is_empty() {
        return Expr::Constant(false.into());
    }
    match array(&list, dialect) {
        Some(array) => left.eq(Func::cust("ANY").arg(array)),
        None => left.is_in(padded(list)),
    }
}

/// `left` is none of the values; never true where one of them is NULL, as in SQL.
pub(super) fn is_not_in(left: Expr, column: &ColumnMeta, values: &[Value], dialect: Dialect) -> Expr {
    if values.contains(&Value::Null) {
        return Expr::Constant(false.into());
    }
    let list: Vec<Bound> = values.iter().map(|of| value(column, of, dialect)).collect();
    if list.is_empty() {
        return Expr::Constant(true.into());
    }
    match array(&list, dialect) {
        Some(array) => left.ne(Func::cust("ALL").arg(array)),
        None => left.is_not_in(padded(list)),
    }
}

fn not_null(values: &[Value]) -> impl Iterator<Item = &Value> {
    values.iter().filter(|value| **value != Value::Null)
}

/// One typed array, so that one statement serves lists of every length. None where values of several types are mixed, which
/// the driver could not put into an array.
pub(super) fn array(list: &[Bound], dialect: Dialect) -> Option<Bound> {
    let first = list.first().filter(|_| dialect == Dialect::Postgres)?;
    let uniform = list.iter().all(|value| std::mem::discriminant(value) == std::mem::discriminant(first));
    let ty = match first {
        Bound::Bool(_) => ArrayType::Bool,
        Bound::SmallInt(_) => ArrayType::SmallInt,
        Bound::Int(_) => ArrayType::Int,
        Bound::BigInt(_) => ArrayType::BigInt,
        Bound::Double(_) => ArrayType::Double,
        Bound::String(_) => ArrayType::String,
        Bound::Bytes(_) => ArrayType::Bytes,
        Bound::Uuid(_) => ArrayType::Uuid,
        Bound::ChronoDateTimeUtc(_) => ArrayType::ChronoDateTimeUtc,
        Bound::ChronoDate(_) => ArrayType::ChronoDate,
        Bound::Decimal(_) => ArrayType::Decimal,
        _ => return None,
    };
    uniform.then(|| Bound::Array(ty, Some(Box::new(list.to_vec()))))
}

/// Repeats the last value up to the next power of two: ten texts of a statement then serve lists of up to 512 values, and
/// the cache of prepared statements keeps them all.
fn padded(mut list: Vec<Bound>) -> Vec<Bound> {
    if let Some(last) = list.last().cloned() {
        // Beyond this the next power of two is more than SQLite binds.
        if list.len() <= 16_384 {
            list.resize(list.len().next_power_of_two(), last);
        }
    }
    list
}

/// PostgreSQL wants to know of which type a NULL is.
fn null(ty: ColumnType, dialect: Dialect) -> Bound {
    match (ty, dialect) {
        (ColumnType::Bool, _) => Bound::Bool(None),
        (ColumnType::I16, _) => Bound::SmallInt(None),
        (ColumnType::I32, _) => Bound::Int(None),
        (ColumnType::I64, _) => Bound::BigInt(None),
        (ColumnType::F64, _) => Bound::Double(None),
        (ColumnType::Bytes, _) => Bound::Bytes(None),
        (ColumnType::Uuid, _) => Bound::Uuid(None),
        (ColumnType::Timestamp, Dialect::Postgres) => Bound::ChronoDateTimeUtc(None),
        (ColumnType::Date, Dialect::Postgres) => Bound::ChronoDate(None),
        (ColumnType::Decimal, Dialect::Postgres) => Bound::Decimal(None),
        (ColumnType::Json, Dialect::Postgres) => Bound::Json(None),
        (
            ColumnType::Text
            | ColumnType::Enum(_)
            | ColumnType::Timestamp
            | ColumnType::Date
            | ColumnType::Decimal
            | ColumnType::Json,
            _,
        ) => Bound::String(None),
    }
}

fn text(value: String) -> Bound {
    Bound::String(Some(value))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::fixtures::{AUTHORS, BOOKS, COVERS};

    #[test]
    fn sqlite_takes_times_in_one_fixed_form() {
        let time = Value::Timestamp(DateTime::from_timestamp(1_714_979_289, 0).expect("a time"));
        let column = &AUTHORS.columns[5];
        assert_eq!(value(column, &time, Dialect::Sqlite), text("2024-05-06T07:08:09.000000Z".to_owned()));
        assert!(matches!(value(column, &time, Dialect::Postgres), Bound::ChronoDateTimeUtc(Some(_))));
    }

    #[test]
    fn null_has_the_type_of_its_column() {
        assert_eq!(value(&BOOKS.columns[4], &Value::Null, Dialect::Postgres), Bound::Decimal(None));
        assert_eq!(value(&BOOKS.columns[4], &Value::Null, Dialect::Sqlite), Bound::String(None));
        assert_eq!(value(&COVERS.columns[2], &Value::Null, Dialect::Postgres), Bound::Json(None));
        assert_eq!(value(&COVERS.columns[1], &Value::Null, Dialect::Sqlite), Bound::Bytes(None));
    }

    #[test]
    fn lists_are_padded_to_a_power_of_two() {
        let list = |len: i32| padded((0..len).map(Bound::from).collect());
        assert_eq!(list(3), [0, 1, 2, 2].map(Bound::from));
        assert_eq!(list(1).len(), 1);
        assert_eq!(list(129).len(), 256);
        assert_eq!(list(0).len(), 0);
    }

    #[test]
    fn arrays_hold_values_of_one_type_only() {
        let mixed = [Bound::Int(Some(1)), Bound::BigInt(Some(2))];
        assert_eq!(array(&mixed, Dialect::Postgres), None);
        assert!(matches!(array(&mixed[..1], Dialect::Postgres), Some(Bound::Array(ArrayType::Int, Some(_)))));
        assert_eq!(array(&mixed[..1], Dialect::Sqlite), None);
    }
}
