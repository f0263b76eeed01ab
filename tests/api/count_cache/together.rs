//! Who asks at the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use couplet::crud::count_cache::{Point, Probe};
use couplet_tests::on_each_database;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::*;

const READERS: usize = 1_000;
const STATEMENTS: &str = "db_query_duration_seconds_count{model=\"Jar\",operation=\"select\"}";

on_each_database! {
    async fn a_thousand_readers_share_one_count(database: TestDatabase) {
        let (asked, all) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let of_probe = (Arc::clone(&asked), Arc::clone(&all));
        let probe = Probe::new(move |point| {
            let (asked, all) = (Arc::clone(&of_probe.0), Arc::clone(&of_probe.1));
            Box::pin(async move {
                match point {
                    Point::TokensRead if asked.fetch_add(1, Ordering::SeqCst) + 1 == READERS => all.notify_one(),
                    // The first one waits for the last, which then waits for it.
                    Point::Leads => all.notified().await,
                    _ => {}
                }
            })
        });
        let mut settings = settings(&database);
        settings.database.pool_timeout = std::time::Duration::from_secs(60);
        settings.cache.count_budget = std::time::Duration::from_secs(60);
        let api = Api::of(app(settings).data(probe)).await;
        fill(&api, "/jars", 2).await;
        let before = api.metric(STATEMENTS).await;
        let mut readers = JoinSet::new();
        for _ in 0..READERS {
            let db = api.database().clone();
            readers.spawn(async move { Jar::query().page(1, 1).fetch(&db).await.unwrap().meta.total });
        }
        assert_eq!(readers.join_all().await, vec![Some(2); READERS]);
        let statements = api.metric(STATEMENTS).await - before;
        assert_eq!(statements, 1.0 + READERS as f64, "a page for each, and one count");
    }

    async fn a_reader_that_is_cancelled_is_replaced(database: TestDatabase) {
        let (leaders, leads) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let (asked, joins) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let of_probe = (leaders, Arc::clone(&leads), asked, Arc::clone(&joins));
        let probe = Probe::new(move |point| {
            let (leaders, leads, asked, joins) = of_probe.clone();
            Box::pin(async move {
                match point {
                    Point::TokensRead if asked.fetch_add(1, Ordering::SeqCst) == 1 => joins.notify_one(),
                    Point::Leads if leaders.fetch_add(1, Ordering::SeqCst) == 0 => {
                        leads.notify_one();
                        std::future::pending::<()>().await;
                    }
                    _ => {}
                }
            })
        });
        let api = Api::of(app(settings(&database)).data(probe)).await;
        fill(&api, "/jars", 2).await;
        let read = || {
            let db = api.database().clone();
            tokio::spawn(async move { Jar::query().page(1, 1).fetch(&db).await.unwrap().meta.total })
        };
        let first = read();
        leads.notified().await;
        let second = read();
        joins.notified().await;
        first.abort();
        assert_eq!(second.await.unwrap(), Some(2));
        assert_kept(&api, "/jars?per_page=1", 2).await;
    }
}
