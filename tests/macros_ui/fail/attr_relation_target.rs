//! A relation to a type that is no model.

use couplet::prelude::*;

#[derive(Model)]
pub struct Review {
    pub id: i64,
    pub book_id: i64,
    #[relation(include)]
    pub book: BelongsTo<Book>,
}

pub struct Book {
    pub id: i64,
}

fn main() {}
