//! Foreign keys that do not exist, or are of another type.

use couplet::prelude::*;

#[derive(Model)]
pub struct Review {
    pub id: i64,
    pub book_id: i32,
    #[relation(include)]
    pub book: BelongsTo<Book>,
    pub reader_number: String,
    #[relation(foreign_key = reader_number)]
    pub reader: BelongsTo<Book>,
}

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[relation(include, foreign_key = book)]
    pub reviews: HasMany<Review>,
    #[relation(include)]
    pub editions: HasMany<Edition>,
    #[relation(foreign_key = title)]
    pub first_edition: HasOne<Edition>,
}

#[derive(Model)]
pub struct Edition {
    pub id: i64,
    pub title: String,
}

#[derive(Model)]
pub struct Loan {
    pub id: i64,
    pub book_id: i64,
    #[relation(foreign_key = bok_id)]
    pub book: BelongsTo<Book>,
    pub reader: BelongsTo<Book>,
}

fn main() {}
