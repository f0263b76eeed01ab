//! Names by convention: cases and plurals.

use proc_macro2::Ident;
use syn::ext::IdentExt;

/// A way to write names of several words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Snake,
    Kebab,
    Camel,
    Pascal,
    ScreamingSnake,
}

impl Case {
    /// What `rename_all` accepts.
    pub(crate) const NAMES: &[&str] = &["snake_case", "kebab-case", "camelCase", "PascalCase", "SCREAMING_SNAKE_CASE"];

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "snake_case" => Self::Snake,
            "kebab-case" => Self::Kebab,
            "camelCase" => Self::Camel,
            "PascalCase" => Self::Pascal,
            "SCREAMING_SNAKE_CASE" => Self::ScreamingSnake,
            _ => return None,
        })
    }

    /// Writes `name`, of whatever case, in this one.
    pub(crate) fn apply(self, name: &str) -> String {
        let words = words(name);
        match self {
            Self::Snake => words.join("_"),
            Self::Kebab => words.join("-"),
            Self::ScreamingSnake => words.join("_").to_uppercase(),
            Self::Pascal => words.iter().map(|word| capital(word)).collect(),
            Self::Camel => {
                let later = words.iter().skip(1).map(|word| capital(word));
                words.first().cloned().into_iter().chain(later).collect()
            }
        }
    }
}

/// The name of a field or type without the `r#` of a raw identifier.
pub(crate) fn plain(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// The plural of an English noun by its regular rules: `author` authors, `category` categories, `box` boxes. Irregular
/// nouns (`person`) and uncountable ones are what `#[model(table = "…")]` is for; `series` stays as it is.
pub(crate) fn plural(noun: &str) -> String {
    let vowel_before_y = |noun: &str| noun.chars().rev().nth(1).is_some_and(|letter| "aeiou".contains(letter));
    if noun.ends_with("series") || noun.ends_with("species") {
        noun.to_owned()
    } else if noun.ends_with('y') && !vowel_before_y(noun) {
        format!("{}ies", &noun[..noun.len() - 1])
    } else if ["s", "x", "z", "ch", "sh"].iter().any(|end| noun.ends_with(end)) {
        format!("{noun}es")
    } else {
        format!("{noun}s")
    }
}

/// The singular of a plural that [`plural`] made, and of other plurals in `s`. Where it errs (`caches`), there is
/// `#[relation(keys = "…")]`.
pub(crate) fn singular(noun: &str) -> String {
    if noun.ends_with("series") || noun.ends_with("species") {
        return noun.to_owned();
    }
    if let Some(stem) = noun.strip_suffix("ies") {
        return format!("{stem}y");
    }
    // `statuses` but not `houses` and `causes`.
    let in_us = |stem: &str| stem.strip_suffix("us").is_some_and(|stem| !stem.ends_with(['a', 'e', 'i', 'o', 'u']));
    if let Some(stem) = noun.strip_suffix("es")
        && (in_us(stem) || ["ss", "x", "zz", "ch", "sh"].iter().any(|end| stem.ends_with(end)))
    {
        return stem.to_owned();
    }
    match noun.strip_suffix('s') {
        Some(stem) if !stem.ends_with('s') => stem.to_owned(),
        _ => noun.to_owned(),
    }
}

/// The words of a name in lower case: `book_id`, `BookId` and `bookId` are two, `HTTPServer` too.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let letters: Vec<char> = name.chars().collect();
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| letters[before]);
        let after = letters.get(index + 1);
        let begins = letter.is_uppercase()
            && before.is_some_and(|before| {
                !before.is_uppercase() || after.is_some_and(|after| after.is_lowercase() && before != '_')
            });
        if *letter == '_' || *letter == '-' || begins {
            words.push(String::new());
        }
        if *letter != '_'
            && *letter != '-'
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_told_apart_and_written() {
        for name in ["book_author", "BookAuthor", "bookAuthor", "BOOK_AUTHOR", "book-author"] {
            assert_eq!(Case::Snake.apply(name), "book_author", "{name}");
        }
        assert_eq!(Case::Kebab.apply("BookAuthor"), "book-author");
        assert_eq!(Case::Camel.apply("book_author"), "bookAuthor");
        assert_eq!(Case::Pascal.apply("book_author"), "BookAuthor");
        assert_eq!(Case::ScreamingSnake.apply("OnLeave"), "ON_LEAVE");
        assert_eq!(Case::Snake.apply("HTTPServer"), "http_server");
        assert_eq!(Case::Snake.apply("Isbn13"), "isbn13");
    }

    #[test]
    fn plurals_follow_the_regular_rules() {
        let nouns = [
            ("author", "authors"),
            ("category", "categories"),
            ("day", "days"),
            ("box", "boxes"),
            ("class", "classes"),
            ("branch", "branches"),
            ("series", "series"),
            ("status", "statuses"),
            ("book_author", "book_authors"),
        ];
        for (one, many) in nouns {
            assert_eq!(plural(one), many);
            assert_eq!(singular(many), one);
        }
        assert_eq!(singular("pages"), "page");
        assert_eq!(singular("houses"), "house");
    }
}
