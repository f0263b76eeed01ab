//! Which tables have tokens, as an instance has seen it.

use std::collections::HashMap;

use super::footprint::Footprint;

/// The tables that have tokens, and what was seen of the triggers that change them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// By the model's name.
    pub tables: HashMap<&'static str, KnownTable>,
}

/// A table that has tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownTable {
    /// What the database answered for the shape of the table when its triggers were looked at.
    pub shape: String,
    /// Whether its rows lie in partitions, each with triggers of its own.
    pub partitioned: bool,
    /// The columns that have a class of their own; a read of another one depends on the whole table.
    pub columns: Vec<&'static str>,
}

/// The tokens of a footprint at one moment; equal vectors are of equal data.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Vector(String);

impl Vector {
    /// The bytes that tell it from any other.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl Known {
    /// The vector in `text`, as a statement that carries the tokens answers it; `None` where a token is missing or a table's
    /// triggers are no longer those that were looked at, so that nothing can be said of the data.
    #[must_use]
    pub fn vector(&self, footprint: &Footprint, text: Option<&str>) -> Option<Vector> {
        let text = text?;
        let mut parts = text.split(',');
        parts.next()?;
        for table in footprint.tables() {
            if parts.next()? != self.tables.get(table.model.name)?.shape {
                return None;
            }
        }
        (parts.count() == footprint.classes().count()).then(|| Vector(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::BOOKS;
    use crate::query::ListQuery;
    use crate::sql::Dialect;

    fn known(shape: &str) -> Known {
        let table = KnownTable { shape: shape.to_owned(), partitioned: false, columns: vec!["rating"] };
        Known { tables: HashMap::from([(BOOKS.name, table)]) }
    }

    #[test]
    fn a_vector_is_of_the_triggers_that_were_looked_at() {
        let known = known("7");
        let footprint = Footprint::of_count(&ListQuery::new(&BOOKS), &known, Dialect::Postgres).expect("known");
        assert!(known.vector(&footprint, Some("e,7,1700")).is_some());
        for text in [None, Some(""), Some("e,7"), Some("e,8,1700"), Some("e,7,1700,1")] {
            assert_eq!(known.vector(&footprint, text), None, "{text:?}");
        }
    }
}
