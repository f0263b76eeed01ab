//! What a row of a result can give, whatever the database.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

pub use crate::error::DecodeError;

/// One row of a result; indexes count the selected columns from 0. `None` is NULL.
#[expect(missing_docs, reason = "each method reads the type that it is named after")]
pub trait Row {
    fn bool(&self, index: usize) -> Result<Option<bool>, DecodeError>;
    fn i16(&self, index: usize) -> Result<Option<i16>, DecodeError>;
    fn i32(&self, index: usize) -> Result<Option<i32>, DecodeError>;
    fn i64(&self, index: usize) -> Result<Option<i64>, DecodeError>;
    fn f64(&self, index: usize) -> Result<Option<f64>, DecodeError>;
    fn text(&self, index: usize) -> Result<Option<&str>, DecodeError>;
    fn bytes(&self, index: usize) -> Result<Option<&[u8]>, DecodeError>;
    fn uuid(&self, index: usize) -> Result<Option<Uuid>, DecodeError>;
    fn timestamp(&self, index: usize) -> Result<Option<DateTime<Utc>>, DecodeError>;
    fn date(&self, index: usize) -> Result<Option<NaiveDate>, DecodeError>;
    fn decimal(&self, index: usize) -> Result<Option<Decimal>, DecodeError>;
    /// The JSON text of a JSON column.
    fn json(&self, index: usize) -> Result<Option<&str>, DecodeError>;
}

/// The rows of one result.
#[expect(clippy::len_without_is_empty, reason = "nothing asks")]
pub trait RowSet: Send + Sync {
    /// How many rows there are.
    fn len(&self) -> usize;
    /// The row at `index`.
    ///
    /// # Panics
    ///
    /// If `index` is not below [`RowSet::len`].
    fn row(&self, index: usize) -> &dyn Row;
    /// The names of the columns, as the database says them; none where there is no row.
    fn columns(&self) -> Vec<String> {
        Vec::new()
    }
    /// Forgets the rows from `len` on.
    fn truncate(&mut self, len: usize);
    /// Puts the last row first.
    fn reverse(&mut self);
}

impl<R: Row + Send + Sync> RowSet for Vec<R> {
    fn len(&self) -> usize {
        self.len()
    }

    fn row(&self, index: usize) -> &dyn Row {
        &self[index]
    }

    fn truncate(&mut self, len: usize) {
        self.truncate(len);
    }

    fn reverse(&mut self) {
        <[R]>::reverse(self);
    }
}

/// No rows, for a relation of which no row has a key.
pub struct NoRows;

impl RowSet for NoRows {
    fn len(&self) -> usize {
        0
    }

    fn row(&self, index: usize) -> &dyn Row {
        unreachable!("row {index} of no rows")
    }

    fn truncate(&mut self, _len: usize) {}

    fn reverse(&mut self) {}
}
