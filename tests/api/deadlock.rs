//! Many clients that write the same rows, each in an order of its own.

use couplet::App;
use couplet::prelude::*;
use couplet_tests::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};

use super::support::*;

/// A key that the database makes, and one by which rows are upserted.
#[derive(Debug, Model, Resource)]
#[resource(bulk, upsert(code))]
pub struct Rack {
    pub id: i64,
    #[field(unique)]
    pub code: String,
    pub books: i32,
}

const CLIENTS: usize = 24;
const ROWS: usize = 100;
const ROUNDS: usize = 5;

/// The numbers below [`ROWS`], from another one for each client and every second time backwards.
fn numbers(client: usize) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..ROWS).map(|number| (number * 7 + client * 13) % ROWS).collect();
    if client % 2 == 1 {
        numbers.reverse();
    }
    numbers
}

fn items(client: usize, item: impl Fn(usize) -> Value) -> Value {
    json!({"items": numbers(client).into_iter().map(item).collect::<Vec<_>>()})
}

/// What all clients are answered that send their request at once.
async fn at_once(api: &Api, method: Method, path: &str, body: impl Fn(usize) -> Value) -> Vec<u16> {
    let send = |client| tokio::spawn(api.request(method.clone(), path).json(&body(client)).send());
    let requests: Vec<_> = (0..CLIENTS).map(send).collect();
    let mut statuses = Vec::new();
    for request in requests {
        statuses.push(request.await.unwrap().unwrap().status().as_u16());
    }
    statuses.sort_unstable();
    statuses
}

/// PostgreSQL alone locks rows one by one.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_rows_in_any_order_are_no_deadlock() {
    let Some(database) = TestDatabase::postgres().await else { return };
    let mut config = config(&database);
    config.database.pool_size = 24;
    let api = Api::of(App::new(config).resource::<Rack>()).await;
    // In a table as long as this a row is looked up by its key, in the order of the request.
    let fill =
        "INSERT INTO racks (code, books) SELECT 'other ' || i, 0 FROM generate_series(1, 20000) AS i; ANALYZE racks";
    execute(&database, fill).await;
    let deadlocks = || async {
        let sql = sql("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");
        sql.fetch_one::<(i64,)>(api.database()).await.unwrap().0
    };
    for round in 0..ROUNDS {
        let upsert = |client| items(client, |number| json!({"code": format!("c{number}"), "books": round + client}));
        let statuses = at_once(&api, Method::POST, "/racks/bulk?on_conflict=code", upsert).await;
        assert!(statuses.iter().all(|status| matches!(status, 200 | 201)), "{statuses:?}");
        let all = api.get(&format!("/racks?per_page={ROWS}&sort=-id")).await;
        let ids: Vec<Value> = all["/items"].as_array().unwrap().iter().map(|rack| rack["id"].clone()).collect();
        let update = |client| items(client, |number| json!({"id": ids[number], "books": round}));
        assert_eq!(at_once(&api, Method::PATCH, "/racks/bulk", update).await, [200; CLIENTS]);
        let delete = |client: usize| items(client, |number| json!({"id": ids[number]}));
        let statuses = at_once(&api, Method::POST, "/racks/bulk/delete", delete).await;
        assert_eq!(statuses.iter().filter(|status| **status < 300).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| matches!(status, 200 | 204 | 404)), "{statuses:?}");
    }
    assert_eq!(deadlocks().await, 0);
}
