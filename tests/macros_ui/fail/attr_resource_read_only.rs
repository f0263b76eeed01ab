//! Said once.

use couplet::prelude::*;

#[derive(Model, Resource)]
#[resource(read_only, operations(list))]
pub struct Person {
    pub id: i64,
}

fn main() {}
