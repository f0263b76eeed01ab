//! Rows of PostgreSQL, in its binary format.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::postgres::{PgRow, PgTypeInfo, PgTypeKind, PgValueFormat, PgValueRef};
use sqlx::{Decode as _, Row as _, ValueRef as _};
use uuid::Uuid;

use crate::model::{DecodeError, Row};

/// Object ids of the built-in types; they never change.
mod oid {
    pub(super) const BOOL: u32 = 16;
    pub(super) const BYTEA: u32 = 17;
    pub(super) const NAME: u32 = 19;
    pub(super) const INT8: u32 = 20;
    pub(super) const INT2: u32 = 21;
    pub(super) const INT4: u32 = 23;
    pub(super) const TEXT: u32 = 25;
    pub(super) const JSON: u32 = 114;
    pub(super) const FLOAT4: u32 = 700;
    pub(super) const FLOAT8: u32 = 701;
    pub(super) const BPCHAR: u32 = 1042;
    pub(super) const VARCHAR: u32 = 1043;
    pub(super) const DATE: u32 = 1082;
    pub(super) const TIMESTAMP: u32 = 1114;
    pub(super) const TIMESTAMPTZ: u32 = 1184;
    pub(super) const NUMERIC: u32 = 1700;
    pub(super) const UUID: u32 = 2950;
    pub(super) const JSONB: u32 = 3802;

    /// From here on types are made by users: enums, domains, extensions such as citext.
    pub(super) const FIRST_OF_USERS: u32 = 16384;
}

/// 2000-01-01, from which PostgreSQL counts, in microseconds since 1970 and in days since the year 1.
const EPOCH_MICROSECONDS: i64 = 946_684_800_000_000;
const EPOCH_DAYS: i32 = 730_120;

struct Raw<'r> {
    row: &'r PgRow,
    index: usize,
    ty: u32,
    bytes: &'r [u8],
}

fn value(row: &PgRow, index: usize) -> Result<PgValueRef<'_>, DecodeError> {
    row.try_get_raw(index).map_err(|error| DecodeError::new(index, error))
}

fn read(row: &PgRow, index: usize) -> Result<Option<Raw<'_>>, DecodeError> {
    let value = value(row, index)?;
    if value.is_null() {
        return Ok(None);
    }
    if value.format() == PgValueFormat::Text {
        return Err(DecodeError::new(index, "is in PostgreSQL's text format, and the binary one is read"));
    }
    let ty = base_type(&value.type_info());
    let bytes = value.as_bytes().map_err(|error| DecodeError::new(index, error))?;
    Ok(Some(Raw { row, index, ty, bytes }))
}

/// The id of a type, and of the type below it where it is a domain.
fn base_type(ty: &PgTypeInfo) -> u32 {
    let oid = ty.oid().map_or(oid::FIRST_OF_USERS, |oid| oid.0);
    if oid >= oid::FIRST_OF_USERS
        && let PgTypeKind::Domain(base) = ty.kind()
    {
        return base_type(base);
    }
    oid
}

impl<'r> Raw<'r> {
    fn fixed<const N: usize>(&self) -> Result<[u8; N], DecodeError> {
        self.bytes.try_into().map_err(|_| DecodeError::new(self.index, format!("has not the {N} bytes of its type")))
    }

    fn text(&self) -> Result<&'r str, DecodeError> {
        std::str::from_utf8(self.bytes).map_err(|error| DecodeError::new(self.index, error))
    }

    fn integer(&self) -> Result<i64, DecodeError> {
        match self.ty {
            oid::INT8 => self.fixed().map(i64::from_be_bytes),
            oid::INT4 => self.fixed().map(|bytes| i32::from_be_bytes(bytes).into()),
            oid::INT2 => self.fixed().map(|bytes| i16::from_be_bytes(bytes).into()),
            _ => Err(self.mismatch("an integer")),
        }
    }

    fn narrow<T: TryFrom<i64>>(&self, wanted: &str) -> Result<T, DecodeError> {
        T::try_from(self.integer()?).map_err(|_| DecodeError::new(self.index, format!("is beyond {wanted}")))
    }

    fn mismatch(&self, wanted: &str) -> DecodeError {
        match value(self.row, self.index) {
            Ok(value) => {
                DecodeError::new(self.index, format!("is of PostgreSQL's type {}, not {wanted}", value.type_info()))
            }
            Err(error) => error,
        }
    }
}

impl Row for PgRow {
    fn bool(&self, index: usize) -> Result<Option<bool>, DecodeError> {
        let Some(raw) = read(self, index)? else { return Ok(None) };
        match raw.ty {
            oid::BOOL => raw.fixed::<1>().map(|[byte]| Some(byte != 0)),
            _ => Err(raw.mismatch("boolean")),
        }
    }

    fn i16(&self, index: usize) -> Result<Option<i16>, DecodeError> {
        read(self, index)?.map(|raw| raw.narrow("an i16")).transpose()
    }

    fn i32(&self, index: usize) -> Result<Option<i32>, DecodeError> {
        read(self, index)?.map(|raw| raw.narrow("an i32")).transpose()
    }

    fn i64(&self, index: usize) -> Result<Option<i64>, DecodeError> {
        read(self, index)?.map(|raw| raw.integer()).transpose()
    }

    fn f64(&self, index: usize) -> Result<Option<f64>, DecodeError> {
        let Some(raw) = read(self, index)? else { return Ok(None) };
        match raw.ty {
            oid::FLOAT8 => raw.fixed().map(|bytes| Some(f64::from_be_bytes(bytes))),
            oid::FLOAT4 => raw.fixed().map(|bytes| Some(f32::from_be_bytes(bytes).into())),
            _ => Err(raw.mismatch("a float")),
        }
    }

    fn text(&self, index: usize) -> Result<Option<&str>, DecodeError> {
        let Some(raw) = read(self, index)? else { return Ok(None) };
        match raw.ty {
            oid::TEXT | oid::VARCHAR | oid::NAME | oid::FIRST_OF_USERS.. => raw.text().map(Some),
            // The spaces that fill a char(n) count in no comparison with it, but they would in one with the text.
            oid::BPCHAR => Ok(Some(raw.text()?.trim_end_matches(' '))),
            _ => Err(raw.mismatch("text")),
        }
    }

    fn bytes(&self, index: usize) -> Result<Option<&[u8]>, DecodeError> {
        let Some(raw) = read(self, index)? else { return Ok(None) };
        match raw.ty {
            oid::BYTEA => Ok(Some(raw.bytes)),
            _ => Err(raw.mismatch("bytea")),
        }
    }

    fn uuid(&self, index: usize) -> Result<Option<Uuid>, DecodeError> {
        let Some(raw) = read(self, index)? else { return Ok(None) };
        match raw.ty {
            oid::UUID => raw.fixed().map(|bytes| Some(Uuid::from_bytes(bytes))),
            _ => Err(raw.mismatch("uuid")),
        }
    }

    fn timestamp(&self, index: usize) -> Result<Option<DateTime<Utc>>, DecodeError> {
        let Some(raw) = read(self, index)? else { return Ok(None) };
        if !matches!(raw.ty, oid::TIMESTAMPTZ | oid::TIMESTAMP) {
            return Err(raw.mismatch("timestamp with time zone"));
        }
        let microseconds = i64::from_be_bytes(raw.fixed()?).checked_add(EPOCH_MICROSECONDS);
        let time = microseconds.and_then(DateTime::from_timestamp_micros);
        time.map(Some).ok_or_else(|| DecodeError::new(index, "is infinity or a time beyond chrono's range"))
    }

    fn date(&self, index: usize) -> Result<Option<NaiveDate>, DecodeError> {
        let Some(raw) = read(self, index)? else { return Ok(None) };
        if raw.ty != oid::DATE {
            return Err(raw.mismatch("date"));
        }
        let days = i32::from_be_bytes(raw.fixed()?).checked_add(EPOCH_DAYS);
        let date = days.and_then(NaiveDate::from_num_days_from_ce_opt);
        date.map(Some).ok_or_else(|| DecodeError::new(index, "is infinity or a date beyond chrono's range"))
    }

    fn decimal(&self, index: usize) -> Result<Option<Decimal>, DecodeError> {
        let Some(raw) = read(self, index)? else { return Ok(None) };
        match raw.ty {
            oid::NUMERIC => {
                Decimal::decode(value(self, index)?).map(Some).map_err(|error| DecodeError::new(index, error))
            }
            _ => raw.integer().map(|integer| Some(integer.into())).map_err(|_| raw.mismatch("numeric")),
        }
    }

    fn json(&self, index: usize) -> Result<Option<&str>, DecodeError> {
        let Some(mut raw) = read(self, index)? else { return Ok(None) };
        match (raw.ty, raw.bytes) {
            (oid::JSON, _) => {}
            // The version of the format comes first; there is only one.
            (oid::JSONB, [1, json @ ..]) => raw.bytes = json,
            _ => return Err(raw.mismatch("jsonb")),
        }
        raw.text().map(Some)
    }
}
