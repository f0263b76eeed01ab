//! Only a model that keeps its deleted rows can be asked for them.

use couplet::prelude::*;

#[derive(Model)]
pub struct Book {
    pub id: i64,
}

fn main() {
    let _ = Book::query().deleted(Deleted::Only);
}
