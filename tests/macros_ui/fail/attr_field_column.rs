//! Two fields of one column, and names that statements use.

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
    #[field(column = "_parent")]
    pub parent: i64,
    #[field(column = "_Parent")]
    pub shelf: i64,
    pub _parent_2: i64,
}

fn main() {}
