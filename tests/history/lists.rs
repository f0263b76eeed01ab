//! The lists whose totals are watched, and the rows that a writer has to itself.

use super::record::Effects;

/// A list: its path, and what tells its total in SQL.
pub struct List {
    pub path: &'static str,
    pub sql: &'static str,
}

/// Lists of one table, by a column that moves, by soft-deleted rows, and through relations.
pub const LISTS: [List; 7] = [
    List { path: "/books?", sql: "SELECT COUNT(*) FROM books" },
    List { path: "/books?language=la1&", sql: "SELECT COUNT(*) FROM books WHERE language = 'la1'" },
    List { path: "/books?language=la2&", sql: "SELECT COUNT(*) FROM books WHERE language = 'la2'" },
    List {
        path: "/books?authors.status=inactive&",
        sql: "SELECT COUNT(DISTINCT book_id) FROM book_authors \
              JOIN authors ON authors.id = author_id WHERE status = 'inactive'",
    },
    List { path: "/reviews?rating=1&", sql: "SELECT COUNT(*) FROM reviews WHERE rating = 1 AND deleted_at IS NULL" },
    List { path: "/reviews?rating=5&", sql: "SELECT COUNT(*) FROM reviews WHERE rating = 5 AND deleted_at IS NULL" },
    List {
        path: "/books?reviews.rating=5&",
        sql: "SELECT COUNT(DISTINCT book_id) FROM reviews WHERE rating = 5 AND deleted_at IS NULL",
    },
];

/// The languages of books that come and go.
pub const LANGUAGES: [&str; 2] = ["la1", "la2"];

/// The ratings of reviews that come and go.
pub const RATINGS: [i64; 2] = [1, 5];

/// The rows that nobody else writes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    /// Books that come and go: their keys and the numbers of their languages.
    pub books: Vec<(i64, usize)>,
    pub shelf: Vec<Slot>,
}

/// A book that stays, with an author of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    pub book: i64,
    pub author: i64,
    pub inactive: bool,
    pub linked: bool,
    /// The review that is not deleted: its key and the number of its rating.
    pub review: Option<(i64, usize)>,
}

impl Rows {
    /// What they add to the lists, but for the books that stay.
    pub fn totals(&self) -> Effects {
        let books = |language| number(self.books.iter().filter(|book| book.1 == language).count());
        let slots = |is: fn(&Slot) -> bool| number(self.shelf.iter().filter(|slot| is(slot)).count());
        let low = slots(|slot| slot.review.is_some_and(|review| review.1 == 0));
        let high = slots(|slot| slot.review.is_some_and(|review| review.1 == 1));
        let inactive = slots(|slot| slot.linked && slot.inactive);
        [number(self.books.len()), books(0), books(1), inactive, low, high, high]
    }

    /// What changes in the lists on the way to `after`.
    pub fn effects(&self, after: &Self) -> Effects {
        let (before, after) = (self.totals(), after.totals());
        std::array::from_fn(|list| after[list] - before[list])
    }
}

fn number(of: usize) -> i64 {
    i64::try_from(of).unwrap()
}
