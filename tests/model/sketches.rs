//! The scenarios.

use couplet::model::Model as _;
use couplet::query::Filter;

use super::lists::{Ask, Author, Book, BookAuthor, Change, Sketch, books};

const A_BOOK: Change = Change::Insert(Book::META);
const A_LANGUAGE: Change = Change::Update(Book::META, "language");

/// Three writers, two readers that ask twice.
pub(crate) fn one_list() -> Sketch {
    let ask = Ask { list: books(Filter::everything()), scope: 0, counts: 0b111 };
    Sketch { name: "one list", writers: vec![vec![A_BOOK]; 3], readers: vec![vec![ask; 2]; 2], crashes: 0 }
}

/// Two classes, one of the writers in both.
pub(crate) fn by_language() -> Sketch {
    let ask = Ask { list: books(Book::LANGUAGE.eq("eng").into_filter()), scope: 0, counts: 0b11 };
    let writers = vec![vec![A_LANGUAGE], vec![A_BOOK, A_LANGUAGE]];
    Sketch { name: "by language", writers, readers: vec![vec![ask.clone(); 2], vec![ask]], crashes: 0 }
}

/// Nobody writes the table that is listed.
pub(crate) fn by_author() -> Sketch {
    let active = Book::AUTHORS.any(Author::STATUS.eq("active"));
    let ask = Ask { list: books(active.into_filter()), scope: 0, counts: 0b11 };
    let writers = vec![vec![Change::Update(Author::META, "status")], vec![Change::Insert(BookAuthor::META)]];
    Sketch { name: "by author", writers, readers: vec![vec![ask.clone(); 2], vec![ask]], crashes: 0 }
}

/// One list of which two callers see different rows.
pub(crate) fn two_scopes() -> Sketch {
    let ask = |scope, counts| Ask { list: books(Filter::everything()), scope, counts };
    let readers = vec![vec![ask(0, 0b01); 2], vec![ask(1, 0b10)]];
    Sketch { name: "two scopes", writers: vec![vec![A_BOOK]; 2], readers, crashes: 0 }
}

/// The server crashes once.
pub(crate) fn crash() -> Sketch {
    let ask = Ask { list: books(Filter::everything()), scope: 0, counts: 0b11 };
    Sketch { name: "crash", writers: vec![vec![A_BOOK]; 2], readers: vec![vec![ask; 2]; 2], crashes: 1 }
}
