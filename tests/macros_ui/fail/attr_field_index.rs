//! A flag takes no list.

use couplet::prelude::*;

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(index(hash))]
    pub isbn: String,
}

fn main() {}
