//! Keys: none, nullable, of a type that cannot be one, too many.

use couplet::prelude::*;

#[derive(Model)]
pub struct NoKey {
    pub title: String,
}

#[derive(Model)]
pub struct NullableKey {
    pub id: Option<i64>,
}

#[derive(Model)]
pub struct FloatKey {
    #[field(key)]
    pub weight: f64,
}

#[derive(Model)]
pub struct LongKey {
    #[field(key)]
    pub a: i64,
    #[field(key)]
    pub b: i64,
    #[field(key)]
    pub c: i64,
    #[field(key)]
    pub d: i64,
    #[field(key)]
    pub e: i64,
}

fn main() {}
