//! Unknown attributes of relations.

use couplet::prelude::*;

#[derive(Model)]
pub struct Review {
    pub id: i64,
    pub book_id: i64,
    #[relation(inclde, lazy)]
    pub book: BelongsTo<Book>,
    #[field(filter)]
    pub other: HasMany<Book>,
}

#[derive(Model)]
pub struct Book {
    pub id: i64,
    pub review_id: i64,
}

fn main() {}
