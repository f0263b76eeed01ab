//! The column that counts the changes of a row.

use sea_query::{Expr, ExprTrait};

use super::table::Table;
use crate::model::{ColumnMeta, ColumnType, ModelMeta, Operator, Value};
use crate::query::Filter;

/// The version of a new row.
#[must_use]
pub fn first(column: &ColumnMeta) -> Value {
    value(column, 1)
}

/// The condition that a row has one of these versions. No row of a model without a version does.
#[must_use]
pub fn is_one_of(model: &'static ModelMeta, versions: &[i64]) -> Filter {
    match model.version().map(|index| &model.columns[index]) {
        Some(column) => {
            let versions = versions.iter().map(|version| value(column, *version)).collect();
            Filter::compare(column, Operator::In, versions)
        }
        None => Filter::Any(Vec::new()),
    }
}

/// The version column and what a change sets it to.
pub(super) fn next(table: &Table) -> Option<(&'static ColumnMeta, Expr)> {
    let column = &table.model.columns[table.model.version()?];
    Some((column, table.qualified(column).add(Expr::Constant(1.into()))))
}

/// A version as its column holds it. One that the column cannot hold is that of no row, and so is the smallest number.
pub(super) fn value(column: &ColumnMeta, version: i64) -> Value {
    match column.ty {
        ColumnType::I32 => Value::I32(i32::try_from(version).unwrap_or(i32::MIN)),
        _ => Value::I64(version),
    }
}
