//! Names and texts as SQL writes them, in both languages.

/// A name between quotes.
pub(crate) fn quoted(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 2);
    push_quoted(name, &mut text);
    text
}

/// Writes a name between quotes behind `text`.
pub(crate) fn push_quoted(name: &str, text: &mut String) {
    text.push('"');
    for (index, part) in name.split('"').enumerate() {
        text.push_str(if index > 0 { "\"\"" } else { "" });
        text.push_str(part);
    }
    text.push('"');
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
