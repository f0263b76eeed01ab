//! The time of a delete is a time, NULL until then, and there is one of it.

use couplet::prelude::*;

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(deleted_at)]
    pub deleted_at: DateTime<Utc>,
    #[field(deleted_at, unique, write_only)]
    pub gone_at: Option<DateTime<Utc>>,
}

#[derive(Model)]
pub struct Page {
    pub id: i64,
    #[field(deleted_at, updated_at)]
    pub deleted_at: Option<DateTime<Utc>>,
    #[field(computed = Self::never, deleted_at)]
    pub never: bool,
}

#[derive(Model)]
pub struct Line {
    pub id: i64,
    #[field(deleted_at, default = DateTime::UNIX_EPOCH)]
    pub deleted_at: Option<DateTime<Utc>>,
}

#[derive(Model)]
#[model(view)]
pub struct Word {
    pub id: i64,
    #[field(deleted_at)]
    pub deleted_at: Option<DateTime<Utc>>,
}

fn main() {}
