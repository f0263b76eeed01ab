//! Paths that a struct itself shows to be wrong.

use couplet::prelude::*;

#[derive(Model, Resource)]
#[resource(
    include_depth = 2,
    filter = [
        "seris.name",
        "series.name",
        "name",
        "series.name",
        "series.parent.parent.name",
        "",
    ]
)]
pub struct Book {
    pub id: i64,
    pub name: String,
    pub series_id: Option<i64>,
    #[relation]
    pub series: BelongsTo<Series>,
}

#[derive(Model, Resource)]
#[resource(filter("parent.name"))]
pub struct Series {
    pub id: i64,
    #[field(filter)]
    pub name: String,
    pub parent_id: Option<i64>,
    #[relation]
    pub parent: BelongsTo<Series>,
}

#[derive(Model, Resource)]
#[resource(filter = "series.name")]
pub struct Tag {
    pub id: i64,
}

#[derive(Model, Resource)]
#[resource(filter = [name])]
pub struct Label {
    pub id: i64,
}

fn main() {}
