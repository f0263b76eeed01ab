//! Whether a value satisfies the rules of its column.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::{Mutex, OnceLock, PoisonError};

use regex::Regex;
use rust_decimal::prelude::ToPrimitive;

use super::column::{ColumnMeta, Rule};
use super::value::Value;

impl ColumnMeta {
    /// The first rule that `value` breaks: a stable code and a sentence that says what would be accepted. NULL breaks none.
    #[must_use]
    pub fn check(&self, value: &Value) -> Option<(&'static str, String)> {
        match value {
            Value::Json(json) => {
                let reason = (self.accepts)(json).err()?;
                Some(("invalid_value", format!("expected JSON of the form that this field has: {reason}")))
            }
            value => self.rules.iter().find_map(|rule| rule.check(value)),
        }
    }

    /// What is wrong with a pattern that is no regular expression, in one line; asked when an app starts.
    #[must_use]
    pub fn broken_pattern(&self) -> Option<String> {
        self.rules.iter().find_map(|rule| match rule {
            Rule::Pattern(pattern) => Regex::new(pattern).err().map(|error| {
                // regex draws the pattern with a mark below it and gives the reason in the last line.
                let drawing = error.to_string();
                let reason = drawing.lines().last().unwrap_or_default();
                format!("\"{pattern}\": {}", reason.trim_start_matches("error: "))
            }),
            _ => None,
        })
    }
}

impl Rule {
    fn check(&self, value: &Value) -> Option<(&'static str, String)> {
        match (self, value) {
            (Self::Length { min, max }, Value::Text(text)) => {
                outside(&text.chars().count(), min.as_ref(), max.as_ref())
                    .map(|bounds| ("length", format!("expected {bounds} characters")))
            }
            (Self::Length { min, max }, Value::Bytes(bytes)) => outside(&bytes.len(), min.as_ref(), max.as_ref())
                .map(|bounds| ("length", format!("expected {bounds} bytes"))),
            (Self::IntegerRange { min, max }, value) => {
                let number = match value {
                    Value::I16(number) => i64::from(*number),
                    Value::I32(number) => i64::from(*number),
                    Value::I64(number) => *number,
                    _ => return None,
                };
                outside(&number, min.as_ref(), max.as_ref()).map(|bounds| ("range", format!("expected {bounds}")))
            }
            (Self::FloatRange { min, max }, value) => {
                let number = match value {
                    Value::F64(number) => *number,
                    Value::Decimal(number) => number.to_f64()?,
                    _ => return None,
                };
                outside(&number, min.as_ref(), max.as_ref()).map(|bounds| ("range", format!("expected {bounds}")))
            }
            (Self::Pattern(pattern), Value::Text(text)) => (!matches(pattern, text))
                .then(|| ("pattern", format!("expected a text that matches the regular expression {pattern}"))),
            _ => None,
        }
    }
}

/// The bounds in words, if `value` lies outside.
fn outside<T: PartialOrd + Display>(value: &T, min: Option<&T>, max: Option<&T>) -> Option<String> {
    if min.is_none_or(|min| value >= min) && max.is_none_or(|max| value <= max) {
        return None;
    }
    match (min, max) {
        (Some(min), Some(max)) => Some(format!("{min} to {max}")),
        (Some(min), None) => Some(format!("at least {min}")),
        (None, Some(max)) => Some(format!("at most {max}")),
        (None, None) => None,
    }
}

/// Patterns are constants of the program, so each is compiled once and kept. One that is no regular expression matches
/// nothing: a rule that cannot be checked must not let values through.
fn matches(pattern: &'static str, text: &str) -> bool {
    static COMPILED: OnceLock<Mutex<HashMap<&'static str, Option<Regex>>>> = OnceLock::new();
    let compiled = {
        let mut cache = COMPILED.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
        cache.entry(pattern).or_insert_with(|| Regex::new(pattern).ok()).clone()
    };
    compiled.is_some_and(|regex| regex.is_match(text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Json, Model};

    #[derive(Debug, serde::Serialize, serde::Deserialize)]
    struct Size {
        width: u32,
    }

    #[derive(couplet_macros::Model)]
    struct Cover {
        id: i64,
        #[field(pattern = "^[a-z")]
        code: String,
        size: Json<Size>,
    }

    fn sentence(rule: Rule, value: &Value) -> Option<String> {
        rule.check(value).map(|(code, sentence)| format!("{code}: {sentence}"))
    }

    #[test]
    fn length_counts_characters() {
        let rule = Rule::Length { min: Some(1), max: Some(3) };
        assert_eq!(sentence(rule, &Value::Text("漢字!".to_owned())), None);
        assert_eq!(sentence(rule, &Value::Text(String::new())).as_deref(), Some("length: expected 1 to 3 characters"));
        assert_eq!(sentence(rule, &Value::Bytes(vec![0; 4])).as_deref(), Some("length: expected 1 to 3 bytes"));
    }

    #[test]
    fn ranges_include_both_ends() {
        let rule = Rule::IntegerRange { min: Some(1), max: Some(5) };
        assert_eq!(sentence(rule, &Value::I32(5)), None);
        assert_eq!(sentence(rule, &Value::I32(6)).as_deref(), Some("range: expected 1 to 5"));
        let rule = Rule::FloatRange { min: Some(0.0), max: None };
        assert_eq!(sentence(rule, &Value::F64(0.0)), None);
        assert_eq!(sentence(rule, &Value::F64(-0.1)).as_deref(), Some("range: expected at least 0"));
        assert_eq!(sentence(rule, &Value::Decimal((-1).into())).as_deref(), Some("range: expected at least 0"));
    }

    #[test]
    fn a_pattern_may_match_anywhere_and_a_broken_one_matches_nothing() {
        let text = |text: &str| Value::Text(text.to_owned());
        assert_eq!(sentence(Rule::Pattern("[0-9]+"), &text("abc1")), None);
        assert!(sentence(Rule::Pattern("^[0-9]+$"), &text("abc1")).is_some());
        assert!(sentence(Rule::Pattern("("), &text("(")).is_some());
    }

    #[test]
    fn json_of_another_form_is_refused_with_the_reason() {
        let check =
            |json| Cover::COLUMNS[2].check(&Value::Json(json)).map(|(code, detail)| format!("{code}: {detail}"));
        assert_eq!(check(json!({"width": 1})), None);
        assert_eq!(
            check(json!({"height": 1})).as_deref(),
            Some("invalid_value: expected JSON of the form that this field has: missing field `width`")
        );
    }

    #[test]
    fn a_broken_pattern_is_explained_in_one_line() {
        assert_eq!(Cover::COLUMNS[1].broken_pattern().as_deref(), Some("\"^[a-z\": unclosed character class"));
    }

    #[test]
    fn null_breaks_no_rule() {
        assert_eq!(sentence(Rule::Length { min: Some(1), max: None }, &Value::Null), None);
        assert_eq!(sentence(Rule::Pattern("x"), &Value::Null), None);
    }
}
