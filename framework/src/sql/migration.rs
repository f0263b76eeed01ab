//! Migrations that are embedded in a binary.

use super::Dialect;

/// One migration for one database, as a file `migrations/sqlite/0001_books.sql` holds it.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// The database that it is for.
    pub dialect: Dialect,
    /// Its place in the order; each runs once.
    pub version: i64,
    /// What it does, for people.
    pub description: &'static str,
    /// Its statements.
    pub sql: &'static str,
}
