//! A flag takes no value.

use couplet::prelude::*;

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(unique = true)]
    pub isbn: String,
}

fn main() {}
