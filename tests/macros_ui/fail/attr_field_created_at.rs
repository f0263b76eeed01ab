//! The time of a create is a time.

use couplet::prelude::*;

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(created_at)]
    pub created_at: i64,
    #[field(created_at, updated_at)]
    pub at: DateTime<Utc>,
}

fn main() {}
