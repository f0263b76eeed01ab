//! Every unknown attribute of a struct is reported, and each name twice.

use couplet::prelude::*;

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(filterable, sort, sort)]
    pub title: String,
    #[field(serach)]
    pub subtitle: String,
    #[field(wobble)]
    pub isbn: String,
    #[relation(include)]
    pub language: String,
}

fn used() {
    // The model is there all the same, so that nothing is reported twice.
    let _ = NewBook::new("Dune", "", "", "");
    let _ = Book::TITLE.eq("Dune");
}

fn main() {}
