//! Ranges are of numbers.

use couplet::prelude::*;

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(range(1..=5))]
    pub title: String,
    #[field(range(0.5..=5))]
    pub rating: i32,
    #[field(range("a".."b"))]
    pub letter: f64,
    #[field(range(5..=1))]
    pub pages: i64,
    #[field(range(1..=5))]
    pub published: NaiveDate,
}

fn main() {}
