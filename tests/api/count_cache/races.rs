//! A reader and a writer in every order of their steps.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use couplet::crud::count_cache::{Point, Probe};
use couplet_tests::on_each_database;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};

use super::*;
use crate::support::is_sqlite;

/// A connection of somebody else.
enum Other {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Other {
    async fn connect(database: &TestDatabase) -> Self {
        match is_sqlite(database) {
            true => Self::Sqlite(SqliteConnection::connect(&format!("{}?mode=rwc", database.url())).await.unwrap()),
            false => Self::Postgres(PgConnection::connect(database.url()).await.unwrap()),
        }
    }

    async fn execute(&mut self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(connection) => drop(connection.execute(sqlx::raw_sql(sql)).await.unwrap()),
            Self::Postgres(connection) => drop(connection.execute(sqlx::raw_sql(sql)).await.unwrap()),
        }
    }

    /// Begins a transaction and adds a jar in it.
    async fn begin(&mut self) {
        self.execute("BEGIN; INSERT INTO jars (name) VALUES ('x')").await;
    }
}

/// What the writer does where the reader is.
type Step = (Point, &'static str);

/// The steps that are left; the reader takes each where it is due.
#[derive(Clone, Default)]
struct Script(Arc<Mutex<VecDeque<Step>>>);

impl Script {
    fn take(&self, at: Option<Point>) -> Option<&'static str> {
        let mut steps = self.0.lock().unwrap();
        let is_due = |(point, _): &Step| match (at, point) {
            (None, _) | (Some(Point::Fenced(_)), Point::Fenced(_)) => true,
            (Some(at), point) => at == *point,
        };
        steps.pop_front_if(|step| is_due(step)).map(|(_, sql)| sql)
    }
}

async fn start_with(database: &TestDatabase) -> (Api, Script, Arc<tokio::sync::Mutex<Other>>) {
    let (script, other) = (Script::default(), Arc::new(tokio::sync::Mutex::new(Other::connect(database).await)));
    let (steps, writer) = (script.clone(), Arc::clone(&other));
    let probe = Probe::new(move |point| {
        let (steps, writer) = (steps.clone(), Arc::clone(&writer));
        Box::pin(async move {
            while let Some(sql) = steps.take(Some(point)) {
                writer.lock().await.execute(sql).await;
            }
        })
    });
    (Api::of(app(settings(database)).data(probe)).await, script, other)
}

const BEGIN: &str = "BEGIN; INSERT INTO jars (name) VALUES ('x')";
const POINTS: [Point; 5] = [Point::TokensRead, Point::Leads, Point::Fenced(true), Point::Counted, Point::Stored];
const JARS: &str = "/jars?per_page=1";

on_each_database! {
    async fn a_write_that_ends_while_a_total_is_counted_is_in_the_next_one(database: TestDatabase) {
        let (api, script, other) = start_with(&database).await;
        fill(&api, "/jars", 2).await;
        let mut rows = 2;
        for end in ["COMMIT", "ROLLBACK"] {
            for (place, begins) in POINTS.into_iter().enumerate() {
                for ends in POINTS.into_iter().skip(place) {
                    // So that there is something to count.
                    other.lock().await.execute("INSERT INTO jars (name) VALUES ('x')").await;
                    rows += 1;
                    script.0.lock().unwrap().extend([(begins, BEGIN), (ends, end)]);
                    let during = total(&api, JARS).await.0.unwrap();
                    // Points that this database or this order does not have.
                    while let Some(sql) = script.take(None) {
                        other.lock().await.execute(sql).await;
                    }
                    let before = rows;
                    rows += u64::from(end == "COMMIT");
                    let at = format!("{end}: from {begins:?} to {ends:?}");
                    assert!((before..=rows).contains(&during), "{at}: {during} of {before} to {rows}");
                    assert_eq!(total(&api, JARS).await.0, Some(rows), "{at}: after it");
                    assert_eq!(total(&api, JARS).await.0, Some(rows), "{at}: once more");
                }
            }
        }
    }

    async fn while_a_writer_is_under_way_nothing_is_stored_that_it_may_make_wrong(database: TestDatabase) {
        let (api, _, other) = start_with(&database).await;
        fill(&api, "/jars", 2).await;
        other.lock().await.begin().await;
        for _ in 0..2 {
            assert_eq!(total(&api, JARS).await.0, Some(2));
        }
        let refused = api.metric("pagination_count_cache_fill_refused_total{model=\"Jar\"}").await;
        assert_eq!(refused, if is_sqlite(&database) { 0.0 } else { 2.0 });
        other.lock().await.execute("COMMIT").await;
        assert_counted(&api, JARS, 3).await;
        other.lock().await.begin().await;
        other.lock().await.execute("ROLLBACK").await;
        assert_eq!(total(&api, JARS).await.0, Some(3));
        assert_kept(&api, JARS, 3).await;
    }

    async fn who_asks_after_a_commit_does_not_get_what_was_being_counted_before(database: TestDatabase) {
        if is_sqlite(&database) {
            return;
        }
        // A reader that is held after it has counted, and all that come later.
        let (counted, goes_on) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
        let is_first = Arc::new(std::sync::atomic::AtomicBool::new(true));
        let (has_counted, may_go_on) = (Arc::clone(&counted), Arc::clone(&goes_on));
        let probe = Probe::new(move |point| {
            let (has_counted, may_go_on, is_first) = (Arc::clone(&has_counted), Arc::clone(&may_go_on), Arc::clone(&is_first));
            Box::pin(async move {
                if point == Point::Counted && is_first.swap(false, std::sync::atomic::Ordering::SeqCst) {
                    has_counted.notify_one();
                    may_go_on.notified().await;
                }
            })
        });
        let api = Api::of(app(settings(&database)).data(probe)).await;
        fill(&api, "/jars", 2).await;
        let mut other = Other::connect(&database).await;
        // Its token is there from now on, its row is not.
        other.begin().await;
        let db = api.database().clone();
        let first = tokio::spawn(async move {
            Jar::query().page(1, 1).fetch(&db).await.unwrap().meta.total
        });
        counted.notified().await;
        other.execute("COMMIT").await;
        // The same tokens, and a request that began after the commit.
        assert_eq!(total(&api, JARS).await.0, Some(3));
        goes_on.notify_one();
        assert_eq!(first.await.unwrap(), Some(2), "it began before the commit");
        assert_kept(&api, JARS, 3).await;
    }
}
