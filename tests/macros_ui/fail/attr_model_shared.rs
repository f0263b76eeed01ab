//! A shared table is another model's, by name.

use couplet::prelude::*;

#[derive(Model)]
#[model(shared)]
pub struct Summary {
    pub id: i64,
}

#[derive(Model)]
#[model(table = "books", view, shared)]
pub struct Total {
    pub id: i64,
}

#[derive(Model)]
#[model(table = "books", shared, full_text)]
pub struct Found {
    pub id: i64,
    #[field(search)]
    pub title: String,
}

fn main() {}
