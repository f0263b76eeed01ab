//! A default of another type, and where the framework sets the value.

use couplet::prelude::*;

#[derive(Model)]
pub struct Generated {
    #[field(default = 1)]
    pub id: i64,
    #[field(created_at, default = Utc::now())]
    pub created_at: DateTime<Utc>,
    #[field(default)]
    pub title: String,
}

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(default = "many")]
    pub pages: i32,
    #[field(default = 0)]
    pub title: String,
}

fn main() {}
