//! Examples are literals.

use couplet::prelude::*;

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(example = String::new())]
    pub title: String,
    #[field(example)]
    pub isbn: String,
}

fn main() {}
