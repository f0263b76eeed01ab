//! Names and texts as SQL writes them, in both languages.

/// A name between quotes.
pub(crate) fn quoted(name: &str) -> String {
    let mut sql = String::with_capacity(name.len() + 2);
    push_quoted(&mut sql, name);
    sql
}

/// Writes a name between quotes.
pub(super) fn push_quoted(sql: &mut String, name: &str) {
    sql.push('"');
    match name.contains('"') {
        false => sql.push_str(name),
        true => sql.push_str(&name.replace('"', "\"\"")),
    }
    sql.push('"');
}

/// A text between quotes.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_inside_are_doubled() {
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
        assert_eq!(literal("it's"), "'it''s'");
    }
}
