//! Rows whose columns are found by name, as a statement of the user's own answers with them.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::ModelMeta;
use super::row::{DecodeError, Row};

/// Where the columns of a model stand in a result.
#[derive(Debug)]
pub struct ByName {
    model: &'static ModelMeta,
    places: Vec<usize>,
}

impl ByName {
    /// Looks for each column of `model` among the names of a result; a name of another case will do where none is the same.
    ///
    /// # Errors
    ///
    /// Columns that are missing, or that come twice.
    pub fn new(model: &'static ModelMeta, names: &[String]) -> Result<Self, DecodeError> {
        let (mut places, mut missing) = (Vec::new(), Vec::new());
        for (index, column) in model.columns.iter().enumerate() {
            let exact: Vec<usize> = positions(names, |name| name == column.name);
            let found =
                if exact.is_empty() { positions(names, |name| name.eq_ignore_ascii_case(column.name)) } else { exact };
            match found[..] {
                [place] => places.push(place),
                [] => missing.push(index),
                _ => {
                    let name = column.name;
                    let reason = format!("the statement answers with several columns \"{name}\"; select one of them");
                    return Err(DecodeError::new(index, reason));
                }
            }
        }
        let Some(first) = missing.first() else { return Ok(Self { model, places }) };
        let quoted = missing.iter().map(|index| format!("\"{}\"", model.columns[*index].name)).collect::<Vec<_>>();
        let reason =
            format!("the statement answers with no column {}; it has: {}", quoted.join(", "), names.join(", "));
        Err(DecodeError::new(*first, reason))
    }

    /// Reads a row of the result as one of the model.
    ///
    /// # Errors
    ///
    /// What `read` says, with the column's name.
    pub fn read<T>(
        &self,
        row: &dyn Row,
        read: impl FnOnce(&dyn Row) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        read(&Placed { row, places: &self.places }).map_err(|error| {
            let name = self.model.columns.get(error.index).map_or("", |column| column.name);
            error.of_column(name)
        })
    }
}

fn positions(names: &[String], is_meant: impl Fn(&str) -> bool) -> Vec<usize> {
    (0..names.len()).filter(|index| is_meant(&names[*index])).collect()
}

/// A row whose indexes are those of the model.
struct Placed<'a> {
    row: &'a dyn Row,
    places: &'a [usize],
}

macro_rules! read {
    ($($name:ident $ty:ty),*) => {$(
        fn $name(&self, index: usize) -> Result<Option<$ty>, DecodeError> {
            self.row.$name(self.places[index]).map_err(|error| DecodeError { index, ..error })
        }
    )*};
}

impl Row for Placed<'_> {
    read! {
        bool bool, i16 i16, i32 i32, i64 i64, f64 f64, text &str, bytes &[u8], uuid Uuid, timestamp DateTime<Utc>,
        date NaiveDate, decimal Decimal, json &str
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;

    #[derive(couplet_macros::Model)]
    struct Series {
        id: i64,
        name: String,
        parent_id: Option<i64>,
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn refused(columns: &[&str]) -> String {
        ByName::new(Series::META, &names(columns)).expect_err("refused").to_string()
    }

    #[test]
    fn columns_are_found_wherever_they_stand() {
        let found =
            ByName::new(Series::META, &names(&["more", "PARENT_ID", "name", "Id", "id"])).expect("all are there");
        assert_eq!(found.places, [4, 2, 1]);
    }

    #[test]
    fn all_that_are_missing_are_named_and_none_is_guessed() {
        assert_eq!(
            refused(&["id", "title"]),
            "column 1: the statement answers with no column \"name\", \"parent_id\"; it has: id, title"
        );
        assert_eq!(
            refused(&["id", "name", "id", "parent_id"]),
            "column 0: the statement answers with several columns \"id\"; select one of them"
        );
    }
}
