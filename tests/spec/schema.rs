//! Whether a value satisfies a schema of the specification: the part of OpenAPI 3.0's schemas that it uses.

use std::collections::HashSet;

use couplet::prelude::*;
use regex::Regex;
use serde_json::{Map, Value};

/// Schemas in the document that they refer to.
pub struct Schemas<'a>(pub &'a Value);

impl Schemas<'_> {
    /// Follows a `$ref`.
    ///
    /// # Panics
    ///
    /// It leads nowhere.
    pub fn resolve<'b>(&'b self, schema: &'b Value) -> &'b Value {
        match schema["$ref"].as_str() {
            Some(reference) => {
                let target = reference.strip_prefix('#').and_then(|pointer| self.0.pointer(pointer));
                self.resolve(target.unwrap_or_else(|| panic!("{reference} leads nowhere")))
            }
            None => schema,
        }
    }

    /// What is wrong with `value`; a member that the schema does not name is wrong too.
    pub fn mistakes(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut mistakes = Vec::new();
        self.check(self.resolve(schema), value, "", &mut mistakes);
        mistakes
    }

    fn check(&self, schema: &Value, value: &Value, place: &str, mistakes: &mut Vec<String>) {
        let keywords = schema.as_object().unwrap_or_else(|| panic!("no schema: {schema}"));
        if value.is_null() && schema["nullable"] == true && schema.get("enum").is_none() {
            return;
        }
        for (keyword, argument) in keywords {
            if !self.holds(schema, keyword, argument, value, place, mistakes) {
                mistakes.push(format!("{place}: {value} breaks {keyword}: {argument}"));
            }
        }
    }

    /// Whether one keyword holds; mistakes further inside are added where they are.
    fn holds(
        &self,
        schema: &Value,
        keyword: &str,
        argument: &Value,
        value: &Value,
        place: &str,
        mistakes: &mut Vec<String>,
    ) -> bool {
        let text = || value.as_str().unwrap_or_default();
        let length = || text().chars().count() as u64;
        let items = || value.as_array().map(Vec::as_slice).unwrap_or_default();
        let bound = || argument.as_u64().unwrap();
        match keyword {
            "$ref" => self.check(self.resolve(schema), value, place, mistakes),
            "oneOf" => {
                let fits = |schema: &&Value| self.mistakes(schema, value).is_empty();
                return argument.as_array().unwrap().iter().filter(fits).count() == 1;
            }
            "type" => {
                return value.is_null() && schema["nullable"] == true || has_type(value, argument.as_str().unwrap());
            }
            "format" => return !value.is_string() || has_format(text(), argument.as_str().unwrap()),
            "enum" => return argument.as_array().unwrap().contains(value),
            "pattern" => return Regex::new(argument.as_str().unwrap()).unwrap().is_match(text()),
            "minLength" => return length() >= bound(),
            "maxLength" => return length() <= bound(),
            "minimum" => return value.as_f64().unwrap_or(f64::NAN) >= argument.as_f64().unwrap(),
            "maximum" => return value.as_f64().unwrap_or(f64::NAN) <= argument.as_f64().unwrap(),
            "minItems" => return items().len() as u64 >= bound(),
            "maxItems" => return items().len() as u64 <= bound(),
            "uniqueItems" => {
                return items().iter().map(Value::to_string).collect::<HashSet<_>>().len() == items().len();
            }
            "items" => {
                for (index, item) in items().iter().enumerate() {
                    self.check(self.resolve(argument), item, &format!("{place}/{index}"), mistakes);
                }
            }
            "required" => {
                for name in argument.as_array().unwrap() {
                    if value.get(name.as_str().unwrap()).is_none() {
                        mistakes.push(format!("{place}: {name} is missing"));
                    }
                }
            }
            "properties" => self.check_members(argument.as_object().unwrap(), value, place, mistakes),
            "additionalProperties" => return argument == false,
            "nullable" | "description" | "example" | "default" | "readOnly" | "writeOnly" | "title" => {}
            _ => return false,
        }
        true
    }

    fn check_members(&self, properties: &Map<String, Value>, value: &Value, place: &str, mistakes: &mut Vec<String>) {
        for (name, member) in value.as_object().into_iter().flatten() {
            match properties.get(name) {
                Some(schema) => self.check(self.resolve(schema), member, &format!("{place}/{name}"), mistakes),
                None => mistakes.push(format!("{place}: {name:?} is not described")),
            }
        }
    }
}

fn has_type(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        _ => false,
    }
}

fn has_format(text: &str, name: &str) -> bool {
    match name {
        "date-time" => DateTime::parse_from_rfc3339(text).is_ok() && text.ends_with('Z'),
        "date" => text.parse::<NaiveDate>().is_ok(),
        "uuid" => Uuid::try_parse(text).is_ok(),
        "decimal" => text.parse::<Decimal>().is_ok(),
        "byte" => {
            text.len().is_multiple_of(4) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b))
        }
        _ => false,
    }
}
