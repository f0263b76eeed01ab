//! A view can only be read.

use couplet::prelude::*;

#[derive(Model, Resource)]
#[model(view)]
#[resource(operations(list, create, delete))]
pub struct Total {
    pub id: i64,
}

fn main() {}
