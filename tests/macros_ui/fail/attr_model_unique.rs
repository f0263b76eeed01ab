//! A unique key names two columns or more of the struct.

use couplet::prelude::*;

#[derive(Model)]
#[model(unique, unique(), unique(title))]
pub struct Short {
    pub id: i64,
    pub title: String,
}

#[derive(Model)]
#[model(unique(book_id, reader), unique(book_id, note, book_id), unique(shout, note))]
#[model(unique(reader_id, book_id), unique(book_id, reader_id), unique = "note")]
pub struct Review {
    pub id: i64,
    pub book_id: i64,
    pub reader_id: i64,
    pub note: String,
    #[field(computed = Self::shout)]
    pub shout: String,
}

#[derive(Model)]
#[model(unique(book_id, tag_id))]
pub struct BookTag {
    #[field(key)]
    pub book_id: i64,
    #[field(key)]
    pub tag_id: i64,
}

#[derive(Model)]
#[model(view, unique(book_id, tag_id))]
pub struct Tagged {
    pub id: i64,
    pub book_id: i64,
    pub tag_id: i64,
}

fn main() {}
