//! Whether fields may be chosen is said, not which: those that answers show.

use couplet::prelude::*;

#[derive(Model, Resource)]
#[resource(fields(id, name))]
pub struct Person {
    pub id: i64,
    pub name: String,
}

#[derive(Model, Resource)]
#[resource(fields = true)]
pub struct Friend {
    pub id: i64,
}

fn main() {}
