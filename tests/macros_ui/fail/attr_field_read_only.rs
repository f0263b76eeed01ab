//! Read-only and write-only contradict each other.

use couplet::prelude::*;

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(read_only, write_only)]
    pub isbn: String,
}

fn main() {}
