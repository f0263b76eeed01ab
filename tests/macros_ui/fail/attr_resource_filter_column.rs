//! Paths to columns of another struct, which only the compiler knows.

use couplet::prelude::*;

#[derive(Model, Resource)]
#[resource(filter = ["author.nam", "author.email", "author.note", "author.label"])]
pub struct Book {
    pub id: i64,
    pub author_id: i64,
    #[relation]
    pub author: BelongsTo<Author>,
}

#[derive(Model)]
pub struct Author {
    pub id: i64,
    // Queries call it `label`.
    #[field(filter, rename = "label")]
    pub name: String,
    pub email: String,
    #[field(hidden)]
    pub note: String,
}

fn main() {}
