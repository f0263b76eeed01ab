//! The specification as YAML.
//!
//! Texts are written as JSON writes them, which is YAML too: no reader takes a quoted text for a date, a number or a
//! boolean, as those of YAML 1.1 do with plain ones.

use serde_json::Value as JsonValue;

/// The document in block style.
pub(super) fn text(document: &JsonValue) -> String {
    let mut out = String::new();
    write(&mut out, document, 0);
    out
}

/// Writes a value that begins at the place where `out` ends, and ends its last line.
fn write(out: &mut String, value: &JsonValue, depth: usize) {
    match value {
        JsonValue::Object(members) if !members.is_empty() => {
            for (index, (name, value)) in members.iter().enumerate() {
                indent(out, if index == 0 { 0 } else { depth });
                out.push_str(&key(name));
                out.push(':');
                if is_block(value) {
                    out.push('\n');
                    indent(out, depth + 1);
                    write(out, value, depth + 1);
                } else {
                    out.push(' ');
                    write(out, value, depth);
                }
            }
        }
        JsonValue::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                indent(out, if index == 0 { 0 } else { depth });
                out.push_str("- ");
                write(out, item, depth + 1);
            }
        }
        scalar => {
            out.push_str(&scalar.to_string());
            out.push('\n');
        }
    }
}

fn is_block(value: &JsonValue) -> bool {
    match value {
        JsonValue::Object(members) => !members.is_empty(),
        JsonValue::Array(items) => !items.is_empty(),
        _ => false,
    }
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}

/// Words that YAML 1.1 takes for something else than a text.
const RESERVED: &[&str] = &["null", "true", "false", "yes", "no", "on", "off", "y", "n"];

fn key(name: &str) -> String {
    let plain = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        && !RESERVED.contains(&name.to_ascii_lowercase().as_str());
    if plain { name.to_owned() } else { JsonValue::from(name).to_string() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn blocks_are_indented_and_texts_quoted() {
        let document = json!({
            "openapi": "3.0.3",
            "paths": {"/books": {"get": {"tags": ["a: b", "2024-05-06"], "parameters": [{"in": "query", "on": true}]}}},
            "security": [],
            "nested": [[1, 2.5], {}, null],
        });
        let expected = r#"openapi: "3.0.3"
paths:
  "/books":
    get:
      tags:
        - "a: b"
        - "2024-05-06"
      parameters:
        - in: "query"
          "on": true
security: []
nested:
  - - 1
    - 2.5
  - {}
  - null
"#;
        assert_eq!(text(&document), expected);
    }
}
