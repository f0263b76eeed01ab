//! Rows of a result. Values are read without a copy where the type allows it, and a value of another type is an error,
//! never a panic.

mod postgres;
mod sqlite;

use sqlx::Column as _;

use crate::model::{Row, RowSet};

/// The rows of one result.
pub(super) struct Rows<R>(pub(super) Vec<R>);

impl<R: Row + sqlx::Row> RowSet for Rows<R> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn row(&self, index: usize) -> &dyn Row {
        &self.0[index]
    }

    fn columns(&self) -> Vec<String> {
        let columns = self.0.first().map(sqlx::Row::columns);
        columns.into_iter().flatten().map(|column| column.name().to_owned()).collect()
    }

    fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    fn reverse(&mut self) {
        self.0.reverse();
    }
}
