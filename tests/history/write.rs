//! What writers do: one change at a time of rows that are their own.

use super::lists::{LANGUAGES, RATINGS, Rows};
use super::random::Random;

/// A change of a writer's rows, by their places in [`Rows`].
#[derive(Debug, Clone, Copy)]
pub enum Change {
    AddBook {
        language: usize,
    },
    MoveBook {
        place: usize,
    },
    DropBook {
        place: usize,
    },
    Toggle {
        slot: usize,
    },
    AddReview {
        slot: usize,
        rating: usize,
    },
    MoveReview {
        slot: usize,
    },
    DropReview {
        slot: usize,
    },
    /// Only with SQL: the row between a book and its author.
    Relink {
        slot: usize,
    },
    /// Only with SQL: all books of one language get the other one, in one statement.
    MoveAll {
        from: usize,
    },
    /// Only with SQL: several books in one transaction.
    AddBooks {
        number: usize,
    },
}

impl Change {
    /// What to do next. Where rows `grow`, they rather come than go.
    pub fn choose(rows: &Rows, grow: bool, sql: bool, random: &mut Random) -> Self {
        let add = random.percent(if grow { 75 } else { 25 });
        let slot = random.below(rows.shelf.len());
        let reviewed = rows.shelf[slot].review.is_some();
        match random.below(if sql { 9 } else { 6 }) {
            0 | 1 if add || rows.books.is_empty() => Self::AddBook { language: random.below(LANGUAGES.len()) },
            0 | 1 => Self::DropBook { place: random.below(rows.books.len()) },
            2 if !rows.books.is_empty() => Self::MoveBook { place: random.below(rows.books.len()) },
            3 | 4 if !reviewed => Self::AddReview { slot, rating: random.below(RATINGS.len()) },
            3 if add => Self::MoveReview { slot },
            3 | 4 => Self::DropReview { slot },
            6 => Self::Relink { slot },
            7 => Self::MoveAll { from: random.below(LANGUAGES.len()) },
            8 => Self::AddBooks { number: 1 + random.below(4) },
            _ => Self::Toggle { slot },
        }
    }

    /// The rows after it. New ones have no key yet.
    pub fn applied(self, rows: &Rows) -> Rows {
        let mut after = rows.clone();
        match self {
            Self::AddBook { language } => after.books.push((0, language)),
            Self::MoveBook { place } => after.books[place].1 = 1 - after.books[place].1,
            Self::DropBook { place } => drop(after.books.remove(place)),
            Self::Toggle { slot } => after.shelf[slot].inactive ^= true,
            Self::AddReview { slot, rating } => after.shelf[slot].review = Some((0, rating)),
            Self::MoveReview { slot } => {
                after.shelf[slot].review = rows.shelf[slot].review.map(|(review, rating)| (review, 1 - rating));
            }
            Self::DropReview { slot } => after.shelf[slot].review = None,
            Self::Relink { slot } => after.shelf[slot].linked ^= true,
            Self::MoveAll { from } => {
                after.books.iter_mut().filter(|book| book.1 == from).for_each(|book| book.1 = 1 - from);
            }
            Self::AddBooks { number } => after.books.extend((0..number).map(|book| (0, book % LANGUAGES.len()))),
        }
        after
    }
}
