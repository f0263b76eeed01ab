//! A default of the database where another value comes first.

use couplet::prelude::*;

#[derive(Model)]
pub struct Line {
    #[field(database_default = "7")]
    pub id: i64,
    #[field(database_default)]
    pub a: i64,
    #[field(database_default = 7, default = 7)]
    pub b: i64,
    #[field(database_default = "7", default = 7)]
    pub c: i64,
    #[field(database_default = "now()", created_at)]
    pub d: DateTime<Utc>,
    #[field(database_default(postgres = "now()"))]
    pub e: DateTime<Utc>,
}

#[derive(Model)]
#[model(view)]
pub struct Total {
    pub id: i64,
    #[field(database_default = "1")]
    pub sum: i64,
    #[field(database_default = "1", computed = Self::twice)]
    pub twice: i64,
}

fn main() {}
