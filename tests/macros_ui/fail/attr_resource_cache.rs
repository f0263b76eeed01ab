//! Answers that are kept.

use couplet::prelude::*;

#[derive(Model, Resource)]
#[resource(cache)]
pub struct Author {
    pub id: i64,
}

#[derive(Model, Resource)]
#[resource(cache(max_staleness = "50ms"))]
pub struct Book {
    pub id: i64,
}

#[derive(Model, Resource)]
#[resource(cache(ttl = "60", ttl = "0s", max_stalenes = "50ms", max_staleness = 50))]
pub struct Genre {
    pub id: i64,
}

#[derive(Model, Resource)]
#[resource(cache(ttl = "1s", ttl = "2s"))]
pub struct Place {
    pub id: i64,
}

#[derive(Model, Resource)]
#[resource(cache(ttl = "1s", max_staleness = "1min"))]
pub struct Review {
    pub id: i64,
}

#[derive(Model, Resource)]
#[resource(cache(ttl = "1min"), operations(create))]
pub struct Letter {
    pub id: i64,
}

#[derive(Model, Resource)]
#[model(view)]
#[resource(cache(ttl = "1min"))]
pub struct Rating {
    pub id: i64,
}

fn main() {}
