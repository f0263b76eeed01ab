//! The column that is referred to: of the target for a BelongsTo, an own one else.

use couplet::prelude::*;

#[derive(Model)]
pub struct Review {
    pub id: i64,
    pub book_id: i64,
    #[relation(key = isbn)]
    pub book: BelongsTo<Book>,
}

#[derive(Model)]
pub struct Book {
    pub id: i64,
    pub review_id: i64,
}

#[derive(Model)]
pub struct Author {
    pub id: i64,
    pub number: i64,
    #[relation(key = numbr, foreign_key = review_id)]
    pub books: HasMany<Book>,
}

#[derive(Model)]
pub struct Membership {
    #[field(key)]
    pub reader_id: i64,
    #[field(key)]
    pub club_id: i64,
    #[relation(foreign_key = membership)]
    pub visits: HasMany<Visit>,
}

#[derive(Model)]
pub struct Visit {
    pub id: i64,
    pub membership_id: i64,
    pub membership: BelongsTo<Membership>,
}

#[derive(Model)]
pub struct Pass {
    pub id: i64,
    pub reader_id: i64,
    #[relation(foreign_key = reader_id, key(reader_id, club_id))]
    pub membership: BelongsTo<Membership>,
}

fn main() {}
