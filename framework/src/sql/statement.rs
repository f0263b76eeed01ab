//! A statement, ready to be executed.

use sea_query::Values;

/// The databases that are spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite 3.35 and later.
    Sqlite,
    /// PostgreSQL 13 and later.
    Postgres,
}

/// What a statement does, as metrics name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are SQL's")]
pub enum Verb {
    Select,
    Insert,
    Update,
    Delete,
    /// BEGIN, COMMIT, DDL and what else is neither
    Other,
}

impl Verb {
    /// The label value in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Select => "select",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Other => "other",
        }
    }
}

/// A statement, ready to be executed.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// The text, with placeholders of the dialect.
    pub sql: String,
    /// The values of the placeholders.
    pub values: Values,
    /// What it does.
    pub verb: Verb,
    /// The name of the model that it concerns, as in `Author`; a label of metrics.
    pub model: &'static str,
}
