//! Whole answers that are kept: found by the tokens of all that they read, and never older than the request.

mod conditional;
mod fresh;
mod hits;
mod interleaved;
mod shared;

use std::sync::Mutex;

use couplet::App;
use couplet::prelude::*;
use couplet_tests::{Answer, TestDatabase};
use reqwest::Method;
use serde_json::json;

use super::support::{Api, config};

#[derive(Debug, Clone, Model, Resource)]
#[resource(cache(ttl = "60s"), filter = ["songs.title"], fields)]
pub struct Band {
    pub id: i64,
    #[field(filter, sort)]
    pub name: String,
    #[field(computed = Self::loud)]
    pub loud: String,
    #[relation(include, sub_resource)]
    pub songs: HasMany<Song>,
    #[relation(include, sub_resource, through = BandLabel)]
    pub labels: ManyToMany<Label>,
}

#[derive(Debug, Clone, Model, Resource)]
#[resource(cache(ttl = "60s"))]
pub struct Song {
    pub id: i64,
    #[field(filter)]
    pub band_id: i64,
    #[field(filter, sort, search)]
    pub title: String,
    #[field(version)]
    pub version: i32,
    #[relation(include, on_delete = cascade)]
    pub band: BelongsTo<Band>,
}

/// Shown while it is open, which is a matter of the app.
#[derive(Debug, Clone, Model, Resource)]
#[resource(cache(ttl = "60s"))]
pub struct Label {
    pub id: i64,
    pub name: String,
    pub is_open: bool,
}

#[derive(Debug, Clone, Model)]
pub struct BandLabel {
    #[field(key)]
    pub band_id: i64,
    #[field(key)]
    pub label_id: i64,
    #[relation(on_delete = cascade)]
    pub band: BelongsTo<Band>,
    #[relation(on_delete = cascade)]
    pub label: BelongsTo<Label>,
}

/// Read by none of the others.
#[derive(Debug, Clone, Model, Resource)]
#[resource(cache(ttl = "2h", max_staleness = "1h"))]
pub struct Poster {
    pub id: i64,
    pub text: String,
}

type Write = Box<dyn FnOnce() + Send>;

/// What happens when a band of that name is written into an answer: after all rows were read.
static WHEN_WRITTEN: Mutex<Vec<(String, Write)>> = Mutex::new(Vec::new());

impl Band {
    fn loud(&self) -> String {
        let mut waiting = WHEN_WRITTEN.lock().unwrap();
        if let Some(place) = waiting.iter().position(|(name, _)| *name == self.name) {
            let (_, happen) = waiting.remove(place);
            drop(waiting);
            happen();
        }
        self.name.to_uppercase()
    }
}

pub fn app(config: couplet::config::Config) -> App {
    App::new(config)
        .resource::<Band>()
        .resource::<Song>()
        .resource_with::<Label>(|labels| labels.filter(Label::IS_OPEN.eq(true)))
        .resource::<Poster>()
}

/// Two bands with a song each; the first has a label that is open and one that is not.
pub async fn start(database: &TestDatabase) -> Api {
    let api = Api::of(app(config(database))).await;
    for name in ["Abba", "Blur"] {
        let band = Band::create(NewBand::new(name), api.database()).await.unwrap();
        Song::create(NewSong::new(band.id, format!("{name} sings")), api.database()).await.unwrap();
    }
    for is_open in [true, false] {
        let label = Label::create(NewLabel::new("Polar", is_open), api.database()).await.unwrap();
        BandLabel::create(NewBandLabel::new(1, label.id), api.database()).await.unwrap();
    }
    api
}

pub async fn get_if_none(api: &Api, path: &str, tags: &str) -> Answer {
    api.send(api.request(Method::GET, path).header("if-none-match", tags)).await
}

/// The tag of an answer, which must be there.
#[track_caller]
pub fn tag(answer: &Answer) -> String {
    answer.header("etag").unwrap_or_else(|| panic!("no tag: {answer}")).to_owned()
}

/// Reads until the answer is kept: another fill may have been under way at the first time.
pub async fn warm(api: &Api, path: &str) -> Answer {
    let first = api.get(path).await.expect(200);
    let second = api.get(path).await.expect(200);
    assert_eq!(second.statements(), 1, "{second}");
    assert_eq!(first.text(), second.text());
    second
}

pub fn song(band: i64, title: &str) -> serde_json::Value {
    json!({"band_id": band, "title": title})
}
