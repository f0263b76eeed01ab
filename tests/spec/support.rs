//! An app with the models, served on a free port over a database of its own.

use couplet::app::Running;
use couplet::config::Config;
use couplet::http::{ListQuery, Problem};
use couplet::prelude::*;
use couplet_tests::{Client, TestDatabase};
use poem::web::Data;
use poem_openapi::OpenApi;
use serde_json::json;

use super::models::{Label, Owner, Thing, ThingLabel, Ticket};

/// An endpoint written by hand, beside the derived ones.
struct Cheap;

#[OpenApi]
impl Cheap {
    /// Lists things that cost little
    #[oai(path = "/cheap", method = "get", operation_id = "cheap.list")]
    async fn list(
        &self,
        list: ListQuery<Thing>,
        db: Data<&Database>,
    ) -> std::result::Result<couplet::crud::Page<Thing>, Problem> {
        Ok(list.filter(Thing::PRICE.lt(Decimal::TEN)).fetch(*db).await?)
    }
}

pub fn app(database_url: &str) -> App {
    let mut config = Config::default();
    config.server.bind = "127.0.0.1:0".parse().unwrap();
    config.database.url = database_url.to_owned().into();
    // Answers are the same from run to run.
    config.pagination.cursor_keys = vec!["a key that signs the cursors of tests".into()];
    App::new(config)
        .title("Things")
        .license("MIT", "https://spdx.org/licenses/MIT.html")
        .resource::<Thing>()
        .resource::<Owner>()
        .resource::<Label>()
        .resource::<ThingLabel>()
        .resource::<Ticket>()
        .api(Cheap)
}

/// A running app with a few rows: thing 1 has an owner, two labels and a value in each column, thing 2 has none.
pub async fn start(database: &TestDatabase) -> (Running, Client) {
    start_app(app(database.url())).await
}

/// As [`start`], of the app with more in it.
pub async fn start_app(app: App) -> (Running, Client) {
    let running = app.start().await.unwrap();
    let client = Client::new(format!("http://{}", running.address()));
    client.post("/labels", &json!({"name": "old"})).await.expect(201);
    client.post("/labels", &json!({"name": "a/b ç"})).await.expect(201);
    let owner = client.post("/owners", &json!({"name": "Ada"})).await.expect(201);
    let full = json!({
        "name": "lamp", "flag": true, "small": 3, "medium": -4, "large": 1_i64 << 53, "ratio": 0.5, "price": "9.50",
        "moment": "2024-05-06T09:08:09.123456+02:00", "day": "2024-02-29", "mark": OWNED, "code": "abc",
        "color": "dark_blue", "picture": "aGVsbG8=", "extra": {"a": [1, null]}, "password": "12345678",
        "owner_id": owner["/id"], "label_ids": ["old", "a/b ç"],
    });
    client.post("/things", &full).await.expect(201);
    client.post("/things", &json!({"name": "chair"})).await.expect(201);
    client.post("/tickets", &json!({"text": "once"})).await.expect(201);
    (running, client)
}

/// A UUID that is no row's key.
pub const OWNED: &str = "018f4c2e-7b1a-7c3d-9e4f-5a6b7c8d9e0f";
