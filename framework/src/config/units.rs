//! Durations and sizes as people write them: `250ms`, `1MiB`; and numbers that may not be 0.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

const DURATIONS: &[(&str, u64)] = &[("ms", 1), ("s", 1000), ("min", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
const SIZES: &[(&str, u64)] = &[("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1), ("", 1)];

pub(super) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = NumberOrText::deserialize(deserializer)?.into_text();
    let milliseconds = scaled(&text, DURATIONS).filter(|milliseconds| *milliseconds > 0);
    milliseconds.map(Duration::from_millis).ok_or_else(|| {
        de::Error::invalid_value(de::Unexpected::Str(&text), &"a duration such as `250ms`, `5s`, `10min`, `1h` or `1d`")
    })
}

pub(super) fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let text = NumberOrText::deserialize(deserializer)?.into_text();
    let bytes = scaled(&text, SIZES).and_then(|bytes| usize::try_from(bytes).ok()).filter(|bytes| *bytes > 0);
    bytes.ok_or_else(|| de::Error::invalid_value(de::Unexpected::Str(&text), &"a size such as `64KiB` or `1MiB`"))
}

pub(super) fn at_least_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    match usize::deserialize(deserializer)? {
        0 => Err(de::Error::invalid_value(de::Unexpected::Unsigned(0), &"at least 1")),
        number => Ok(number),
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum NumberOrText {
    Number(u64),
    Text(String),
}

impl NumberOrText {
    fn into_text(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text,
        }
    }
}

fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_without_a_unit_is_no_duration_but_a_size() {
        assert_eq!(scaled("5", DURATIONS), None);
        assert_eq!(scaled("5", SIZES), Some(5));
    }

    #[test]
    fn units_may_stand_apart() {
        assert_eq!(scaled("10min", DURATIONS), Some(600_000));
        assert_eq!(scaled("1 MiB", SIZES), Some(1_048_576));
        for wrong in ["", "s", "-5s", "5 parsecs", "99999999999999999999s", "1.5s"] {
            assert_eq!(scaled(wrong, DURATIONS), None, "{wrong}");
        }
    }
}
