//! Patterns are of text.

use couplet::prelude::*;

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(pattern = "[0-9]")]
    pub pages: i32,
    #[field(pattern = 5)]
    pub isbn: String,
}

fn main() {}
