//! Rows that are created with the row: those that hold its key, and that an answer can show.

use couplet::prelude::*;

#[derive(Model)]
pub struct Book {
    pub id: i64,
    pub tag_id: i64,
    #[relation(include, nested)]
    pub tag: BelongsTo<Tag>,
    #[relation(nested)]
    pub others: HasMany<Tag>,
    #[relation(include, nested, through = BookTag)]
    pub tags: ManyToMany<Tag>,
}

#[derive(Model)]
#[model(view)]
pub struct Shelf {
    pub id: i64,
    #[relation(include, nested = true)]
    pub tag: HasOne<Tag>,
    #[relation(include, nested)]
    pub tags: HasMany<Tag>,
}

#[derive(Model)]
pub struct Tag {
    pub id: i64,
    pub book_id: i64,
    pub shelf_id: i64,
}

#[derive(Model)]
pub struct BookTag {
    #[field(key)]
    pub book_id: i64,
    #[field(key)]
    pub tag_id: i64,
}

fn main() {}
