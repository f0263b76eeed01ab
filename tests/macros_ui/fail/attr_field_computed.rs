//! A computed field has no column, and its function takes the row.

use couplet::prelude::*;

#[derive(Model)]
pub struct Reader {
    pub id: i64,
    #[field(computed = Self::label, filter, column = "label", length(1..=5))]
    pub label: String,
    #[field(computed = "label")]
    pub other: String,
}

#[derive(Model)]
pub struct Author {
    pub id: i64,
    #[field(computed = label)]
    pub label: String,
}

fn label(_: &Author) -> i64 {
    1
}

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(computed = status)]
    pub status: Status,
}

#[derive(TextEnum)]
pub enum Status {
    New,
}

fn status(_: &Book) -> Status {
    Status::New
}

fn main() {}
