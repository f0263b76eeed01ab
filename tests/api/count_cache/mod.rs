//! Totals that are kept, and never wrong.

mod budget;
mod hits;
mod races;
mod shared;
mod together;
mod writes;

use std::time::Duration;

use couplet::App;
use couplet::config::Config;
use couplet::prelude::*;
use couplet_tests::TestDatabase;
use serde_json::json;

use super::support::{Api, config};

#[derive(Debug, Clone, Model, Resource)]
#[resource(filter = ["rack.name", "spices.name"], bulk)]
pub struct Jar {
    pub id: i64,
    #[field(filter(eq, in, icontains), sort, search)]
    pub name: String,
    pub color: Option<String>,
    #[field(filter)]
    pub rack_id: Option<i64>,
    #[relation(include, on_delete = cascade)]
    pub rack: BelongsTo<Rack>,
    #[relation(include, through = JarSpice)]
    pub spices: ManyToMany<Spice>,
}

#[derive(Debug, Clone, Model, Resource)]
pub struct Rack {
    pub id: i64,
    #[field(filter)]
    pub name: String,
}

#[derive(Debug, Clone, Model, Resource)]
pub struct Spice {
    pub id: i64,
    #[field(filter)]
    pub name: String,
}

#[derive(Debug, Clone, Model)]
pub struct JarSpice {
    #[field(key)]
    pub jar_id: i64,
    #[field(key)]
    pub spice_id: i64,
    #[relation(on_delete = cascade)]
    pub jar: BelongsTo<Jar>,
    #[relation(on_delete = cascade)]
    pub spice: BelongsTo<Spice>,
}

/// Deleted ones stay.
#[derive(Debug, Clone, Model, Resource)]
#[resource(deleted)]
pub struct Sticker {
    pub id: i64,
    #[field(filter)]
    pub name: String,
    #[field(deleted_at)]
    pub deleted_at: Option<DateTime<Utc>>,
}

/// Totals of searches are kept too.
#[derive(Debug, Clone, Model, Resource)]
#[resource(cache_searches)]
pub struct Recipe {
    pub id: i64,
    #[field(search)]
    pub name: String,
}

/// Totals may be old.
#[derive(Debug, Clone, Model, Resource)]
#[resource(count_cache = "ttl")]
pub struct Memo {
    pub id: i64,
    #[field(filter)]
    pub name: String,
}

/// Nothing is kept.
#[derive(Debug, Clone, Model, Resource)]
#[resource(count_cache = "off")]
pub struct Scrap {
    pub id: i64,
    pub name: String,
}

fn settings(database: &TestDatabase) -> Config {
    let mut settings = config(database);
    settings.cache.count_ttl = Duration::from_secs(300);
    settings
}

fn app(config: Config) -> App {
    App::new(config)
        .resource::<Jar>()
        .resource::<Rack>()
        .resource::<Spice>()
        .resource::<Sticker>()
        .resource::<Recipe>()
        .resource::<Memo>()
        .resource::<Scrap>()
}

async fn start(database: &TestDatabase) -> Api {
    Api::of(app(settings(database))).await
}

/// So many rows that differ in nothing.
async fn fill(api: &Api, path: &str, rows: usize) {
    for _ in 0..rows {
        api.create(path, json!({"name": "x"})).await;
    }
}

/// The total of a list, and the statements that it took.
async fn total(api: &Api, path: &str) -> (Option<u64>, u32) {
    let list = api.get(path).await.expect(200);
    (list["/meta/total"].as_u64(), list.statements())
}

/// That a total has to be counted, and then is kept.
async fn assert_counted(api: &Api, path: &str, expected: u64) {
    assert_eq!(total(api, path).await, (Some(expected), 2), "{path} is counted");
    assert_eq!(total(api, path).await, (Some(expected), 1), "{path} is kept");
}

/// That a total is kept.
async fn assert_kept(api: &Api, path: &str, expected: u64) {
    assert_eq!(total(api, path).await, (Some(expected), 1), "{path} is kept");
}
