//! What the database computes is set and judged by nobody else.

use couplet::prelude::*;

#[derive(Model)]
pub struct Written {
    pub id: i64,
    #[field(generated)]
    pub a: i64,
    #[field(generated = 1)]
    pub b: i64,
    #[field(generated = " ")]
    pub c: i64,
    #[field(generated(sqlite = "1"))]
    pub d: i64,
    #[field(generated(sqlite = "1", mysql = "1"))]
    pub e: i64,
    #[field(generated(sqlite = "1", sqlite = "1", postgres = "1"))]
    pub f: i64,
}

#[derive(Model)]
pub struct Line {
    #[field(generated = "a + b")]
    pub id: i64,
    pub price: i64,
    #[field(generated = "price * 2", default = 0)]
    pub a: i64,
    #[field(generated = "price * 3", database_default = "1", range(0..))]
    pub b: i64,
    #[field(generated = "price * 4", created_at)]
    pub c: DateTime<Utc>,
    #[field(generated = "'x'", updated_at, write_only)]
    pub d: DateTime<Utc>,
    #[field(generated = "'x'", length(1..), pattern = "x")]
    pub e: String,
    #[field(generated = "price")]
    pub parent_id: i64,
    #[field(generated = "price", computed = Self::f)]
    pub f: i64,
    #[relation]
    pub parent: BelongsTo<Line>,
}

#[derive(Model)]
#[model(view)]
pub struct Total {
    pub id: i64,
    #[field(generated = "1")]
    pub sum: i64,
}

fn main() {}
