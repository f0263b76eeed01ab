//! Lengths are of text.

use couplet::prelude::*;

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(length(1..=5))]
    pub rating: i32,
    #[field(length(1..200))]
    pub title: String,
    #[field(length(9..=1))]
    pub isbn: String,
    #[field(length(..))]
    pub language: String,
    #[field(length(-1..=1.5))]
    pub subtitle: String,
    #[field(length = 5)]
    pub code: String,
    #[field(length(1..=5))]
    pub flag: bool,
    #[field(length(max = 20))]
    pub short: String,
    #[field(length(min = 1, max = 20))]
    pub between: String,
    #[field(length(20))]
    pub exact: String,
    #[field(length())]
    pub nothing: String,
}

fn main() {}
