//! Operators by name, and only those that the type has.

use couplet::prelude::*;

#[derive(Model)]
pub struct Typo {
    pub id: i64,
    #[field(filter(eq, icontain, eq))]
    pub title: String,
    #[field(filter())]
    pub rating: i32,
    #[field(filter = eq)]
    pub pages: i32,
    #[field(filter = true)]
    pub language: String,
}

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(filter(eq, icontains))]
    pub rating: i32,
    #[field(filter(gte, eq, lt))]
    pub status: Status,
    #[field(filter(isnull))]
    pub title: String,
    #[field(filter)]
    pub cover: Vec<u8>,
    #[field(filter(eq))]
    pub extra: Option<Json<Vec<String>>>,
}

#[derive(TextEnum)]
pub enum Status {
    Draft,
}

fn main() {}
