//! JSON in which no member is named twice, since one of its values would be lost.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Value as JsonValue};

/// A JSON value without a member that is there twice, however deep.
pub(super) struct Unique(pub(super) JsonValue);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Values).map(Self)
    }
}

struct Values;

macro_rules! scalars {
    ($($visit:ident: $ty:ty),*) => {$(
        fn $visit<E>(self, value: $ty) -> Result<JsonValue, E> {
            Ok(value.into())
        }
    )*};
}

impl<'de> Visitor<'de> for Values {
    type Value = JsonValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<JsonValue, A::Error> {
        let mut members = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            match members.entry(name) {
                Entry::Vacant(member) => member.insert(access.next_value::<Unique>()?.0),
                Entry::Occupied(member) => {
                    return Err(A::Error::custom(format!("{:?} is there twice", member.key())));
                }
            };
        }
        Ok(members.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<JsonValue, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element::<Unique>()? {
            items.push(item.0);
        }
        Ok(items.into())
    }

    fn visit_unit<E>(self) -> Result<JsonValue, E> {
        Ok(JsonValue::Null)
    }

    scalars!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str, visit_string: String);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_that_serde_reads() {
        for text in [
            "null",
            "true",
            "-1",
            "18446744073709551615",
            "1.5",
            r#""a\"b""#,
            "[]",
            r#"{"a": [1, {"b": {}}], "c": null}"#,
        ] {
            let read: Unique = serde_json::from_str(text).expect("JSON");
            assert_eq!(read.0, serde_json::from_str::<JsonValue>(text).expect("JSON"), "{text}");
        }
    }

    #[test]
    fn a_member_that_is_there_twice_is_refused_however_deep() {
        for text in [r#"{"a": 1, "a": 1}"#, r#"[{"a": {"b": 1, "b": 2}}]"#, r#"{"a": {"b": 1, "\u0062": 2}}"#] {
            assert!(serde_json::from_str::<Unique>(text).is_err(), "{text}");
        }
    }
}
