//! A statement, ready to be executed.

use sea_query::{PostgresQueryBuilder, QueryStatementBuilder, SqliteQueryBuilder, Value, Values};

use crate::model::ModelMeta;

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

impl Statement {
    /// Writes a statement in the language of the database.
    pub(super) fn build(
        verb: Verb,
        model: &'static ModelMeta,
        statement: &impl QueryStatementBuilder,
        dialect: Dialect,
    ) -> Self {
        let (sql, values) = match dialect {
            Dialect::Sqlite => statement.build_any(&SqliteQueryBuilder),
            Dialect::Postgres => statement.build_any(&PostgresQueryBuilder),
        };
        let (sql, values) = limited(sql, values, dialect);
        Self { sql, values, verb, model: model.name }
    }
}

/// Writes the limit out on which a statement ends; limits are few, so texts stay few. SQLite looks at the value of a limit to plan a
/// statement, and makes its program anew whenever the value is bound again, be it the same. PostgreSQL plans a statement without
/// values once, and one with an unknown limit again and again; where there are other values it is to see them together.
fn limited(mut sql: String, mut values: Values, dialect: Dialect) -> (String, Values) {
    let (limit, offset) = match dialect {
        Dialect::Sqlite => ("LIMIT ?", " OFFSET ?"),
        // The first value and the last one.
        Dialect::Postgres => ("LIMIT $1", ""),
    };
    let (rest, end) = sql.strip_suffix(offset).map_or((sql.as_str(), ""), |rest| (rest, offset));
    let Some(start) = rest.strip_suffix(limit) else { return (sql, values) };
    let place = values.0.len() - if end.is_empty() { 1 } else { 2 };
    if let Value::BigUnsigned(Some(limit)) = values.0[place] {
        sql = format!("{start}LIMIT {limit}{end}");
        values.0.remove(place);
    }
    (sql, values)
}

/// Compares the texts of a statement in both languages.
#[cfg(test)]
#[track_caller]
pub(super) fn assert_sql(make: impl Fn(Dialect) -> Statement, sqlite: &str, postgres: &str) {
    assert_eq!(make(Dialect::Sqlite).sql, sqlite);
    assert_eq!(make(Dialect::Postgres).sql, postgres);
}
