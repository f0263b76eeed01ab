//! A version is an integer that the framework counts up, one in each model.

use couplet::prelude::*;

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(version)]
    pub text: String,
    #[field(version)]
    pub small: i16,
}

#[derive(Model)]
pub struct Author {
    pub id: i64,
    #[field(version)]
    pub optional: Option<i32>,
}

#[derive(Model)]
pub struct Review {
    #[field(key, version, unique, default = 1, range(1..))]
    pub id: i64,
}

#[derive(Model)]
pub struct Tag {
    pub id: i64,
    #[field(version, hidden, updated_at)]
    pub version: i32,
}

fn main() {}
