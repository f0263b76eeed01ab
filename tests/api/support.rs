//! Databases with the tables of the models, and apps that serve them.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use couplet::App;
use couplet::app::Running;
use couplet::config::Config;
use couplet::db::{Database, DatabaseOptions, check, migrate};
use couplet::metrics::Metrics;
use couplet::model::{Catalog, Model};
use couplet_tests::{Answer, Client, TestDatabase};
use reqwest::{Method, Url};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};

use super::models::*;

pub fn catalog() -> Catalog {
    let mut catalog = Catalog::default();
    for model in [Author::META, Review::META, EveryType::META, Essay::META] {
        catalog.add(model);
    }
    catalog
}

pub async fn connect(database: &TestDatabase) -> Database {
    let options = DatabaseOptions {
        url: database.url().to_owned(),
        pool_size: 4,
        max_overflow: 2,
        pool_timeout: Duration::from_secs(5),
        pool_idle_timeout: Duration::from_secs(30),
        pool_recycle: Duration::from_secs(3600),
        slow_query_threshold: Duration::from_secs(1),
        statement_timeout: Duration::from_secs(5),
    };
    let metrics = Arc::new(Metrics::new("test").unwrap());
    let database = Database::connect(options, metrics).await.unwrap();
    let catalog = catalog();
    migrate::create_missing(&database, catalog.models()).await.unwrap();
    check::check(&database, &catalog).await.unwrap();
    database
}

/// An app that serves, and a client of it.
pub struct Api {
    client: Client,
    running: Running,
}

/// What a client can, an [`Api`] can.
impl Deref for Api {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Api {
    pub async fn of(app: App) -> Self {
        let running = app.start().await.unwrap();
        Self { client: Client::new(format!("http://{}", running.address())), running }
    }

    /// Every resource of the catalogue, in the development profile.
    pub async fn start(database: &TestDatabase) -> Self {
        Self::of(catalogue(config(database))).await
    }

    pub fn database(&self) -> &Database {
        self.running.database()
    }

    pub fn running(&self) -> &Running {
        &self.running
    }

    /// Stops serving and closes the database.
    pub async fn stop(self) {
        self.running.stop().await.unwrap();
    }

    /// Creates a row and answers it.
    #[track_caller]
    pub fn create(&self, path: &str, body: Value) -> impl Future<Output = Answer> {
        let (path, caller) = (path.to_owned(), std::panic::Location::caller());
        async move {
            let answer = self.post(&path, &body).await;
            assert!(answer.status() == 201, "at {caller}: {answer}");
            answer
        }
    }

    /// The values of one member of all items of a list, as text.
    pub async fn column(&self, path: &str, member: &str) -> Vec<String> {
        column(&self.get(path).await.expect(200), member)
    }

    pub async fn send_text(&self, method: Method, path: &str, media_type: &str, body: impl Into<String>) -> Answer {
        let request = self.request(method, path).header("content-type", media_type).body(body.into());
        self.send(request).await
    }

    /// The value of a metric; 0 where it has none yet.
    pub async fn metric(&self, name_and_labels: &str) -> f64 {
        let text = self.get("/metrics").await.expect(200).text();
        let line = text.lines().find_map(|line| line.strip_prefix(name_and_labels));
        line.map_or(0.0, |value| value.trim().parse().unwrap())
    }

    /// Waits until a metric has a value; each look is a request, so nothing sleeps.
    pub async fn until_metric(&self, name_and_labels: &str, value: f64) {
        let waiting = async { while self.metric(name_and_labels).await != value {} };
        let waited = tokio::time::timeout(Duration::from_secs(10), waiting).await;
        waited.unwrap_or_else(|_| panic!("{name_and_labels} never was {value}"));
    }
}

/// Settings for a test: a free port, and time enough for a busy machine.
pub fn config(database: &TestDatabase) -> Config {
    let mut config = Config::default();
    config.server.bind = "127.0.0.1:0".parse().unwrap();
    config.server.request_deadline = Duration::from_secs(30);
    config.database.url = database.url().into();
    config.database.pool_size = 4;
    config.database.pool_timeout = Duration::from_secs(10);
    config.database.statement_timeout = Duration::from_secs(20);
    config.cache.count_budget = Duration::from_secs(20);
    // Each list counts, so that its statements do not depend on those before it; `count_cache` is about the others.
    config.cache.count_ttl = Duration::from_nanos(1);
    config
}

pub fn catalogue(config: Config) -> App {
    App::new(config)
        .resource::<Author>()
        .resource::<Profile>()
        .resource::<Book>()
        .resource::<BookAuthor>()
        .resource::<Tag>()
        .resource::<Review>()
        .resource::<Series>()
        .resource::<EveryType>()
        .resource::<Edition>()
        .resource::<Essay>()
}

/// A path with a query, its values escaped.
pub fn with_query(path: &str, parameters: &[(&str, &str)]) -> String {
    let url = Url::parse_with_params("http://any", parameters).unwrap();
    format!("{path}?{}", url.query().unwrap_or_default())
}

/// The values of one member of all items of a list, as text.
#[track_caller]
pub fn column(list: &Answer, member: &str) -> Vec<String> {
    let items = list["/items"].as_array().unwrap();
    let text = |item: &Value| match &item[member] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    items.iter().map(text).collect()
}

/// The `code` of each mistake under the place that it is in: a parameter, a pointer, or nothing.
#[track_caller]
pub fn mistakes(problem: &Answer) -> Vec<(String, String)> {
    let place = |error: &Value| {
        let place = error.get("parameter").or_else(|| error.get("pointer"));
        place.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let errors = problem["/errors"].as_array().unwrap().iter();
    let mut mistakes: Vec<_> = errors.map(|error| (place(error), error["code"].as_str().unwrap().to_owned())).collect();
    mistakes.sort();
    mistakes
}

/// Compares the mistakes of a problem with those expected, in any order.
#[track_caller]
pub fn assert_mistakes<'a>(problem: &Answer, expected: impl IntoIterator<Item = (&'a str, &'a str)>) {
    let mut expected: Vec<(String, String)> =
        expected.into_iter().map(|(place, code)| (place.to_owned(), code.to_owned())).collect();
    expected.sort();
    assert_eq!(mistakes(problem), expected, "{problem}");
}

/// Changes a database behind the back of the app.
pub async fn execute(database: &TestDatabase, sql: &str) {
    let sql = AssertSqlSafe(sql.to_owned());
    if database.url().starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(database.url()).await.unwrap();
        connection.execute(sql).await.unwrap();
        connection.close().await.unwrap();
    } else {
        let mut connection = PgConnection::connect(database.url()).await.unwrap();
        connection.execute(sql).await.unwrap();
        connection.close().await.unwrap();
    }
}

pub fn is_sqlite(database: &TestDatabase) -> bool {
    database.url().starts_with("sqlite:")
}
