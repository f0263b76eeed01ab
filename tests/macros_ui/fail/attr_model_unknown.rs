//! An unknown attribute, with the nearest name; a flag with a value; a name twice.

use couplet::prelude::*;

#[derive(Model)]
#[model(tabel = "people", view = true, schema = "a", schema = "b")]
pub struct Person {
    pub id: i64,
}

#[derive(Model)]
#[model = "people"]
pub struct Friend {
    pub id: i64,
}

fn main() {}
