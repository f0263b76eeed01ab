//! What a delete does is said where the key lies.

use couplet::prelude::*;

#[derive(Model)]
pub struct Book {
    pub id: i64,
    pub author_id: i64,
    #[relation(on_delete = set_null)]
    pub author: BelongsTo<Author>,
    #[relation(on_delete = delete, foreign_key = author_id)]
    pub writer: BelongsTo<Author>,
}

#[derive(Model)]
pub struct Author {
    pub id: i64,
    #[relation(on_delete = cascade)]
    pub books: HasMany<Book>,
}

fn main() {}
