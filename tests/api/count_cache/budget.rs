//! What takes too long to be counted has no total.

use std::sync::Arc;
use std::time::Duration;

use couplet::crud::count_cache::{Point, Probe};
use couplet_tests::on_each_database;
use serde_json::json;
use sqlx::{Connection, Executor, PgConnection, Row};
use tokio::sync::Mutex;

use super::*;
use crate::support::{execute, is_sqlite};

on_each_database! {
    async fn what_takes_too_long_has_no_total_and_is_not_begun_again_at_once(database: TestDatabase) {
        if !is_sqlite(&database) {
            return;
        }
        let mut settings = settings(&database);
        settings.cache.count_budget = Duration::from_millis(20);
        let api = Api::of(app(settings)).await;
        let rows = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000000) \
                    insert into jars (name) select 'some jar ' || i from n";
        execute(&database, rows).await;
        let path = "/jars?per_page=1&name__icontains=JAR&include=rack";
        let list = api.get(path).await.expect(200);
        assert_eq!((&list["/meta/total"], &list["/meta/pages"]), (&json!(null), &json!(null)));
        assert_eq!((&list["/meta/count"], &list["/meta/has_more"]), (&json!("none"), &json!(true)));
        assert_eq!(list.statements(), 2, "no row has a rack");
        assert_eq!(total(&api, path).await, (None, 1), "remembered");
        assert_eq!(api.get("/jars/1").await.expect(200)["/id"], 1, "the connection goes on");
    }

    async fn a_count_that_takes_too_long_is_ended_on_the_server(database: TestDatabase) {
        if is_sqlite(&database) {
            return;
        }
        // A lock that comes after the page, so that the count waits for it.
        let other = Arc::new(Mutex::new(PgConnection::connect(database.url()).await.unwrap()));
        let of_probe = Arc::clone(&other);
        let probe = Probe::new(move |point| {
            let other = Arc::clone(&of_probe);
            Box::pin(async move {
                if point == Point::Leads {
                    let lock = sqlx::raw_sql("BEGIN; LOCK TABLE jars IN ACCESS EXCLUSIVE MODE");
                    other.lock().await.execute(lock).await.unwrap();
                }
            })
        });
        let mut settings = settings(&database);
        settings.cache.count_budget = Duration::from_millis(200);
        let api = Api::of(app(settings).data(probe)).await;
        fill(&api, "/jars", 2).await;
        let list = api.get("/jars?per_page=1").await.expect(200);
        assert_eq!((&list["/meta/total"], &list["/meta/count"]), (&json!(null), &json!("none")));
        let ended = async {
            loop {
                let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
                let row = other.lock().await.fetch_one(waiting).await.unwrap();
                if row.get::<i64, _>(0) == 0 {
                    break;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), ended).await.unwrap();
        other.lock().await.execute("ROLLBACK").await.unwrap();
        assert_eq!(api.get("/jars/1").await.expect(200)["/id"], 1);
        assert_eq!(total(&api, "/jars?per_page=1").await, (None, 1), "remembered");
    }
}
