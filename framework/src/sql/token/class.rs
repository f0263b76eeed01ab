//! What has a token: a table's rows, one of its columns, or all of it.

use sha2::{Digest, Sha256};

use crate::model::{ColumnMeta, ModelMeta};
use crate::sql::Dialect;
use crate::sql::table;

/// Bytes of a name that PostgreSQL keeps.
const LONGEST: usize = 63;

/// An invalidation class: what writes change together, and reads depend on together. Each has a token in the database, which is
/// another one after every transaction that may have changed the class.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Class(String);

impl Class {
    /// Which rows a table has: changed by inserts, deletes and TRUNCATE.
    #[must_use]
    pub fn rows(model: &ModelMeta, dialect: Dialect) -> Self {
        Self::of(&table_of(model, dialect), "rows")
    }

    /// The values of a column: changed by updates of it.
    #[must_use]
    pub fn column(model: &ModelMeta, column: &ColumnMeta, dialect: Dialect) -> Self {
        Self::of(&table_of(model, dialect), &format!("column {}", column.name))
    }

    /// A table as it is: changed by every write to it.
    #[must_use]
    pub fn any(model: &ModelMeta, dialect: Dialect) -> Self {
        Self::of(&table_of(model, dialect), "any")
    }

    /// A part of a table that is called as [`table_of`] says.
    pub(super) fn of(table: &str, part: &str) -> Self {
        Self(fitting(format!("{table} {part}")))
    }

    /// Its name, which is also that of its sequence on PostgreSQL: `books rows`, `books column rating`, `sales.books any`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The key of the advisory lock that writers share and a fence takes alone.
    #[must_use]
    pub fn lock(&self) -> i64 {
        let hash = Sha256::digest(format!("couplet class {}", self.0));
        i64::from_be_bytes(*hash.first_chunk().expect("SHA-256 has 32 bytes"))
    }
}

/// How classes call the table of a model: `sales.books`.
#[must_use]
pub fn table_of(model: &ModelMeta, dialect: Dialect) -> String {
    match table::parts(model, dialect) {
        (Some(schema), table) => format!("{schema}.{table}"),
        (None, table) => table,
    }
}

/// A name that PostgreSQL keeps as it is.
pub(super) fn fitting(name: String) -> String {
    if name.len() <= LONGEST { name } else { shortened(&name) }
}

/// The beginning, and a hash of the whole, so that no two long names become one.
fn shortened(name: &str) -> String {
    let hash = Sha256::digest(name);
    let hash: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{}~{hash}", &name[..name.floor_char_boundary(LONGEST - 1 - hash.len())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::BOOKS;

    #[test]
    fn a_class_is_named_after_its_table_and_part() {
        assert_eq!(Class::rows(&BOOKS, Dialect::Postgres).name(), "books rows");
        assert_eq!(Class::column(&BOOKS, &BOOKS.columns[3], Dialect::Sqlite).name(), "books column rating");
        assert_eq!(Class::any(&BOOKS, Dialect::Sqlite).name(), "books any");
    }

    #[test]
    fn a_long_name_is_shortened_and_stays_apart() {
        let (one, other) = (shortened(&format!("{}a", "x".repeat(80))), shortened(&format!("{}b", "x".repeat(80))));
        assert_eq!((one.len(), other.len()), (LONGEST, LONGEST));
        assert_ne!(one, other);
        assert!(shortened(&"é".repeat(60)).len() <= LONGEST);
    }

    #[test]
    fn each_class_has_a_lock_of_its_own() {
        let locks = [
            Class::rows(&BOOKS, Dialect::Postgres).lock(),
            Class::any(&BOOKS, Dialect::Postgres).lock(),
            Class::column(&BOOKS, &BOOKS.columns[3], Dialect::Postgres).lock(),
        ];
        assert_eq!(locks[0], Class::rows(&BOOKS, Dialect::Postgres).lock());
        assert!(locks[0] != locks[1] && locks[1] != locks[2] && locks[0] != locks[2]);
    }
}
