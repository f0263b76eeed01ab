//! A name that another field has.

use couplet::prelude::*;

#[derive(Model)]
pub struct Book {
    pub id: i64,
    pub title: String,
    #[relation(rename = "title")]
    pub tags: HasMany<Tag>,
    #[relation(rename = "my.tags")]
    pub others: HasMany<Tag>,
}

#[derive(Model)]
pub struct Tag {
    pub id: i64,
    pub book_id: i64,
}

fn main() {}
