//! Rows of SQLite, whose values have one of five types whatever their column says.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use rust_decimal::Decimal;
use sqlx::sqlite::{SqliteRow, SqliteValueRef};
use sqlx::{Decode, Row as _, Sqlite, TypeInfo as _, ValueRef as _};
use uuid::Uuid;

use crate::model::{DecodeError, Row};

enum Stored<'r> {
    Integer(i64),
    Real(f64),
    Text(&'r str),
    Blob(&'r [u8]),
}

fn read(row: &SqliteRow, index: usize) -> Result<Option<Stored<'_>>, DecodeError> {
    let value = row.try_get_raw(index).map_err(|error| DecodeError::new(index, error))?;
    // Asked first: the type of a NULL is that of its column.
    if value.is_null() {
        return Ok(None);
    }
    let stored = match value.type_info().name() {
        "INTEGER" => decode(value).map(Stored::Integer),
        "REAL" => decode(value).map(Stored::Real),
        "TEXT" => decode(value).map(Stored::Text),
        _ => decode(value).map(Stored::Blob),
    };
    stored.map(Some).map_err(|error| DecodeError::new(index, error))
}

fn decode<'r, T: Decode<'r, Sqlite>>(value: SqliteValueRef<'r>) -> Result<T, sqlx::error::BoxDynError> {
    T::decode(value)
}

impl Stored<'_> {
    fn mismatch(&self, index: usize, wanted: &str) -> DecodeError {
        let found = match self {
            Self::Integer(_) => "INTEGER",
            Self::Real(_) => "REAL",
            Self::Text(_) => "TEXT",
            Self::Blob(_) => "BLOB",
        };
        DecodeError::new(index, format!("is stored as {found}, not as {wanted}"))
    }
}

fn narrow<T: TryFrom<i64>>(row: &SqliteRow, index: usize, wanted: &str) -> Result<Option<T>, DecodeError> {
    let Some(integer) = row.i64(index)? else { return Ok(None) };
    T::try_from(integer).map(Some).map_err(|_| DecodeError::new(index, format!("is beyond {wanted}")))
}

impl Row for SqliteRow {
    fn bool(&self, index: usize) -> Result<Option<bool>, DecodeError> {
        match read(self, index)? {
            None => Ok(None),
            Some(Stored::Integer(integer @ (0 | 1))) => Ok(Some(integer == 1)),
            Some(other) => Err(other.mismatch(index, "INTEGER 0 or 1")),
        }
    }

    fn i16(&self, index: usize) -> Result<Option<i16>, DecodeError> {
        narrow(self, index, "an i16")
    }

    fn i32(&self, index: usize) -> Result<Option<i32>, DecodeError> {
        narrow(self, index, "an i32")
    }

    fn i64(&self, index: usize) -> Result<Option<i64>, DecodeError> {
        match read(self, index)? {
            None => Ok(None),
            Some(Stored::Integer(integer)) => Ok(Some(integer)),
            Some(other) => Err(other.mismatch(index, "INTEGER")),
        }
    }

    fn f64(&self, index: usize) -> Result<Option<f64>, DecodeError> {
        match read(self, index)? {
            None => Ok(None),
            Some(Stored::Real(real)) => Ok(Some(real)),
            // A column of NUMERIC affinity keeps whole numbers as integers.
            #[expect(clippy::cast_precision_loss, reason = "SQLite made the integer from a float")]
            Some(Stored::Integer(integer)) => Ok(Some(integer as f64)),
            Some(other) => Err(other.mismatch(index, "REAL")),
        }
    }

    fn text(&self, index: usize) -> Result<Option<&str>, DecodeError> {
        match read(self, index)? {
            None => Ok(None),
            Some(Stored::Text(text)) => Ok(Some(text)),
            Some(other) => Err(other.mismatch(index, "TEXT")),
        }
    }

    fn bytes(&self, index: usize) -> Result<Option<&[u8]>, DecodeError> {
        match read(self, index)? {
            None => Ok(None),
            Some(Stored::Blob(bytes)) => Ok(Some(bytes)),
            Some(other) => Err(other.mismatch(index, "BLOB")),
        }
    }

    fn uuid(&self, index: usize) -> Result<Option<Uuid>, DecodeError> {
        let uuid = match read(self, index)? {
            None => return Ok(None),
            Some(Stored::Blob(bytes)) => Uuid::from_slice(bytes).ok(),
            Some(Stored::Text(text)) => Uuid::try_parse(text).ok(),
            Some(other) => return Err(other.mismatch(index, "BLOB of 16 bytes")),
        };
        uuid.map(Some).ok_or_else(|| DecodeError::new(index, "is no UUID of 16 bytes or as text"))
    }

    fn timestamp(&self, index: usize) -> Result<Option<DateTime<Utc>>, DecodeError> {
        let Some(text) = self.text(index)? else { return Ok(None) };
        let time = parse_timestamp(text);
        time.map(Some).ok_or_else(|| DecodeError::new(index, "is no time of RFC 3339, as in 2026-01-31T23:59:59Z"))
    }

    fn date(&self, index: usize) -> Result<Option<NaiveDate>, DecodeError> {
        let Some(text) = self.text(index)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| DecodeError::new(index, "is no date, as in 2026-01-31"))
    }

    fn decimal(&self, index: usize) -> Result<Option<Decimal>, DecodeError> {
        let decimal = match read(self, index)? {
            None => return Ok(None),
            Some(Stored::Text(text)) => text.parse().ok(),
            Some(Stored::Integer(integer)) => Some(integer.into()),
            Some(Stored::Real(real)) => Decimal::try_from(real).ok(),
            Some(other) => return Err(other.mismatch(index, "TEXT")),
        };
        decimal.map(Some).ok_or_else(|| DecodeError::new(index, "is no decimal number"))
    }

    fn json(&self, index: usize) -> Result<Option<&str>, DecodeError> {
        self.text(index)
    }
}

/// RFC 3339, and what `CURRENT_TIMESTAMP` writes: UTC without saying so.
fn parse_timestamp(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let formats = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"];
    formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok()).map(|time| time.and_utc())
}
