//! The time of an update is a time.

use couplet::prelude::*;

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(updated_at)]
    pub updated_at: NaiveDate,
    #[field(updated_at, write_only)]
    pub at: DateTime<Utc>,
}

fn main() {}
