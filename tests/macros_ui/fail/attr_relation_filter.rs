//! A relation to a part of the rows: conditions are on the related model, and what is linked is not written by keys.

use couplet::prelude::*;

#[derive(Model)]
pub struct Book {
    pub id: i64,
    pub year: i32,
    #[relation(filter = Book::YEAR.gte(2000))]
    pub reviews: HasMany<Review>,
    #[relation(filter)]
    pub first: HasOne<Review>,
}

#[derive(Model)]
pub struct Shelf {
    pub id: i64,
    pub year: i32,
    #[relation(foreign_key = book_id, filter = Shelf::YEAR.gte(2000))]
    pub reviews: HasMany<Review>,
}

#[derive(Model)]
pub struct Review {
    pub id: i64,
    pub book_id: i64,
    pub rating: i32,
    #[relation(filter = Book::YEAR.gte(2000))]
    pub book: BelongsTo<Book>,
    #[relation(through = ReviewTag, filter = Tag::NAME.eq("x"), keys = "tag_ids")]
    pub tags: ManyToMany<Tag>,
}

#[derive(Model)]
pub struct Tag {
    pub id: i64,
    pub name: String,
}

#[derive(Model)]
pub struct ReviewTag {
    #[field(key)]
    pub review_id: i64,
    #[field(key)]
    pub tag_id: i64,
}

fn main() {}
