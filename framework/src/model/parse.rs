//! Values from a client's text: a query parameter or a member of a JSON body.
//!
//! What is accepted here can be stored by every database: no NUL characters, finite floats, integers in range, times of
//! the years 1 to 9999. An error is a sentence that says what would be accepted.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, Datelike, NaiveDate, SubsecRound, Utc};
use rust_decimal::Decimal;
use serde_json::Value as Json;
use uuid::Uuid;

use super::column::ColumnType;
use super::nearest::nearest;
use super::value::Value;

/// Digits of a decimal at most, which is what `Decimal` always holds exactly.
const DECIMAL_DIGITS: usize = 28;

impl Value {
    /// Reads the text of a query parameter as a value of type `ty`.
    ///
    /// # Errors
    ///
    /// A sentence that says what would be accepted.
    ///
    /// # Examples
    ///
    /// ```
    /// use couplet::model::{ColumnType, Value};
    ///
    /// assert_eq!(Value::parse_text(ColumnType::I32, "7"), Ok(Value::I32(7)));
    /// assert!(Value::parse_text(ColumnType::I32, "seven").is_err());
    /// ```
    pub fn parse_text(ty: ColumnType, text: &str) -> Result<Self, String> {
        refuse_nul(text)?;
        match ty {
            ColumnType::Bool => match text {
                "true" | "1" => Ok(Self::Bool(true)),
                "false" | "0" => Ok(Self::Bool(false)),
                _ => Err("expected true or false".to_owned()),
            },
            ColumnType::I16 | ColumnType::I32 | ColumnType::I64 => is_integer(text)
                .then(|| text.parse().ok())
                .flatten()
                .and_then(|n| integer(ty, n))
                .ok_or_else(|| refused(ty)),
            ColumnType::F64 => float(text.parse().ok()),
            ColumnType::Json => {
                let json: Json = serde_json::from_str(text).map_err(|_| "expected JSON".to_owned())?;
                Self::from_json(ty, &json)
            }
            _ => from_string(ty, text),
        }
    }

    /// Reads a member of a JSON body as a value of type `ty`. `null` is a value of a JSON column only; whether another
    /// column takes NULL is for the caller to say.
    ///
    /// # Errors
    ///
    /// A sentence that says what would be accepted.
    pub fn from_json(ty: ColumnType, json: &Json) -> Result<Self, String> {
        match (ty, json) {
            (ColumnType::Json, json) => {
                refuse_nul_inside(json)?;
                Ok(Self::Json(json.clone()))
            }
            (ColumnType::Bool, Json::Bool(value)) => Ok(Self::Bool(*value)),
            (ColumnType::I16 | ColumnType::I32 | ColumnType::I64, Json::Number(number)) => {
                number.as_i64().and_then(|number| integer(ty, number)).ok_or_else(|| refused(ty))
            }
            (ColumnType::F64, Json::Number(number)) => float(number.as_f64()),
            // Whoever wrote the number may have written a float, which keeps no cents.
            (ColumnType::Decimal, Json::Number(_)) => {
                Err(format!("expected {}, written as a string", expected(ColumnType::Decimal)))
            }
            (
                ColumnType::Text
                | ColumnType::Bytes
                | ColumnType::Uuid
                | ColumnType::Timestamp
                | ColumnType::Date
                | ColumnType::Decimal
                | ColumnType::Enum(_),
                Json::String(text),
            ) => {
                refuse_nul(text)?;
                from_string(ty, text)
            }
            _ => Err(format!("expected {}, found {}", expected(ty), kind(json))),
        }
    }
}

/// What a value of the type is, in a sentence that begins with "expected".
#[must_use]
pub fn expected(ty: ColumnType) -> String {
    match ty {
        ColumnType::Bool => "true or false".to_owned(),
        ColumnType::I16 => integers(i16::MIN, i16::MAX),
        ColumnType::I32 => integers(i32::MIN, i32::MAX),
        ColumnType::I64 => integers(i64::MIN, i64::MAX),
        ColumnType::F64 => "a finite number".to_owned(),
        ColumnType::Text => "a text".to_owned(),
        ColumnType::Bytes => "bytes in base64, as in \"aGVsbG8=\"".to_owned(),
        ColumnType::Uuid => "a UUID, as in \"018f4c2e-7b1a-7c3d-9e4f-5a6b7c8d9e0f\"".to_owned(),
        ColumnType::Timestamp => {
            "a time in RFC 3339 with an offset, as in \"2024-05-06T07:08:09Z\" (in a URL write + as %2B)".to_owned()
        }
        ColumnType::Date => "a date of the years 0001 to 9999, as in \"2024-05-06\"".to_owned(),
        ColumnType::Decimal => format!("a decimal of at most {DECIMAL_DIGITS} digits, as in \"12.50\""),
        ColumnType::Json => "JSON".to_owned(),
        ColumnType::Enum(names) => format!("one of {}", names.join(", ")),
    }
}

fn integers(min: impl std::fmt::Display, max: impl std::fmt::Display) -> String {
    format!("an integer from {min} to {max}")
}

fn from_string(ty: ColumnType, text: &str) -> Result<Value, String> {
    let value = match ty {
        ColumnType::Text => Some(Value::Text(text.to_owned())),
        ColumnType::Bytes => BASE64.decode(text).ok().map(Value::Bytes),
        ColumnType::Uuid => uuid(text).map(Value::Uuid),
        ColumnType::Timestamp => timestamp(text).map(Value::Timestamp),
        ColumnType::Date => date(text).map(Value::Date),
        ColumnType::Decimal => decimal(text).map(Value::Decimal),
        ColumnType::Enum(names) => return variant(names, text),
        _ => None,
    };
    value.ok_or_else(|| refused(ty))
}

fn variant(names: &[&'static str], text: &str) -> Result<Value, String> {
    if names.contains(&text) {
        return Ok(Value::Text(text.to_owned()));
    }
    let list = names.join(", ");
    Err(match nearest(text, names.iter().copied()) {
        Some(name) => format!("expected one of {list}; did you mean {name}?"),
        None => format!("expected one of {list}"),
    })
}

fn refuse_nul(text: &str) -> Result<(), String> {
    if text.contains('\0') { Err("expected a text without NUL characters (U+0000)".to_owned()) } else { Ok(()) }
}

fn refuse_nul_inside(json: &Json) -> Result<(), String> {
    match json {
        Json::String(text) => refuse_nul(text),
        Json::Array(items) => items.iter().try_for_each(refuse_nul_inside),
        Json::Object(members) => members.iter().try_for_each(|(name, value)| {
            refuse_nul(name)?;
            refuse_nul_inside(value)
        }),
        _ => Ok(()),
    }
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn integer(ty: ColumnType, number: i64) -> Option<Value> {
    match ty {
        ColumnType::I16 => number.try_into().ok().map(Value::I16),
        ColumnType::I32 => number.try_into().ok().map(Value::I32),
        _ => Some(Value::I64(number)),
    }
}

fn refused(ty: ColumnType) -> String {
    format!("expected {}", expected(ty))
}

fn float(number: Option<f64>) -> Result<Value, String> {
    number.filter(|number| number.is_finite()).map(Value::F64).ok_or_else(|| refused(ColumnType::F64))
}

fn uuid(text: &str) -> Option<Uuid> {
    // `try_parse` takes braces and URNs too, which have other lengths.
    matches!(text.len(), 32 | 36).then(|| Uuid::try_parse(text).ok()).flatten()
}

fn timestamp(text: &str) -> Option<DateTime<Utc>> {
    // chrono also takes a space between date and time, which RFC 3339 calls an agreement between applications.
    text.get(10..11).filter(|separator| separator.eq_ignore_ascii_case("t"))?;
    let time = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
    let leap_second = time.timestamp_subsec_nanos() >= 1_000_000_000;
    ((1..=9999).contains(&time.year()) && !leap_second).then(|| time.trunc_subsecs(6))
}

fn date(text: &str) -> Option<NaiveDate> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else { return None };
    let number = |digits: &[&u8]| {
        digits.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u32::from(*digit - b'0')))
    };
    let year = number(&[y1, y2, y3, y4]).filter(|year| *year > 0)?;
    NaiveDate::from_ymd_opt(year.try_into().ok()?, number(&[m1, m2])?, number(&[d1, d2])?)
}

fn decimal(text: &str) -> Option<Decimal> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let digits =
        whole.trim_start_matches('0').len() + unsigned.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    (digits <= DECIMAL_DIGITS).then(|| Decimal::from_str_exact(text).ok()).flatten()
}

fn kind(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const STATUS: ColumnType = ColumnType::Enum(&["active", "inactive"]);
    const TYPES: [ColumnType; 13] = [
        ColumnType::Bool,
        ColumnType::I16,
        ColumnType::I32,
        ColumnType::I64,
        ColumnType::F64,
        ColumnType::Text,
        ColumnType::Bytes,
        ColumnType::Uuid,
        ColumnType::Timestamp,
        ColumnType::Date,
        ColumnType::Decimal,
        ColumnType::Json,
        STATUS,
    ];

    fn text(ty: ColumnType, text: &str) -> Result<Value, String> {
        Value::parse_text(ty, text)
    }

    #[test]
    fn integers_are_exact_and_in_range() {
        assert_eq!(text(ColumnType::I16, "-32768"), Ok(Value::I16(i16::MIN)));
        assert_eq!(text(ColumnType::I64, "9223372036854775807"), Ok(Value::I64(i64::MAX)));
        for bad in ["", "-", "+1", " 1", "1.0", "1e3", "2147483648", "9223372036854775808", "99999999999999999999", "٣"]
        {
            let error = text(ColumnType::I32, bad).expect_err(bad);
            assert_eq!(error, "expected an integer from -2147483648 to 2147483647");
        }
        assert_eq!(Value::from_json(ColumnType::I16, &json!(7)), Ok(Value::I16(7)));
        for bad in [json!(1.0), json!(40_000), json!(u64::MAX), json!("7"), json!(true), json!(null), json!([1])] {
            assert!(Value::from_json(ColumnType::I16, &bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn floats_are_finite() {
        assert_eq!(text(ColumnType::F64, "-1.5e3"), Ok(Value::F64(-1500.0)));
        for bad in ["NaN", "inf", "-infinity", "1e999", "", "1,5"] {
            assert_eq!(text(ColumnType::F64, bad), Err("expected a finite number".to_owned()), "{bad}");
        }
        assert_eq!(Value::from_json(ColumnType::F64, &json!(4)), Ok(Value::F64(4.0)));
    }

    #[test]
    fn booleans_are_words_or_digits_in_text_and_words_in_json() {
        assert_eq!(text(ColumnType::Bool, "1"), Ok(Value::Bool(true)));
        assert_eq!(text(ColumnType::Bool, "false"), Ok(Value::Bool(false)));
        assert!(text(ColumnType::Bool, "yes").is_err());
        assert!(Value::from_json(ColumnType::Bool, &json!(1)).is_err());
    }

    #[test]
    fn timestamps_become_utc_microseconds() {
        let micros = DateTime::from_timestamp_micros(1_714_979_289_123_456).expect("a time");
        let parsed = text(ColumnType::Timestamp, "2024-05-06T09:08:09.1234567+02:00");
        assert_eq!(parsed, Ok(Value::Timestamp(micros)));
        for bad in [
            "2024-05-06",
            "2024-05-06T07:08:09",
            "2024-05-06 07:08:09Z",
            "2024-05-06T07:08:09 02:00",
            "2024-13-06T07:08:09Z",
            "2016-12-31T23:59:60Z",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-01:00",
            "+12024-05-06T07:08:09Z",
            "1714979289",
            "2024-05-0€T07:08:09Z",
        ] {
            assert!(text(ColumnType::Timestamp, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn dates_have_ten_characters() {
        assert_eq!(
            text(ColumnType::Date, "2024-02-29"),
            Ok(Value::Date(NaiveDate::from_ymd_opt(2024, 2, 29).expect("a leap year")))
        );
        for bad in ["2023-02-29", "0000-01-01", "10000-01-01", "2024-2-9", "+024-01-01", "2024-01-01T00:00:00Z"] {
            assert!(text(ColumnType::Date, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn decimals_keep_every_digit() {
        let decimal = |text: &str| Value::Decimal(text.parse().expect("a decimal"));
        assert_eq!(text(ColumnType::Decimal, "-12.50"), Ok(decimal("-12.50")));
        assert_eq!(
            Value::from_json(ColumnType::Decimal, &json!("1234567890123456789012345.678")),
            Ok(decimal("1234567890123456789012345.678"))
        );
        for number in [json!(19.99), json!(20)] {
            let error = Value::from_json(ColumnType::Decimal, &number).expect_err("a number is no decimal");
            assert_eq!(error, "expected a decimal of at most 28 digits, as in \"12.50\", written as a string");
        }
        for bad in ["", ".", "1.", ".5", "1e3", "+1", "1_000", "NaN", "12345678901234567890123456789", "0x10"] {
            assert!(text(ColumnType::Decimal, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn uuids_come_hyphenated_or_simple() {
        let id = Uuid::from_u128(0x018f_4c2e_7b1a_7c3d_9e4f_5a6b_7c8d_9e0f);
        assert_eq!(text(ColumnType::Uuid, &id.to_string()), Ok(Value::Uuid(id)));
        assert_eq!(text(ColumnType::Uuid, &id.simple().to_string()), Ok(Value::Uuid(id)));
        assert!(text(ColumnType::Uuid, &id.urn().to_string()).is_err());
        assert!(text(ColumnType::Uuid, &id.braced().to_string()).is_err());
    }

    #[test]
    fn bytes_are_base64() {
        assert_eq!(Value::from_json(ColumnType::Bytes, &json!("aGk=")), Ok(Value::Bytes(b"hi".to_vec())));
        assert!(Value::from_json(ColumnType::Bytes, &json!("aGk")).is_err());
    }

    #[test]
    fn an_unknown_variant_names_the_nearest() {
        assert_eq!(text(STATUS, "active"), Ok(Value::Text("active".to_owned())));
        assert_eq!(text(STATUS, "actve"), Err("expected one of active, inactive; did you mean active?".to_owned()));
        assert_eq!(text(STATUS, "gone"), Err("expected one of active, inactive".to_owned()));
    }

    #[test]
    fn nul_is_refused_everywhere() {
        for ty in TYPES {
            assert!(text(ty, "a\0b").is_err(), "{ty:?}");
            assert!(Value::from_json(ty, &json!("a\0b")).is_err(), "{ty:?}");
        }
        assert!(Value::from_json(ColumnType::Json, &json!({"a": [{"b\0": 1}]})).is_err());
        assert!(Value::from_json(ColumnType::Json, &json!({"a": ["\0"]})).is_err());
        assert!(Value::from_json(ColumnType::Json, &json!({"a": ["fine"], "b": null})).is_ok());
    }

    #[test]
    fn no_input_panics() {
        let nasty = [
            "",
            " ",
            "-",
            "--1",
            "\u{feff}1",
            "é",
            "🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀",
            "%00",
            "'; DROP TABLE books; --",
            "1e9999",
            "-0",
            "{",
            "[[[[",
            "\"",
            "\u{202e}",
            "0000-00-00",
            "9999-99-99T99:99:99Z",
            "====",
            "2024-05-06T",
            "𝟙𝟚𝟛",
        ];
        for ty in TYPES {
            for input in nasty {
                let _ = text(ty, input);
                let _ = Value::from_json(ty, &json!(input));
            }
        }
    }
}
