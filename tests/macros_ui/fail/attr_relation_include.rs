//! A flag takes no value.

use couplet::prelude::*;

#[derive(Model)]
pub struct Review {
    pub id: i64,
    pub book_id: i64,
    #[relation(include = always)]
    pub book: BelongsTo<Book>,
}

#[derive(Model)]
pub struct Book {
    pub id: i64,
}

fn main() {}
