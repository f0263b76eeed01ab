//! Types that cannot be a column: the well-known ones say what to write.

use couplet::prelude::*;

#[derive(Model)]
pub struct Known {
    pub id: u64,
    pub rating: f32,
    pub pages: Option<u32>,
    pub tags: Vec<String>,
    pub parent: Option<BelongsTo<Known>>,
    pub pair: (i32, i32),
}

#[derive(Model)]
pub struct Book {
    pub id: i64,
    pub reading_time: std::time::Duration,
    pub status: Option<Status>,
}

pub enum Status {
    Draft,
}

fn main() {}
