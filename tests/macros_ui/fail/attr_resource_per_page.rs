//! A page by default is no larger than a page may be, and an include goes no deeper than can be written down.

use couplet::prelude::*;

#[derive(Model, Resource)]
#[resource(per_page = 200)]
pub struct Person {
    pub id: i64,
}

#[derive(Model, Resource)]
#[resource(max_per_page = 10)]
pub struct Friend {
    pub id: i64,
}

#[derive(Model, Resource)]
#[resource(per_page = 0, max_offset = -1, include_depth = "deep", include_limit = 0)]
pub struct Foe {
    pub id: i64,
}

#[derive(Model, Resource)]
#[resource(include_depth = 6)]
pub struct Stranger {
    pub id: i64,
}

#[derive(Model, Resource)]
#[resource(include_depth = 0)]
pub struct Neighbor {
    pub id: i64,
}

#[derive(Model, Resource)]
#[resource(include_depth = 2, options_depth = 3)]
pub struct Cousin {
    pub id: i64,
}

#[derive(Model, Resource)]
#[resource(options_depth = 0)]
pub struct Uncle {
    pub id: i64,
}

fn main() {}
