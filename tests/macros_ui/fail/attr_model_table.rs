//! A table is named by a text that every database keeps whole.

use couplet::prelude::*;

#[derive(Model)]
#[model(table = people)]
pub struct Person {
    pub id: i64,
}

#[derive(Model)]
#[model(table = "")]
pub struct Friend {
    pub id: i64,
}

#[derive(Model)]
#[model(table = "a_table_with_a_name_that_is_longer_than_postgresql_keeps_names_of_tables")]
pub struct Foe {
    pub id: i64,
}

fn main() {}
