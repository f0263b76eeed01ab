//! From what the database says to [`Error`]. No value of a row gets into an error's text.

use std::fmt;

use sqlx::error::DatabaseError;
use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;

use crate::error::{Error, InputError};

/// What a database said that is neither the client's fault nor a matter of trying again.
#[derive(Debug)]
pub(super) struct Refused(String);

impl Refused {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Whether a statement names something that is not there or may not be read.
    pub(super) fn is_of_a_missing_object(&self) -> bool {
        // A relation, a function, a schema, a right; and a relation that goes while the statement begins.
        let codes = ["42P01", "42883", "3F000", "42501", "XX000"];
        codes.iter().any(|code| self.0.strip_prefix("PostgreSQL ").is_some_and(|text| text.starts_with(code)))
            || self.0.starts_with("SQLite 1: no such table: _couplet")
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self::Database(Box::new(refused))
    }
}

/// What a statement's error means.
pub(super) fn on_statement(error: sqlx::Error) -> Error {
    match error {
        sqlx::Error::Database(error) => on_database(error.as_ref()),
        sqlx::Error::Io(error) => Error::Unavailable(format!("the connection was lost: {error}")),
        sqlx::Error::Tls(error) => Error::Unavailable(format!("TLS failed: {error}")),
        sqlx::Error::WorkerCrashed => Error::Unavailable("the thread of a SQLite connection is gone".to_owned()),
        sqlx::Error::InvalidArgument(text) => Error::Invalid(vec![InputError::request("out_of_range", text)]),
        other => Refused::new(other.to_string()).into(),
    }
}

/// What an error means that came while a connection to `target` was opened.
pub(super) fn on_connect(error: sqlx::Error, target: &str) -> Error {
    match error {
        sqlx::Error::Io(error) => Error::Unavailable(format!("{target} cannot be reached: {error}")),
        sqlx::Error::Configuration(error) => Error::Startup(format!("{target} cannot be opened: {error}")),
        sqlx::Error::Tls(error) => Error::Startup(format!("no TLS connection to {target}: {error}")),
        sqlx::Error::Database(error) => match on_database(error.as_ref()) {
            Error::Database(_) | Error::Unavailable(_) if is_misconfigured(error.as_ref()) => {
                Error::Startup(format!("{target} cannot be opened: {}", error.message()))
            }
            Error::Unavailable(text) => Error::Unavailable(format!("{target}: {text}")),
            other => other,
        },
        other => on_statement(other),
    }
}

/// Whether the connection can execute other statements after this error.
pub(super) fn leaves_connection_usable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => !matches!(on_database(error.as_ref()), Error::Unavailable(_)),
        sqlx::Error::InvalidArgument(_) => true,
        _ => false,
    }
}

/// Whether trying again will not help: a wrong password or name, a file that is no database or cannot be written.
fn is_misconfigured(error: &dyn DatabaseError) -> bool {
    let code = error.code().unwrap_or_default();
    match error.try_downcast_ref::<SqliteError>() {
        Some(_) => matches!(primary(&code), sqlite::READONLY | sqlite::CORRUPT | sqlite::NOTADB | sqlite::CANTOPEN),
        None => code.starts_with("28") || code.starts_with("3D"),
    }
}

fn on_database(error: &dyn DatabaseError) -> Error {
    if let Some(error) = error.try_downcast_ref::<PgDatabaseError>() {
        return on_postgres(error);
    }
    on_sqlite(&error.code().unwrap_or_default(), error.message())
}

/// Codes of SQLite, <https://www.sqlite.org/rescode.html>.
mod sqlite {
    pub(super) const BUSY: i32 = 5;
    pub(super) const LOCKED: i32 = 6;
    pub(super) const NOMEM: i32 = 7;
    pub(super) const READONLY: i32 = 8;
    pub(super) const INTERRUPT: i32 = 9;
    pub(super) const IOERR: i32 = 10;
    pub(super) const CORRUPT: i32 = 11;
    pub(super) const FULL: i32 = 13;
    pub(super) const CANTOPEN: i32 = 14;
    pub(super) const TOOBIG: i32 = 18;
    pub(super) const CONSTRAINT: i32 = 19;
    pub(super) const MISMATCH: i32 = 20;
    pub(super) const NOTADB: i32 = 26;

    pub(super) const CONSTRAINT_FOREIGNKEY: i32 = 787;
    pub(super) const CONSTRAINT_NOTNULL: i32 = 1299;
    pub(super) const CONSTRAINT_PRIMARYKEY: i32 = 1555;
    /// `ON DELETE RESTRICT` is refused with this one.
    pub(super) const CONSTRAINT_TRIGGER: i32 = 1811;
    pub(super) const CONSTRAINT_UNIQUE: i32 = 2067;
    pub(super) const CONSTRAINT_ROWID: i32 = 2579;
}

fn primary(code: &str) -> i32 {
    code.parse::<i32>().unwrap_or_default() & 0xff
}

fn on_sqlite(code: &str, message: &str) -> Error {
    match code.parse().unwrap_or_default() {
        sqlite::CONSTRAINT_UNIQUE | sqlite::CONSTRAINT_PRIMARYKEY | sqlite::CONSTRAINT_ROWID => {
            return unique(&sqlite_columns(message));
        }
        sqlite::CONSTRAINT_TRIGGER if !message.contains("FOREIGN KEY") => {}
        sqlite::CONSTRAINT_FOREIGNKEY | sqlite::CONSTRAINT_TRIGGER => {
            let detail = "a row that it refers to does not exist, or other rows refer to it";
            return Error::Conflict(vec![InputError::request("foreign_key", detail)]);
        }
        sqlite::CONSTRAINT_NOTNULL => return not_null(&sqlite_columns(message)),
        _ => {}
    }
    match primary(code) {
        sqlite::CONSTRAINT => invalid("constraint", "a constraint of the database does not hold for these values"),
        sqlite::MISMATCH => invalid("invalid_value", "a value has not the type of its column"),
        sqlite::TOOBIG => invalid("too_long", "a value is too long for the database"),
        sqlite::BUSY | sqlite::LOCKED => Error::Serialization(message.to_owned()),
        sqlite::INTERRUPT => Error::DeadlineExceeded,
        sqlite::FULL | sqlite::IOERR | sqlite::CANTOPEN | sqlite::NOMEM => Error::Unavailable(message.to_owned()),
        _ => Refused::new(format!("SQLite {code}: {message}")).into(),
    }
}

/// The columns of `UNIQUE constraint failed: authors.email, authors.name`.
fn sqlite_columns(message: &str) -> Vec<&str> {
    let names = message.split_once("failed: ").map_or("", |(_, names)| names);
    names.split(", ").filter_map(|name| name.split_once('.')).map(|(_, column)| column).collect()
}

fn on_postgres(error: &PgDatabaseError) -> Error {
    let (code, message) = (error.code(), error.message());
    match code {
        "23505" => return unique(&postgres_columns(error.detail())),
        "23503" => return foreign_key(error),
        "23502" => return not_null(error.column().as_slice()),
        "23P01" => {
            let detail = "another row excludes these values";
            return Error::Conflict(vec![InputError::request("exclusion", detail)]);
        }
        "22001" => return invalid("too_long", "a text is too long for its column"),
        "22003" | "22008" => return invalid("out_of_range", "a number or time is beyond the range of its column"),
        "22021" | "22P05" => return invalid("invalid_text", "a text has a character that the database cannot store"),
        "40001" | "40P01" => return Error::Serialization(message.to_owned()),
        // The statement's time is over, the wait for a lock, or the pause within a transaction.
        "57014" | "55P03" | "25P03" => return Error::DeadlineExceeded,
        // A failover made a replica of the server; a statement was prepared before its table changed. A new connection helps.
        "25006" | "26000" => return Error::Unavailable(message.to_owned()),
        "0A000" if message.contains("cached plan") => return Error::Unavailable(message.to_owned()),
        _ => {}
    }
    match code.get(..2).unwrap_or_default() {
        "22" => invalid("invalid_value", "a value cannot be stored in its column"),
        "23" | "44" => invalid("constraint", "a constraint of the database does not hold for these values"),
        "08" | "28" | "3D" | "53" | "57" | "58" => Error::Unavailable(message.to_owned()),
        // Raised by code in the database, which may well quote a row.
        "P0" => Refused::new(format!("PostgreSQL {code}")).into(),
        _ => Refused::new(format!("PostgreSQL {code}: {message}")).into(),
    }
}

/// The columns of `Key (email, name)=(a, b) already exists.`, whatever the language of the server. Values follow.
fn postgres_columns(detail: Option<&str>) -> Vec<&str> {
    let Some((names, _)) = detail.and_then(|detail| detail.split_once(")=(")) else { return Vec::new() };
    let names = names.split_once('(').map_or("", |(_, names)| names);
    let columns = names.split(", ").map(|name| name.trim_matches('"'));
    // An index on an expression names no column.
    columns.filter(|name| !name.is_empty() && !name.contains(['(', ')', ' '])).collect()
}

fn foreign_key(error: &PgDatabaseError) -> Error {
    let columns = postgres_columns(error.detail());
    let is_missing = error.detail().is_some_and(|detail| detail.contains("is not present in table"));
    if !is_missing || columns.is_empty() {
        let detail = "a row that it refers to does not exist, or other rows refer to it";
        return Error::Conflict(vec![InputError::request("foreign_key", detail)]);
    }
    let at = |column| InputError::field(column, "foreign_key", "the row that it refers to does not exist");
    Error::Conflict(columns.into_iter().map(at).collect())
}

fn unique(columns: &[&str]) -> Error {
    if columns.is_empty() {
        return Error::Conflict(vec![InputError::request("unique", "another row has these values")]);
    }
    // Without the columns' names, which clients may know by others or not at all.
    let detail =
        if columns.len() == 1 { "another row has this value" } else { "another row has these values together" };
    Error::Conflict(columns.iter().map(|column| InputError::field(column, "unique", detail)).collect())
}

fn not_null(columns: &[&str]) -> Error {
    if columns.is_empty() {
        return invalid("required", "a value may not be null");
    }
    Error::Invalid(columns.iter().map(|column| InputError::field(column, "required", "may not be null")).collect())
}

fn invalid(code: &'static str, detail: &str) -> Error {
    Error::Invalid(vec![InputError::request(code, detail)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_read_from_what_each_database_says() {
        assert_eq!(sqlite_columns("UNIQUE constraint failed: a.x, a.y"), ["x", "y"]);
        assert!(sqlite_columns("UNIQUE constraint failed: index 'lower_email'").is_empty());
        assert_eq!(postgres_columns(Some("Key (a, \"B\")=(1, x)=(2) already exists.")), ["a", "B"]);
        assert_eq!(postgres_columns(Some("Schlüssel »(a)=(1)« existiert bereits.")), ["a"]);
        assert!(postgres_columns(Some("Key (lower(email))=(a@b) already exists.")).is_empty());
        assert!(postgres_columns(None).is_empty());
    }

    #[test]
    fn codes_of_sqlite_become_kinds_of_errors() {
        assert!(matches!(on_sqlite("517", "database is locked"), Error::Serialization(_)));
        assert!(matches!(on_sqlite("13", "database or disk is full"), Error::Unavailable(_)));
        assert!(matches!(on_sqlite("778", "disk I/O error"), Error::Unavailable(_)));
        assert!(matches!(on_sqlite("9", "interrupted"), Error::DeadlineExceeded));
        assert!(matches!(on_sqlite("1", "no such table: x"), Error::Database(_)));
    }
}
