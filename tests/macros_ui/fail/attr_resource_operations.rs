//! Operations by name.

use couplet::prelude::*;

#[derive(Model, Resource)]
#[resource(operations(list, fetch, list, destroy))]
pub struct Person {
    pub id: i64,
}

#[derive(Model, Resource)]
#[resource(operations = list)]
pub struct Friend {
    pub id: i64,
}

fn main() {}
