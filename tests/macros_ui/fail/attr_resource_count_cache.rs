//! Totals are kept in one of the ways that there are, and only where something is counted.

use couplet::prelude::*;

#[derive(Model, Resource)]
#[resource(count_cache = "tll")]
pub struct Book {
    pub id: i64,
}

#[derive(Model, Resource)]
#[resource(count_cache)]
pub struct Author {
    pub id: i64,
}

#[derive(Model, Resource)]
#[resource(count_cache = "off", cache_searches)]
pub struct Review {
    pub id: i64,
    #[field(search)]
    pub text: String,
}

#[derive(Model, Resource)]
#[resource(cache_searches)]
pub struct Tag {
    pub id: i64,
    pub name: String,
}

#[derive(Model, Resource)]
#[resource(operations(get), count_cache = "ttl")]
pub struct Total {
    pub id: i64,
}

#[derive(Model, Resource)]
#[resource(count_cache = 5, cache_searches = true)]
pub struct Series {
    pub id: i64,
}

fn main() {}
