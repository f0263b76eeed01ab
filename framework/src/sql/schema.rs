//! Tables from structs.

use super::Dialect;
use crate::model::{ColumnMeta, ModelMeta};

/// The statements that make the tables of `models`: schemas first, then tables with their keys, then indexes.
#[must_use]
pub fn create(models: &[&'static ModelMeta], dialect: Dialect) -> Vec<String> {
    todo!()
}

/// The type that a column has in DDL, as in `timestamp with time zone`.
#[must_use]
pub fn column_type(column: &ColumnMeta, dialect: Dialect) -> &'static str {
    todo!()
}

/// The table of a model, quoted, with its schema where the dialect has schemas.
#[must_use]
pub fn table_name(model: &ModelMeta, dialect: Dialect) -> String {
    todo!()
}
