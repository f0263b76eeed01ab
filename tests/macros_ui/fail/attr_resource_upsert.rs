//! Unique keys that clients set.

use couplet::prelude::*;

#[derive(Model, Resource)]
#[resource(upsert(isbn, id, title, ibsn, (isbn, title), isbn, number, stamp))]
pub struct Book {
    pub id: i64,
    #[field(unique)]
    pub isbn: String,
    pub title: String,
    #[field(unique, read_only)]
    pub number: Option<i64>,
    #[field(unique, hidden)]
    pub stamp: Option<i64>,
}

#[derive(Model, Resource)]
#[resource(upsert)]
pub struct Tag {
    #[field(key)]
    pub name: String,
}

#[derive(Model, Resource)]
#[resource(upsert(name), operations(list, update))]
pub struct Word {
    #[field(key)]
    pub name: String,
}

#[derive(Model, Resource)]
#[resource(upsert())]
pub struct Place {
    #[field(key)]
    pub name: String,
}

fn main() {}
