//! A row in memory.

use chrono::{DateTime, NaiveDate, Utc};
use couplet::model::{DecodeError, Model, Row, Value};
use couplet::prelude::{Decimal, Uuid};

/// A row that holds these values.
pub(crate) struct Values(pub(crate) Vec<Value>);

/// Decodes a row of these values.
pub(crate) fn decode<M: Model>(values: impl Into<Vec<Value>>) -> M {
    M::decode(&Values(values.into())).expect("values of the columns' types")
}

/// Decodes a row of these values and writes it as JSON.
pub(crate) fn json<M: Model>(values: impl Into<Vec<Value>>) -> String {
    let mut out = Vec::new();
    decode::<M>(values).write_json(&mut out);
    String::from_utf8(out).expect("JSON is UTF-8")
}

pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

macro_rules! read {
    ($($name:ident $variant:ident $ty:ty, $value:ident => $read:expr;)*) => {$(
        fn $name(&self, index: usize) -> Result<Option<$ty>, DecodeError> {
            match &self.0[index] {
                Value::Null => Ok(None),
                Value::$variant($value) => Ok(Some($read)),
                other => Err(DecodeError::new(index, format!("{other:?}"))),
            }
        }
    )*};
}

impl Row for Values {
    read! {
        bool Bool bool, value => *value;
        i16 I16 i16, value => *value;
        i32 I32 i32, value => *value;
        i64 I64 i64, value => *value;
        f64 F64 f64, value => *value;
        text Text &str, value => value;
        bytes Bytes &[u8], value => value;
        uuid Uuid Uuid, value => *value;
        timestamp Timestamp DateTime<Utc>, value => *value;
        date Date NaiveDate, value => *value;
        decimal Decimal Decimal, value => *value;
        // The text of a JSON column stands in a text here.
        json Text &str, value => value;
    }
}
