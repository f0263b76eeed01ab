//! Two fields of one column.

use couplet::prelude::*;

#[derive(Model)]
pub struct Book {
    pub id: i64,
    pub title: String,
    #[field(column = "title")]
    pub name: String,
    #[field(column = "id")]
    pub number: i64,
    #[field(column = "")]
    pub nothing: i64,
}

fn main() {}
