//! Writers and readers between a fill's statements.

use couplet_tests::on_each_database;
use serde_json::json;
use tokio::task::JoinSet;

use super::*;
use crate::support::{execute, is_sqlite};

/// Executes a statement from inside of whatever is running, and waits for it.
fn at_once(url: &str, sql: &str) -> Box<dyn FnOnce() + Send> {
    let (url, sql) = (url.to_owned(), sql.to_owned());
    Box::new(move || {
        let write = async move {
            use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};
            if url.starts_with("sqlite:") {
                SqliteConnection::connect(&url).await.unwrap().execute(AssertSqlSafe(sql)).await.unwrap();
            } else {
                PgConnection::connect(&url).await.unwrap().execute(AssertSqlSafe(sql)).await.unwrap();
            }
        };
        let thread = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(write);
        });
        thread.join().unwrap();
    })
}

on_each_database! {
    async fn what_changed_while_it_was_read_is_answered_and_not_kept(database: TestDatabase) {
        let api = start(&database).await;
        let name = database.url().to_owned();
        api.create("/bands", json!({"name": name})).await;
        let write = "UPDATE bands SET name = 'Cure' WHERE id = 1";
        WHEN_WRITTEN.lock().unwrap().push((name, at_once(database.url(), write)));
        let torn = api.get("/bands").await.expect(200);
        assert_eq!((&torn["/items/0/name"], torn.header("etag")), (&json!("Abba"), None), "read before the write");
        let next = api.get("/bands").await.expect(200);
        assert_eq!((&next["/items/0/name"], next.statements()), (&json!("Cure"), 2));
        assert_eq!(warm(&api, "/bands").await["/items/0/name"], "Cure");
    }

    async fn while_a_writer_is_under_way_nothing_is_kept_that_it_would_make_wrong(database: TestDatabase) {
        let api = start(&database).await;
        if is_sqlite(&database) {
            // Its tokens are part of the write, so nobody sees them before; see the test above.
            return;
        }
        let mut writer = api.database().begin().await.unwrap();
        Band::create(NewBand::new("Cure"), &mut writer).await.unwrap();
        for _ in 0..2 {
            let answer = api.get("/bands").await.expect(200);
            assert_eq!((&answer["/meta/total"], answer.header("etag")), (&json!(2), None));
            assert_eq!(answer.statements(), 2);
        }
        let tokens_were_seen = api.get("/bands/1").await.expect(200);
        assert_eq!(tokens_were_seen.header("etag"), None);
        writer.commit().await.unwrap();
        assert_eq!(api.get("/bands").await.expect(200)["/meta/total"], 3);
        assert_eq!(warm(&api, "/bands").await["/meta/total"], 3);
    }

    async fn a_thousand_readers_of_a_cold_answer_are_one_execution(database: TestDatabase) {
        let mut config = config(&database);
        config.database.pool_size = 10;
        let api = start(&database).await;
        let cold = std::sync::Arc::new(Api::of(app(config)).await);
        let before = cold.metric("db_query_duration_seconds_count{model=\"Song\",operation=\"select\"}").await;
        let mut readers = JoinSet::new();
        for _ in 0..1000 {
            let cold = std::sync::Arc::clone(&cold);
            readers.spawn(async move { tag(&cold.get("/bands?include=songs").await.expect(200)) });
        }
        let mut tags = readers.join_all().await;
        tags.dedup();
        assert_eq!(tags.len(), 1);
        assert_eq!(cold.metric("db_query_duration_seconds_count{model=\"Song\",operation=\"select\"}").await - before, 1.0);
        assert_eq!(cold.metric("answer_cache_misses_total{endpoint=\"/bands\"}").await, 1.0);
        assert_eq!(cold.metric("answer_cache_hits_total{endpoint=\"/bands\"}").await, 999.0);
        execute(&database, "DELETE FROM songs").await;
        assert_eq!(api.get("/bands?include=songs").await["/items/0/songs"], json!([]));
    }
}
