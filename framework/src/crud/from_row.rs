//! What rows of plain SQL are read as.

use crate::error::{Error, Result};
use crate::model::{ColumnValue, DecodeError, Row, RowSet};

/// A row of plain SQL: a value that a column can have, or a tuple of up to eight in the order of the statement's columns. One
/// that may be NULL is an `Option`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no row of plain SQL",
    label = "neither a column type nor a tuple of them",
    note = "read a tuple such as `(i64, Option<String>)`, or rows of a model by `.records::<Book>(..)`"
)]
pub trait FromRow: Sized {
    /// How many columns it has.
    #[doc(hidden)]
    const COLUMNS: usize;

    #[doc(hidden)]
    fn from_row(row: &dyn Row) -> Result<Self, DecodeError>;
}

impl<T: ColumnValue> FromRow for T {
    const COLUMNS: usize = 1;

    fn from_row(row: &dyn Row) -> Result<Self, DecodeError> {
        T::decode(row, 0)
    }
}

macro_rules! tuple {
    ($count:literal: $($name:ident $index:tt),*) => {
        impl<$($name: ColumnValue),*> FromRow for ($($name,)*) {
            const COLUMNS: usize = $count;

            fn from_row(row: &dyn Row) -> Result<Self, DecodeError> {
                Ok(($($name::decode(row, $index)?,)*))
            }
        }
    };
}

tuple!(1: A 0);
tuple!(2: A 0, B 1);
tuple!(3: A 0, B 1, C 2);
tuple!(4: A 0, B 1, C 2, D 3);
tuple!(5: A 0, B 1, C 2, D 3, E 4);
tuple!(6: A 0, B 1, C 2, D 3, E 4, F 5);
tuple!(7: A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple!(8: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

/// Reads the first rows of a result, `most` of them.
pub(super) fn decode<T: FromRow>(rows: &dyn RowSet, most: usize) -> Result<Vec<T>> {
    let names = rows.columns();
    let error = |source| Error::Decode { model: "plain SQL", source };
    if rows.len() > 0 && names.len() != T::COLUMNS {
        let (found, wanted) = (names.len(), T::COLUMNS);
        let reason = format!("{wanted} are read, and the statement answers with {found}: {}", names.join(", "));
        return Err(error(DecodeError::new(found.min(wanted), reason)));
    }
    let name = |error: DecodeError| {
        let name = names.get(error.index).map_or("", String::as_str);
        error.of_column(name)
    };
    (0..rows.len().min(most)).map(|index| T::from_row(rows.row(index)).map_err(name).map_err(error)).collect()
}
