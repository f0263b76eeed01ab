//! Unknown attributes of resources, and a resource that is no model.

use couplet::prelude::*;

#[derive(Model, Resource)]
#[resource(paht = "/people", per_page = "20")]
pub struct Person {
    pub id: i64,
}

#[derive(Resource)]
pub struct Friend {
    pub id: i64,
}

// Reported by `Model` alone.
#[derive(Model, Resource)]
pub struct Foe {
    #[field(wobble)]
    pub id: i64,
}

fn main() {}
