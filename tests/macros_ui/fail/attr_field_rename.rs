//! Names of the API: twice, with syntax in them, like a parameter.

use couplet::prelude::*;

#[derive(Model)]
pub struct Book {
    pub id: i64,
    pub title: String,
    #[field(rename = "title")]
    pub name: String,
    #[field(rename = "author.name")]
    pub author: String,
    #[field(rename = "sub__title")]
    pub subtitle: String,
    #[field(rename = "")]
    pub nothing: String,
    pub page__count: i32,
    #[field(filter)]
    pub page: i32,
    #[field(filter, rename = "q")]
    pub quality: i32,
    #[field(filter)]
    pub not: bool,
    // Not a filter, so that no parameter is meant.
    pub count: i32,
    pub _count: i32,
    #[field(filter)]
    pub limit: i32,
}

fn main() {}
