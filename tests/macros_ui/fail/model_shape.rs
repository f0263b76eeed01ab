//! A model is a struct with named fields.

use couplet::prelude::*;

#[derive(Model)]
pub enum Status {
    Active,
}

#[derive(Model)]
pub struct Pair(i64, String);

#[derive(Model)]
pub struct Nothing;

#[derive(Model)]
pub struct Page<T> {
    pub id: i64,
    pub item: T,
}

fn main() {}
