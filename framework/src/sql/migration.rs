//! Migrations as data; what `migrations!` embeds.

use super::Dialect;

/// One migration of one database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    /// The database that it is for.
    pub dialect: Dialect,
    /// Its place in the order: 1 of `001_create_authors.sql`.
    pub version: i64,
    /// What it does: `create authors` of `001_create_authors.sql`.
    pub description: &'static str,
    /// The statements.
    pub sql: &'static str,
}
