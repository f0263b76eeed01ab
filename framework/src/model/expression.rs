//! Expressions of SQL that a model carries for its tables.

/// An expression of SQL, in the words of each database. It stands in DDL and in statements as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expression {
    /// For SQLite.
    pub sqlite: &'static str,
    /// For PostgreSQL.
    pub postgres: &'static str,
}
