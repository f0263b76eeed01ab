//! What is done in bulk is what is offered for one row, and only a model with a version can require one.

use couplet::prelude::*;

#[derive(Model, Resource)]
#[resource(read_only, bulk)]
pub struct Book {
    pub id: i64,
}

#[derive(Model, Resource)]
#[resource(max_items = 5, require_if_match)]
pub struct Author {
    pub id: i64,
}

#[derive(Model, Resource)]
#[resource(bulk = true, max_items = 0)]
pub struct Review {
    pub id: i64,
}

#[derive(Model, Resource)]
#[model(view)]
#[resource(operations(list, bulk_create))]
pub struct Total {
    pub id: i64,
}

fn main() {}
