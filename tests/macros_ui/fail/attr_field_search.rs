//! Search looks into text.

use couplet::prelude::*;

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(search)]
    pub rating: i32,
    #[field(search)]
    pub cover: Vec<u8>,
    #[field(search(title))]
    pub title: String,
}

fn main() {}
