//! Only a ManyToMany is written through its relation.

use couplet::prelude::*;

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[relation(read_only)]
    pub tags: HasMany<Tag>,
}

#[derive(Model)]
pub struct Tag {
    pub id: i64,
    pub book_id: i64,
}

fn main() {}
