//! Rows of which only some columns were read.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{DecodeError, Row, RowSet};

/// The rows as if all columns had been read, so that they are found by their indexes in the model. `columns` are those that
/// were read, in the order of the model; `None` where all were. What stands behind them stands behind `all` columns.
#[must_use]
pub fn widened(rows: Box<dyn RowSet>, all: usize, columns: Option<&[usize]>) -> Box<dyn RowSet> {
    let Some(columns) = columns else { return rows };
    let mut places = vec![None; all];
    for (place, column) in columns.iter().enumerate() {
        places[*column] = Some(place);
    }
    let read = Arc::new(Read { rows, places, read: columns.len() });
    let row = |row| NarrowRow { of: Arc::clone(&read), row };
    Box::new((0..read.rows.len()).map(row).collect::<Vec<_>>())
}

/// What a statement has read.
struct Read {
    rows: Box<dyn RowSet>,
    /// Where each column of the model stands, `None` where it was not read.
    places: Vec<Option<usize>>,
    /// How many columns of the model were read.
    read: usize,
}

struct NarrowRow {
    of: Arc<Read>,
    row: usize,
}

impl NarrowRow {
    fn read<'a, T>(
        &'a self,
        index: usize,
        read: impl FnOnce(&'a dyn Row, usize) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let Read { rows, places, read: columns } = &*self.of;
        let place = match places.get(index) {
            Some(place) => place.ok_or_else(|| DecodeError::new(index, "was not read"))?,
            None => index - places.len() + columns,
        };
        read(rows.row(self.row), place).map_err(|error| DecodeError { index, ..error })
    }
}

macro_rules! forward {
    ($($method:ident: $ty:ty),*) => {$(
        fn $method(&self, index: usize) -> Result<Option<$ty>, DecodeError> {
            self.read(index, |row, place| row.$method(place))
        }
    )*};
}

impl Row for NarrowRow {
    forward!(bool: bool, i16: i16, i32: i32, i64: i64, f64: f64, text: &str, bytes: &[u8], uuid: Uuid, json: &str);
    forward!(timestamp: DateTime<Utc>, date: NaiveDate, decimal: Decimal);
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! no {
        ($($method:ident: $ty:ty),*) => {$(
            fn $method(&self, index: usize) -> Result<Option<$ty>, DecodeError> {
                Err(DecodeError::new(index, "is a text"))
            }
        )*};
    }

    impl Row for Vec<&'static str> {
        fn text(&self, index: usize) -> Result<Option<&str>, DecodeError> {
            Ok(Some(self[index]))
        }

        no!(bool: bool, i16: i16, i32: i32, i64: i64, f64: f64, bytes: &[u8], uuid: Uuid, json: &str);
        no!(timestamp: DateTime<Utc>, date: NaiveDate, decimal: Decimal);
    }

    #[test]
    fn values_are_found_by_their_indexes_in_the_model() {
        let rows = Box::new(vec![vec!["title 1", "price 1", "behind"], vec!["title 2", "price 2", "behind"]]);
        let mut rows = widened(rows, 8, Some(&[1, 4]));
        assert_eq!(rows.row(1).text(1).expect("a text"), Some("title 2"));
        assert_eq!(rows.row(0).text(4).expect("a text"), Some("price 1"));
        assert_eq!(rows.row(0).text(8).expect("a text"), Some("behind"));
        let error = rows.row(0).text(0).expect_err("it is not there");
        assert_eq!((error.index, error.reason.as_str()), (0, "was not read"));
        let error = rows.row(0).i64(4).expect_err("it is a text");
        assert_eq!(error.index, 4, "a mistake names the model's column");
        rows.truncate(1);
        assert_eq!(rows.len(), 1);
    }

    #[test]
    fn rows_that_were_read_whole_stay_as_they_are() {
        let rows = widened(Box::new(vec![vec!["id", "title"]]), 2, None);
        assert_eq!(rows.row(0).text(1).expect("a text"), Some("title"));
    }
}
