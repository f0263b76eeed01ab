//! Rust source as tokens with their lines: just enough to see which paths it names. Comments vanish, and a string is one
//! token, so neither can break a rule about code.

use std::iter::Peekable;
use std::str::CharIndices;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Word,
    /// `::`
    Path,
    Text,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    pub(crate) line: usize,
}

impl Token<'_> {
    pub(crate) fn is(&self, text: &str) -> bool {
        self.kind != Kind::Text && self.text == text
    }
}

pub(crate) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut scanner = Scanner { source, chars: source.char_indices().peekable() };
    let mut tokens = Vec::new();
    let (mut line, mut counted) = (1, 0);
    while let Some((start, kind)) = scanner.next() {
        let end = scanner.position();
        line += newlines(&source[counted..start]);
        counted = start;
        if let Some(kind) = kind {
            tokens.push(Token { kind, text: &source[start..end], line });
        }
    }
    tokens
}

fn newlines(text: &str) -> usize {
    text.matches('\n').count()
}

struct Scanner<'a> {
    source: &'a str,
    chars: Peekable<CharIndices<'a>>,
}

impl Scanner<'_> {
    fn position(&mut self) -> usize {
        self.chars.peek().map_or(self.source.len(), |(at, _)| *at)
    }

    fn rest(&mut self) -> &str {
        let at = self.position();
        &self.source[at..]
    }

    fn skip(&mut self, bytes: usize) {
        let end = self.position() + bytes;
        while self.chars.next_if(|(at, _)| *at < end).is_some() {}
    }

    fn skip_while(&mut self, holds: impl Fn(char) -> bool) {
        while self.chars.next_if(|(_, c)| holds(*c)).is_some() {}
    }

    /// Where the next piece begins, and what it is: `None` for space and comments.
    fn next(&mut self) -> Option<(usize, Option<Kind>)> {
        let start = self.position();
        let rest = &self.source[start..];
        let first = rest.chars().next()?;
        let kind = if first.is_whitespace() {
            self.skip_while(char::is_whitespace);
            None
        } else if rest.starts_with("//") {
            self.skip_while(|c| c != '\n');
            None
        } else if rest.starts_with("/*") {
            self.block_comment();
            None
        } else if let Some(hashes) = raw_string(rest) {
            self.skip(rest.find('"').unwrap_or(0) + 1);
            let end = format!("\"{}", "#".repeat(hashes));
            let length = self.rest().find(&end).unwrap_or(0);
            self.skip(length + end.len());
            Some(Kind::Text)
        } else if first == '"' || rest.starts_with("b\"") || rest.starts_with("c\"") {
            self.skip_while(|c| c != '"');
            self.quoted('"');
            Some(Kind::Text)
        } else if (first == '\'' || rest.starts_with("b'")) && !is_lifetime(rest) {
            self.skip_while(|c| c != '\'');
            self.quoted('\'');
            Some(Kind::Text)
        } else if first.is_alphanumeric() || first == '_' {
            self.skip_while(|c| c.is_alphanumeric() || c == '_');
            Some(Kind::Word)
        } else if rest.starts_with("::") {
            self.skip(2);
            Some(Kind::Path)
        } else {
            self.chars.next();
            Some(Kind::Other)
        };
        Some((start, kind))
    }

    fn quoted(&mut self, quote: char) {
        self.chars.next();
        while let Some((_, c)) = self.chars.next() {
            if c == '\\' {
                self.chars.next();
            } else if c == quote {
                return;
            }
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        loop {
            let rest = self.rest();
            if rest.is_empty() {
                return;
            } else if rest.starts_with("/*") {
                depth += 1;
                self.skip(2);
            } else if rest.starts_with("*/") {
                depth -= 1;
                self.skip(2);
            } else {
                self.chars.next();
            }
            if depth == 0 {
                return;
            }
        }
    }
}

/// The number of `#` of the raw string that `rest` begins with.
fn raw_string(rest: &str) -> Option<usize> {
    let body = ["br", "cr", "r"].iter().find_map(|prefix| rest.strip_prefix(prefix))?;
    let hashes = body.chars().take_while(|c| *c == '#').count();
    body[hashes..].starts_with('"').then_some(hashes)
}

/// `'a` and `'static`, but not `'a'`.
fn is_lifetime(rest: &str) -> bool {
    let mut chars = rest.chars().skip(1);
    let first = chars.next().unwrap_or('\\');
    (first.is_alphabetic() || first == '_') && chars.next() != Some('\'')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<&str> {
        tokens(source).iter().filter(|token| token.kind == Kind::Word).map(|token| token.text).collect()
    }

    #[test]
    fn comments_and_strings_hide_their_words() {
        let source = r####"
            // one
            /* two /* three */ four */
            /// five
            let a = "six \" seven"; let b = r#"eight " nine"#; let c = b"ten";
            let d = 'e'; let f = '\''; let g: &'static str = br"eleven\"; h
        "####;
        assert_eq!(
            words(source),
            ["let", "a", "let", "b", "let", "c", "let", "d", "let", "f", "let", "g", "static", "str", "h"]
        );
    }

    #[test]
    fn lines_are_counted_through_strings_and_comments() {
        let source = "a\n/* \n */ b \"\n\" c\n// d\ne";
        let lines: Vec<_> = tokens(source).iter().map(|token| (token.text, token.line)).collect();
        assert_eq!(lines, [("a", 1), ("b", 3), ("\"\n\"", 3), ("c", 4), ("e", 6)]);
    }

    #[test]
    fn paths_are_told_from_colons() {
        let kinds: Vec<_> = tokens("a::b: c").iter().map(|token| token.kind).collect();
        assert_eq!(kinds, [Kind::Word, Kind::Path, Kind::Word, Kind::Other, Kind::Word]);
    }
}
