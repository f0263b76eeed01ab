//! The name of a set of keys.

use couplet::prelude::*;

#[derive(Model)]
pub struct Book {
    pub id: i64,
    pub tag_ids: String,
    #[relation(through = BookTag)]
    pub tags: ManyToMany<Tag>,
    #[relation(through = BookTag, keys = "label__ids")]
    pub labels: ManyToMany<Tag>,
    #[relation(through = BookTag, keys = "marks", read_only)]
    pub marks: ManyToMany<Tag>,
    #[relation(keys = "reviews")]
    pub reviews: HasMany<Tag>,
}

#[derive(Model)]
pub struct Tag {
    pub id: i64,
    pub book_id: i64,
}

#[derive(Model)]
pub struct BookTag {
    #[field(key)]
    pub book_id: i64,
    #[field(key)]
    pub tag_id: i64,
}

fn main() {}
