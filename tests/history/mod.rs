//! Concurrent histories: writers, readers and a nemesis, and afterwards a look at every total that was answered.
//!
//! `COUPLET_TEST_SEED` chooses another run, `COUPLET_TEST_LONG` ten minutes of it.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic)]

mod check;
mod instance;
mod lists;
mod models;
mod nemesis;
mod random;
mod record;
mod sql;
mod workers;
mod write;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use couplet::testing::TestApp;
use couplet_tests::{Client, Program, TestDatabase};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use check::{Violation, violations};
use instance::{Instance, Serving};
use lists::LISTS;
use nemesis::{Nemesis, Redis};
use random::Random;
use record::{History, Outcome};
use sql::Sql;
use workers::{Stage, Writer, ask_total, furnish, read};

/// Who writes through which instance; without one, with plain SQL.
const WRITERS: [(&str, Option<usize>); 4] =
    [("first of A", Some(0)), ("second of A", Some(0)), ("first of B", Some(1)), ("with SQL", None)];

const READERS_OF_AN_INSTANCE: usize = 2;

/// An import of this keeps the example app from filling the database.
const A_BOOK: &str = "book_id,isbn,authors,original_publication_year,original_title,title,language_code,average_rating,ratings_count,image_url
1,439554934,Ann Lee,1997.0,The Stone,The Stone,eng,4.44,46,
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_total_is_wrong_between_two_instances_and_plain_sql_while_redis_and_instances_fail() {
    let Some(database) = TestDatabase::postgres().await else { return };
    import(&database).await;
    let stage = stage(&database, vec![Instance::new(None), Instance::new(None)]).await;
    let redis = Redis::start().await;
    let nemesis = Nemesis::start(Arc::clone(&stage), &database, redis, random(99)).await;
    let nemesis = tokio::spawn(nemesis.run());
    play(&stage, &database, long().unwrap_or(Duration::from_secs(60))).await;
    let nemesis = nemesis.await.unwrap();
    println!("{:?}\n{}", nemesis.done, nemesis.metrics().await.join("\n"));
    assert_right(&stage, &database).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_total_is_wrong_between_two_apps_and_plain_sql_on_one_file() {
    let database = TestDatabase::sqlite();
    let apps = [app(&database).await, app(&database).await];
    let serving = |app: &TestApp| Serving { life: 1, client: Client::new(app.url()), name: String::new() };
    let instances = apps.iter().map(|app| Instance::new(Some(serving(app)))).collect();
    let stage = stage(&database, instances).await;
    play(&stage, &database, long().unwrap_or(Duration::from_secs(10))).await;
    assert_right(&stage, &database).await;
    for app in apps {
        app.stop().await.unwrap();
    }
}

/// The history must see it when cached totals are wrong: here nothing tells the cache of writes any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_shows_totals_that_are_wrong() {
    let Some(database) = TestDatabase::postgres().await else { return };
    import(&database).await;
    let stage = stage(&database, vec![Instance::new(None), Instance::new(None)]).await;
    let _nemesis = Nemesis::start(Arc::clone(&stage), &database, None, random(99)).await;
    Sql::connect(&database).await.deafen().await;
    play(&stage, &database, Duration::from_secs(5)).await;
    let wrong = violations(&stage.history);
    println!("{} of {} totals are wrong, such as\n{}", wrong.len(), stage.history.reads().len(), shown(&wrong));
    assert!(!wrong.is_empty());
}

async fn app(database: &TestDatabase) -> TestApp {
    let build = |app: couplet::App| {
        let app = app.resource::<models::Book>().resource::<models::Author>();
        app.resource::<models::Review>().resource::<models::Reader>()
    };
    TestApp::start_on(database.url(), build).await.unwrap()
}

async fn import(database: &TestDatabase) {
    let program = Program::new("example-app").env("DATABASE_URL", database.url()).env("RUST_LOG", "off");
    std::fs::write(program.folder().join("books.csv"), A_BOOK).unwrap();
    program.arg("import").arg("--goodbooks").arg(".").run().await.expect(0);
}

async fn stage(database: &TestDatabase, instances: Vec<Instance>) -> Arc<Stage> {
    let history = furnish(database, &WRITERS.map(|(who, _)| who)).await;
    Arc::new(Stage { history, instances, over: AtomicBool::new(false) })
}

/// Lets everybody write and read for so long, then reads everything once more.
async fn play(stage: &Arc<Stage>, database: &TestDatabase, length: Duration) {
    let mut workers = JoinSet::new();
    for (number, (who, instance)) in (1..).zip(WRITERS) {
        let sql = Sql::connect(database).await;
        workers.spawn(Writer::new(Arc::clone(stage), who, instance, sql, random(number)).await.run());
    }
    for instance in 0..stage.instances.len() {
        for reader in 0..READERS_OF_AN_INSTANCE {
            let number = u64::try_from(10 + 10 * instance + reader).unwrap();
            workers.spawn(read(Arc::clone(stage), instance, random(number)));
        }
    }
    let end = Instant::now() + length;
    while Instant::now() < end && !stage.over.load(Ordering::Relaxed) {
        sleep(Duration::from_millis(100)).await;
    }
    stage.over.store(true, Ordering::Relaxed);
    while let Some(worker) = workers.join_next().await {
        worker.unwrap();
    }
}

async fn assert_right(stage: &Stage, database: &TestDatabase) {
    for instance in 0..stage.instances.len() {
        for list in (0..LISTS.len()).cycle().take(2 * LISTS.len()) {
            ask_total(stage, instance, list).await;
        }
    }
    let history = &stage.history;
    let (writes, reads, failures, wrong) = (history.writes(), history.reads(), history.failures(), violations(history));
    let ended = |is: fn(&Outcome) -> bool| writes.iter().filter(|write| is(&write.outcome)).count();
    let acknowledged = ended(|outcome| matches!(outcome, Outcome::Acknowledged(_)));
    let in_doubt = ended(|outcome| *outcome == Outcome::InDoubt);
    println!(
        "seed {}: {acknowledged} writes acknowledged, {} undone, {in_doubt} in doubt; {} reads, {} wrong; {} without a \
         total; {} failures",
        seed(),
        writes.len() - acknowledged - in_doubt,
        reads.len(),
        wrong.len(),
        history.unknowns(),
        failures.len()
    );
    assert!(failures.is_empty(), "{:#?}\n{}", &failures[..failures.len().min(5)], shown(&wrong));
    assert!(wrong.is_empty(), "{}", shown(&wrong));
    assert_eq!(in_doubt, 0, "every doubt was settled");
    assert_eq!(Sql::connect(database).await.totals().await, acknowledged_totals(history), "the history is complete");
    assert!(acknowledged > 100 && reads.len() > 500, "nothing much happened");
}

fn shown(wrong: &[Violation]) -> String {
    wrong.iter().take(5).map(Violation::to_string).collect::<Vec<_>>().join("\n")
}

/// What the lists hold if the history tells everything.
fn acknowledged_totals(history: &History) -> record::Effects {
    let mut totals = history.base;
    for write in history.writes().iter().filter(|write| matches!(write.outcome, Outcome::Acknowledged(_))) {
        totals.iter_mut().zip(write.effects).for_each(|(total, effect)| *total += effect);
    }
    totals
}

fn long() -> Option<Duration> {
    std::env::var_os("COUPLET_TEST_LONG").map(|_| Duration::from_secs(600))
}

fn seed() -> u64 {
    std::env::var("COUPLET_TEST_SEED").map_or(1, |seed| seed.parse().expect("COUPLET_TEST_SEED is a number"))
}

fn random(number: u64) -> Random {
    Random::new(seed(), number)
}
