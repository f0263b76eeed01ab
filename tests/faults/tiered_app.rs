//! The cache as apps get it: in hooks and in endpoints written by hand.

use couplet::config::{Config, Profile};
use couplet::http::Problem;
use couplet::prelude::*;
use couplet::testing::TestApp;
use couplet_tests::{Client, RedisServer};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::payload::Json as JsonBody;
use serde_json::json;
use tempfile::TempDir;

use crate::support::{LONG, until};

/// A book on the shelf.
#[derive(Debug, Clone, Model, Resource)]
#[model(hooks)]
pub(crate) struct Book {
    pub(crate) id: i64,
    pub(crate) title: String,
}

impl Hooks for Book {
    async fn after_commit(_: &Committed<Self>, context: &mut HookContext<'_>) -> Result<()> {
        context.data::<TieredCache>()?.invalidate_tag("books").await;
        Ok(())
    }
}

struct Shelf;

#[OpenApi]
impl Shelf {
    /// All titles, which are read from the database if no instance knows them.
    #[oai(path = "/shelf", method = "get")]
    async fn titles(&self, cache: Data<&TieredCache>, db: Data<&Database>) -> Result<JsonBody<Vec<String>>, Problem> {
        let load = || async {
            let books = Book::query().sort(Book::TITLE.asc()).fetch(*db).await?;
            Ok(books.items.into_iter().map(|book| book.title).collect::<Vec<_>>())
        };
        Ok(JsonBody(cache.entry("shelf").tag("books").get_or_load(load).await?))
    }
}

async fn app(folder: &TempDir, redis: Option<String>) -> (TestApp, Client) {
    let mut config = Config::default();
    config.profile = Profile::Development;
    config.database.url = format!("sqlite://{}", folder.path().join("app.db").display()).into();
    config.redis.url = redis.map(Into::into);
    let app = TestApp::start_with(config, |app| app.resource::<Book>().api(Shelf)).await.expect("it starts");
    let client = Client::new(app.url());
    (app, client)
}

async fn shows(client: &Client, titles: serde_json::Value) {
    until("the shelf is up to date", async || client.get("/shelf").await.expect(200)[""] == titles).await;
}

#[tokio::test]
async fn a_hook_of_one_instance_invalidates_what_the_other_shows() {
    let Some(server) = RedisServer::start().await else { return };
    let folder = TempDir::new().expect("a temporary folder");
    let (one, on_one) = app(&folder, Some(server.url())).await;
    let (other, on_other) = app(&folder, Some(server.url())).await;
    let caches = [&one, &other].map(|app| app.database().data::<TieredCache>().expect("every app has one").clone());
    until("memory is used by both", async || {
        shows(&on_one, json!([])).await;
        shows(&on_other, json!([])).await;
        caches.iter().all(TieredCache::is_memory_used)
    })
    .await;
    on_one.post("/books", &json!({"title": "Dune"})).await.expect(201);
    shows(&on_other, json!(["Dune"])).await;
    on_other.post("/books", &json!({"title": "Emma"})).await.expect(201);
    shows(&on_one, json!(["Dune", "Emma"])).await;

    // Values of one open for the other: they have the secret from the database.
    until("a value is shared", async || {
        caches[0].set("shared", &1, LONG).await && caches[1].get::<u32>("shared").await == Some(1)
    })
    .await;
    one.stop().await.unwrap();
    other.stop().await.unwrap();
}

#[tokio::test]
async fn without_redis_an_app_has_a_cache_of_its_own() {
    let folder = TempDir::new().expect("a temporary folder");
    let (app, client) = app(&folder, None).await;
    shows(&client, json!([])).await;
    // Past the framework, and so past the hook.
    couplet::sql("INSERT INTO books (title) VALUES ('Ulysses')").execute(app.database()).await.unwrap();
    assert_eq!(client.get("/shelf").await.expect(200)[""], json!([]));
    client.post("/books", &json!({"title": "Dune"})).await.expect(201);
    shows(&client, json!(["Dune", "Ulysses"])).await;
    app.stop().await.unwrap();
}
