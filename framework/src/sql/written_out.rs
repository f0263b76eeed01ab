//! A statement with its values in its text, for PostgreSQL to plan once.
//!
//! A statement with values is planned anew at each execution where a plan for these values is expected to be better than one for
//! any, as with a filter whose values are not equally frequent: a third of the work of a short list. Without values the one plan is
//! kept, and it is the one for these values.

use std::fmt::Write as _;

use sea_query::Value;

use super::Statement;

/// Characters of a text at most.
const LONGEST: usize = 64;

impl Statement {
    /// The same without values, if each can be written without being quoted with care: numbers, booleans, UUIDs, and texts of
    /// letters, digits, `_` and `-`.
    #[must_use]
    pub fn written_out(&self) -> Option<Self> {
        let literals = self.values.iter().map(literal).collect::<Option<Vec<_>>>()?;
        let mut sql = String::with_capacity(self.sql.len() + 16 * literals.len());
        for (is_quoted, part) in parts(&self.sql) {
            match is_quoted {
                true => sql.push_str(part),
                false => write_out(part, &literals, &mut sql)?,
            }
        }
        Some(Self { sql, values: sea_query::Values(Vec::new()), ..*self })
    }
}

/// The text in pieces, each with whether it lies in quotes, which are a part of it. A quote that is doubled ends a piece and begins the
/// next one.
fn parts(sql: &str) -> impl Iterator<Item = (bool, &str)> {
    let mut rest = sql;
    std::iter::from_fn(move || {
        let quote = rest.chars().next()?;
        let is_quoted = matches!(quote, '\'' | '"');
        let end = match is_quoted {
            true => rest[1..].find(quote).map(|end| end + 2),
            false => rest.find(['\'', '"']),
        };
        let (part, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after;
        Some((is_quoted, part))
    })
}

/// Replaces placeholders such as `$1`.
fn write_out(part: &str, literals: &[String], out: &mut String) -> Option<()> {
    let mut pieces = part.split('$');
    out.push_str(pieces.next()?);
    for piece in pieces {
        let digits = piece.len() - piece.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        let place: usize = piece[..digits].parse().ok()?;
        out.push_str(literals.get(place.checked_sub(1)?)?);
        out.push_str(&piece[digits..]);
    }
    Some(())
}

/// A value as a literal of the type that it would be bound as.
fn literal(value: &Value) -> Option<String> {
    let mut text = String::new();
    let written = match value {
        Value::Bool(Some(value)) => write!(text, "{value}"),
        Value::SmallInt(Some(value)) => write!(text, "'{value}'::int2"),
        Value::Int(Some(value)) => write!(text, "'{value}'::int4"),
        Value::BigInt(Some(value)) => write!(text, "'{value}'::int8"),
        Value::BigUnsigned(Some(value)) => write!(text, "{value}"),
        Value::Uuid(Some(value)) => write!(text, "'{value}'::uuid"),
        Value::String(Some(value)) if is_plain(value) => write!(text, "'{value}'::text"),
        _ => return None,
    };
    written.ok().map(|()| text)
}

fn is_plain(text: &str) -> bool {
    text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

#[cfg(test)]
mod tests {
    use sea_query::Values;

    use super::*;
    use crate::sql::Verb;

    fn written(sql: &str, values: Vec<Value>) -> Option<String> {
        let statement = Statement { sql: sql.to_owned(), values: Values(values), verb: Verb::Select, model: "Book" };
        let written = statement.written_out()?;
        assert!(written.values.0.is_empty());
        Some(written.sql)
    }

    #[test]
    fn each_value_is_written_where_it_is_named_and_nothing_in_quotes_is_one() {
        let sql =
            r#"SELECT "a$1", 'it''s $2', "x""$1" FROM "t" WHERE "a" = $1 AND ("b" <> $2 OR "c" = $10) AND $1 LIMIT $3"#;
        let mut values = vec![Value::from("fra"), Value::from(-7_i64), Value::from(21_u64)];
        values.extend((0..6).map(Value::from));
        values.push(Value::from(true));
        assert_eq!(
            written(sql, values).as_deref(),
            Some(
                r#"SELECT "a$1", 'it''s $2', "x""$1" FROM "t" WHERE "a" = 'fra'::text AND ("b" <> '-7'::int8 OR "c" = true) AND 'fra'::text LIMIT 21"#
            )
        );
        assert_eq!(written("SELECT 1", Vec::new()).as_deref(), Some("SELECT 1"));
    }

    #[test]
    fn a_value_that_could_be_more_than_a_value_stays_bound() {
        let uuid = uuid::Uuid::nil();
        assert!(written("$1", vec![Value::from(uuid)]).is_some_and(|sql| sql == format!("'{uuid}'::uuid")));
        assert_eq!(written("$1", vec![Value::from("a-b_C9")]).as_deref(), Some("'a-b_C9'::text"));
        let long = "x".repeat(LONGEST + 1);
        for text in ["it's", "a b", "a\\b", "a\"b", "$1", "é", "a;b", "100%", "a\0", &long] {
            assert_eq!(written("$1", vec![Value::from(text)]), None, "{text:?}");
        }
        for value in [Value::String(None), Value::BigInt(None), Value::from(0.5), Value::from(vec![1_u8])] {
            assert_eq!(written("$1", vec![value.clone()]), None, "{value:?}");
        }
    }

    #[test]
    fn a_placeholder_without_a_value_is_none() {
        for sql in ["$2", "$0", "$", "$x"] {
            assert_eq!(written(sql, vec![Value::from(true)]), None, "{sql}");
        }
    }
}
