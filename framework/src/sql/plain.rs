//! SQL that an app writes itself.

use std::borrow::Cow;

use sea_query::Values;

use super::{Dialect, Statement, Verb, bind};
use crate::error::{Error, Result};
use crate::model::{ColumnType, Value};

/// A statement as an app writes it, with `$1`, `$2` and so on for its values.
#[derive(Debug, Clone)]
pub struct Plain {
    text: Cow<'static, str>,
    values: Vec<(ColumnType, Value)>,
}

impl Plain {
    /// A statement without values yet.
    pub fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), values: Vec::new() }
    }

    /// Adds the value of the next placeholder; `ty` says which NULL a [`Value::Null`] is.
    pub fn bind(&mut self, ty: ColumnType, value: Value) {
        self.values.push((ty, value));
    }

    /// The statement as it is executed; `label` is what metrics name as its model.
    ///
    /// # Errors
    ///
    /// The text is none or several statements, or one that begins or ends a transaction.
    pub fn statement(self, label: &'static str, dialect: Dialect) -> Result<Statement> {
        let verb = verb(&self.text).map_err(Error::other)?;
        let values = self.values.iter().map(|(ty, value)| bind::typed(*ty, value, dialect)).collect();
        Ok(Statement { sql: self.text.into_owned(), values: Values(values), verb, model: label })
    }
}

/// What a statement does, by its first keyword; behind a WITH, by the first that changes rows.
fn verb(text: &str) -> Result<Verb, String> {
    let mut words = Vec::new();
    for token in Tokens(text) {
        if let Some(Token::End) = words.last() {
            return Err("expected one statement, not several; execute each by itself".to_owned());
        }
        words.push(token);
    }
    let words: Vec<String> = words.into_iter().filter_map(Token::into_word).collect();
    let Some(first) = words.first() else { return Err("expected a statement, not an empty text".to_owned()) };
    match first.as_str() {
        "SELECT" | "VALUES" | "TABLE" | "SHOW" | "EXPLAIN" => Ok(Verb::Select),
        "WITH" => Ok((1..words.len()).find_map(|index| change(&words, index)).unwrap_or(Verb::Select)),
        "BEGIN" | "START" | "COMMIT" | "END" | "ROLLBACK" | "ABORT" | "SAVEPOINT" | "RELEASE" => {
            Err(format!("{first} is not executed as plain SQL; use `Database::begin` and the transaction's methods"))
        }
        _ => Ok(change(&words, 0).unwrap_or(Verb::Other)),
    }
}

/// What the keyword at `index` changes. `FOR UPDATE` locks and changes nothing, and `replace(…)` is a function.
fn change(words: &[String], index: usize) -> Option<Verb> {
    let before = index.checked_sub(1).map(|before| words[before].as_str());
    let after = words.get(index + 1).map(String::as_str);
    match words[index].as_str() {
        "INSERT" => Some(Verb::Insert),
        "REPLACE" if after == Some("INTO") => Some(Verb::Insert),
        "UPDATE" if !matches!(before, Some("FOR" | "KEY")) => Some(Verb::Update),
        "DELETE" => Some(Verb::Delete),
        "MERGE" if after == Some("INTO") => Some(Verb::Other),
        _ => None,
    }
}

/// A part of a statement that says what it does.
#[derive(Debug, PartialEq)]
enum Token {
    /// In capitals.
    Word(String),
    /// A semicolon.
    End,
    /// Anything else: a number, a text, a quoted name, a sign.
    Other,
}

impl Token {
    fn into_word(self) -> Option<String> {
        match self {
            Self::Word(word) => Some(word),
            Self::End | Self::Other => None,
        }
    }
}

/// The tokens of a text, comments left out.
struct Tokens<'a>(&'a str);

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            let text = self.0.trim_start();
            let (token, length) = match text.chars().next()? {
                _ if text.starts_with("--") => (None, text.find('\n').unwrap_or(text.len())),
                _ if text.starts_with("/*") => (None, text.find("*/").map_or(text.len(), |end| end + 2)),
                ';' => (Some(Token::End), 1),
                'e' | 'E' if text[1..].starts_with('\'') => (Some(Token::Other), 1 + escaped(&text[1..])),
                quote @ ('\'' | '"' | '`') => (Some(Token::Other), closed(text, quote)),
                '$' => (Some(Token::Other), dollar(text)),
                letter if letter.is_alphabetic() || letter == '_' => {
                    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '$';
                    let length = text.find(|letter| !is_part(letter)).unwrap_or(text.len());
                    (Some(Token::Word(text[..length].to_uppercase())), length)
                }
                sign => (Some(Token::Other), sign.len_utf8()),
            };
            self.0 = &text[length..];
            if token.is_some() {
                return token;
            }
        }
    }
}

/// The length of a text between quotes; a quote inside is doubled, which reads as two texts.
fn closed(text: &str, quote: char) -> usize {
    text[1..].find(quote).map_or(text.len(), |end| end + 2)
}

/// The length of PostgreSQL's `E'…'` after the `E`, in which a backslash escapes a quote.
fn escaped(text: &str) -> usize {
    let mut is_escaped = false;
    for (index, letter) in text.char_indices().skip(1) {
        match letter {
            '\'' if !is_escaped => return index + 1,
            _ => is_escaped = letter == '\\' && !is_escaped,
        }
    }
    text.len()
}

/// The length of PostgreSQL's `$tag$…$tag$`, or 1 for the sign of a placeholder.
fn dollar(text: &str) -> usize {
    let Some(end) = text[1..].find('$') else { return 1 };
    let tag = &text[..end + 2];
    let is_tag = tag[1..=end].chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    if !is_tag || tag[1..].starts_with(|first: char| first.is_ascii_digit()) {
        return 1;
    }
    text[tag.len()..].find(tag).map_or(text.len(), |body| 2 * tag.len() + body)
}

#[cfg(test)]
mod tests {
    use sea_query::Value as Bound;

    use super::*;

    #[test]
    fn the_first_keyword_says_what_a_statement_does() {
        for (text, expected) in [
            ("SELECT 1", Verb::Select),
            ("  -- INSERT\n /* UPDATE; */ (select 1) union select 2;", Verb::Select),
            ("values (1)", Verb::Select),
            ("explain select 1", Verb::Select),
            ("insert into a values ('; delete')", Verb::Insert),
            ("REPLACE INTO a VALUES (1)", Verb::Insert),
            ("UPDATE a SET b = $1", Verb::Update),
            ("delete from a; -- all of them", Verb::Delete),
            ("PRAGMA table_info(a)", Verb::Other),
            ("CREATE TABLE a (b integer)", Verb::Other),
            ("MERGE INTO a USING b ON true WHEN MATCHED THEN DELETE", Verb::Other),
        ] {
            assert_eq!(verb(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn behind_a_with_the_change_counts() {
        for (text, expected) in [
            ("WITH a AS (SELECT 1) SELECT * FROM a", Verb::Select),
            ("WITH a AS (SELECT 1) SELECT * FROM a FOR UPDATE", Verb::Select),
            ("WITH a AS (SELECT 1) SELECT * FROM a FOR NO KEY UPDATE", Verb::Select),
            ("WITH a AS (SELECT replace('insert', 'x', 'y')) SELECT \"delete\", `update` FROM a", Verb::Select),
            ("WITH a AS (SELECT 1) INSERT INTO b SELECT * FROM a", Verb::Insert),
            ("with recursive a AS (SELECT 1) update b set c = 1", Verb::Update),
            ("WITH a AS (DELETE FROM b RETURNING *) SELECT * FROM a", Verb::Delete),
            ("WITH a AS (SELECT 1) REPLACE INTO b SELECT * FROM a", Verb::Insert),
            (r"WITH a AS (SELECT E'it\'s; \\', $1, $x$ delete ' $x$, $$;$$) SELECT 1", Verb::Select),
        ] {
            assert_eq!(verb(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_single_statement_is_refused() {
        assert_eq!(verb(" -- nothing"), Err("expected a statement, not an empty text".to_owned()));
        assert!(verb("SELECT 1; DELETE FROM a").is_err_and(|text| text.starts_with("expected one statement")));
        assert!(verb("begin").is_err_and(|text| text.starts_with("BEGIN is not executed as plain SQL")));
        for odd in ["'", "\"", "$", "$a", "/*", "E'", "é'", "$1$", "🦀", ";;", "--"] {
            let _ = verb(odd);
        }
    }

    #[test]
    fn values_are_bound_in_the_form_of_the_database() {
        let mut plain = Plain::new("SELECT $1, $2");
        plain.bind(ColumnType::Date, Value::Null);
        plain.bind(ColumnType::I64, Value::I64(7));
        let statement = plain.clone().statement("sql", Dialect::Postgres).expect("one statement");
        assert_eq!(statement.values.0, [Bound::ChronoDate(None), Bound::BigInt(Some(7))]);
        assert_eq!((statement.sql.as_str(), statement.model), ("SELECT $1, $2", "sql"));
        let statement = plain.statement("Book", Dialect::Sqlite).expect("one statement");
        assert_eq!(statement.values.0, [Bound::String(None), Bound::BigInt(Some(7))]);
    }
}
