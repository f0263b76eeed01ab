//! A change that has begun is carried out, whatever becomes of the client; a read is not.

use std::time::Duration;

use couplet::events::{ChangeKind, Notice};
use couplet::model::Value;
use couplet::prelude::*;
use couplet_tests::{TestDatabase, on_each_database};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::models::*;
use super::support::*;

const WAITING: &str = r#"http_requests_in_progress{endpoint="/tags",method="POST"}"#;

/// Sends a request over a connection of its own and reads no answer.
async fn send(api: &Api, body: &str) -> TcpStream {
    let mut socket = TcpStream::connect(api.running().address()).await.unwrap();
    let (host, length) = (api.running().address(), body.len());
    let head =
        format!("POST /tags HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {length}");
    socket.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await.unwrap();
    socket
}

/// Returns once a statement of another transaction waits for a lock; SQLite's writers wait before their first statement.
async fn until_blocked(api: &Api, database: &TestDatabase) {
    api.until_metric(WAITING, 1.0).await;
    if is_sqlite(database) {
        return;
    }
    let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(database.url()).await.unwrap();
    let waiting = async {
        let blocked =
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
        while sqlx::query_scalar::<_, i64>(blocked).fetch_one(&mut connection).await.unwrap() == 0 {}
    };
    tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap();
}

async fn until_found(api: &Api, path: &str) {
    let found = async { while api.get(path).await.status() != 200 {} };
    tokio::time::timeout(Duration::from_secs(10), found).await.unwrap();
}

on_each_database! {
    async fn a_client_that_goes_away_does_not_cancel_its_write(database: TestDatabase) {
        let api = Api::start(&database).await;
        // On PostgreSQL the second insert of a key waits for the first; on SQLite every write waits for the writer.
        let mut other = api.database().begin().await.unwrap();
        Tag::create(NewTag::new("contested"), &mut other).await.unwrap();
        let client = send(&api, &json!({"name": "contested", "color": "red"}).to_string()).await;
        until_blocked(&api, &database).await;
        drop(client);
        api.until_metric(WAITING, 0.0).await;
        api.get("/tags/contested").await.expect(404);

        other.rollback().await.unwrap();
        until_found(&api, "/tags/contested").await;
        assert_eq!(api.get("/tags/contested").await["/color"], "red");
        assert_eq!(api.metric("db_pool_connections_in_use ").await, 0.0);
    }

    async fn a_write_whose_client_goes_away_is_told_once(database: TestDatabase) {
        let api = Api::start(&database).await;
        let mut changes = api.database().subscribe();
        let mut other = api.database().begin().await.unwrap();
        Tag::create(NewTag::new("contested"), &mut other).await.unwrap();
        let client = send(&api, &json!({"name": "contested"}).to_string()).await;
        until_blocked(&api, &database).await;
        drop(client);
        other.rollback().await.unwrap();
        until_found(&api, "/tags/contested").await;
        api.create("/tags", json!({"name": "next"})).await;
        for name in ["contested", "next"] {
            let Notice::Change(change) = changes.next().await.unwrap() else { panic!("a change was missed") };
            assert_eq!((change.kind, &change.keys), (ChangeKind::Created, &vec![vec![Value::Text(name.to_owned())]]));
        }
    }

    async fn a_write_that_has_begun_is_finished_before_the_app_stops(database: TestDatabase) {
        let api = Api::start(&database).await;
        let db = connect(&database).await;
        let mut other = api.database().begin().await.unwrap();
        Tag::create(NewTag::new("contested"), &mut other).await.unwrap();
        let answer = {
            let request = api.request(reqwest::Method::POST, "/tags").json(&json!({"name": "contested", "color": "red"}));
            tokio::spawn(request.send())
        };
        until_blocked(&api, &database).await;
        api.running().shutdown().begin();
        other.rollback().await.unwrap();
        assert_eq!(answer.await.unwrap().unwrap().status(), 201);
        assert_eq!(Tag::find("contested".to_owned(), &db).await.unwrap().color.as_deref(), Some("red"));
        let refused = api.request(reqwest::Method::GET, "/tags").send();
        assert!(tokio::time::timeout(Duration::from_secs(10), refused).await.unwrap().is_err(), "nobody listens any more");
    }

    async fn a_body_that_never_ends_changes_nothing(database: TestDatabase) {
        let api = Api::start(&database).await;
        let mut client = TcpStream::connect(api.running().address()).await.unwrap();
        let head = "POST /tags HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n";
        client.write_all(format!("{head}{{\"name\": \"half\"}}").as_bytes()).await.unwrap();
        api.until_metric(WAITING, 1.0).await;
        drop(client);
        api.until_metric(WAITING, 0.0).await;
        assert_eq!(api.get("/tags").await["/meta/total"], 0);
    }

    async fn a_read_ends_with_its_client_and_gives_its_connection_back(database: TestDatabase) {
        if is_sqlite(&database) {
            return; // where no lock makes a reader wait
        }
        let api = Api::start(&database).await;
        let mut other = <sqlx::PgConnection as sqlx::Connection>::connect(database.url()).await.unwrap();
        sqlx::Executor::execute(&mut other, "begin; lock table tags in access exclusive mode").await.unwrap();
        let mut client = TcpStream::connect(api.running().address()).await.unwrap();
        client.write_all(b"GET /tags HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        api.until_metric(r#"http_requests_in_progress{endpoint="/tags",method="GET"}"#, 1.0).await;
        api.until_metric("db_pool_connections_in_use ", 1.0).await;
        drop(client);
        api.until_metric(r#"http_requests_in_progress{endpoint="/tags",method="GET"}"#, 0.0).await;
        api.until_metric("db_pool_connections_in_use ", 0.0).await;
        sqlx::Executor::execute(&mut other, "rollback").await.unwrap();
        api.get("/tags").await.expect(200);
    }
}
