//! Lists below a row's path: of many rows, of a resource, not where a path lies already.

use couplet::prelude::*;

#[derive(Model, Resource)]
pub struct Book {
    pub id: i64,
    pub tag_id: i64,
    #[relation(sub_resource)]
    pub tag: BelongsTo<Tag>,
    #[relation(sub_resource, rename = "search")]
    pub others: HasMany<Tag>,
}

#[derive(Model)]
pub struct Tag {
    pub id: i64,
    pub book_id: i64,
    pub shelf_id: i64,
}

#[derive(Model, Resource)]
pub struct Shelf {
    pub id: i64,
    #[relation(sub_resource)]
    pub tags: HasMany<Tag>,
}

fn main() {}
