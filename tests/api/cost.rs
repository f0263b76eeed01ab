//! What a page costs far on in a list, compared with the first. A measurement and no test, since a busy machine has any time:
//!
//! ```text
//! tests/run -p couplet-tests --test api cost -- --ignored --nocapture
//! ```

use std::time::{Duration, Instant};

use couplet::crud::Query;
use couplet::db::{Database, advice, migrate};
use couplet::prelude::*;
use couplet::sql::{Dialect, Migration};
use couplet_tests::TestDatabase;

use super::support::*;

/// A row of a long list.
#[derive(Debug, Model)]
pub struct Item {
    pub id: i64,
    #[field(sort)]
    pub kind: i32,
    #[field(sort)]
    pub name: String,
    #[field(sort)]
    pub price: Decimal,
    #[field(sort)]
    pub year: Option<i32>,
}

type Sorted = fn() -> Query<Item>;

const ROWS: u32 = 120_000;
const PER_PAGE: u32 = 20;
const PAGE: u64 = 5_000;
const TIMES: usize = 101;

/// Rows, an index for each sort as the start advises it, and one for directions that differ.
async fn fill(db: &Database) {
    migrate::create_missing(db, &[Item::META]).await.unwrap();
    let (numbers, price) = match db.dialect() {
        Dialect::Sqlite => (
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < {}) insert into items",
            "(i % 977) || '.5'",
        ),
        Dialect::Postgres => ("with n as (select generate_series(1, {}) as i) insert into items", "i % 977 + 0.5"),
    };
    let numbers = numbers.replace("{}", &ROWS.to_string());
    let rest = format!("'name ' || ((i * 7919) % 10007), {price}, case when i % 10 = 0 then null else i % 100 end");
    let mut steps = vec![format!("{numbers} (id, kind, name, price, year) select i, i / 7 % 5, {rest} from n")];
    let unserved = advice::unserved_sorts(db, &[Item::META]).await.unwrap();
    steps.extend(unserved.into_iter().map(|unserved| unserved.statement));
    steps.push("create index mixed on items (kind desc, name, id)".to_owned());
    steps.push("analyze items".to_owned());
    let migration = Migration {
        dialect: db.dialect(),
        version: 1,
        description: "items",
        // Migrations are constants elsewhere; this one lives as long as the process.
        sql: Box::leak(steps.join(";").into_boxed_str()),
    };
    migrate::run(db, &[migration]).await.unwrap();
}

/// The middle of the times that a page takes.
async fn time(db: &Database, query: impl Fn() -> Query<Item>) -> Duration {
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let started = Instant::now();
        assert_eq!(query().fetch(db).await.unwrap().items.len(), usize::try_from(PER_PAGE).unwrap());
        times.push(started.elapsed());
    }
    times.sort();
    times[TIMES / 2]
}

async fn measure(database: &TestDatabase) {
    let db = connect(database).await;
    fill(&db).await;
    let orders: [(&str, Sorted); 9] = [
        ("id", || Item::query()),
        ("kind", || Item::query().sort(Item::KIND.asc())),
        ("-kind", || Item::query().sort(Item::KIND.desc())),
        ("name", || Item::query().sort(Item::NAME.asc())),
        ("price", || Item::query().sort(Item::PRICE.asc())),
        ("-price", || Item::query().sort(Item::PRICE.desc())),
        ("year", || Item::query().sort(Item::YEAR.asc())),
        ("-year", || Item::query().sort(Item::YEAR.desc())),
        ("-kind,name", || Item::query().sort(Item::KIND.desc()).sort(Item::NAME.asc())),
    ];
    println!("{ROWS} rows, page 1 and page {PAGE} of {PER_PAGE}; median of {TIMES}");
    for (name, query) in orders {
        let mut cursor = None;
        for _ in 0..10 {
            cursor = query().cursor(cursor.as_deref(), 10_000).fetch(&db).await.unwrap().meta.next_cursor;
        }
        let first = time(&db, || query().cursor(None, PER_PAGE)).await;
        let far = time(&db, || query().cursor(cursor.as_deref(), PER_PAGE)).await;
        let offset = time(&db, || query().page(PAGE + 1, PER_PAGE).skip_count()).await;
        let ratio = |time: Duration| time.as_secs_f64() / first.as_secs_f64();
        println!(
            "{:8} {name:12} first {first:>10.1?}  by cursor {far:>10.1?} ({:.2})  by offset {offset:>10.1?} ({:.1})",
            if is_sqlite(database) { "sqlite" } else { "postgres" },
            ratio(far),
            ratio(offset),
        );
    }
}

#[tokio::test]
#[ignore = "a measurement"]
async fn sqlite() {
    measure(&TestDatabase::sqlite()).await;
}

#[tokio::test]
#[ignore = "a measurement"]
async fn postgres() {
    if let Some(database) = TestDatabase::postgres().await {
        measure(&database).await;
    }
}
