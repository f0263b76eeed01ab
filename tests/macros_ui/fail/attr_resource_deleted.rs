//! Deleted rows are shown where the model keeps them.

use couplet::prelude::*;

#[derive(Model, Resource)]
#[resource(deleted)]
pub struct Book {
    pub id: i64,
}

#[derive(Model, Resource)]
#[resource(deleted = true, operations(list, restore))]
pub struct Page {
    pub id: i64,
    #[field(deleted_at)]
    pub deleted_at: Option<DateTime<Utc>>,
}

fn main() {}
