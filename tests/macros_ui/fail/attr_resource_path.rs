//! A path is one segment.

use couplet::prelude::*;

#[derive(Model, Resource)]
#[resource(path = "/library/people")]
pub struct Person {
    pub id: i64,
}

#[derive(Model, Resource)]
#[resource(path = "/")]
pub struct Friend {
    pub id: i64,
}

fn main() {}
