use super::models::{AUTHORS, BOOKS, TYPES};
use super::*;
use crate::db::{migrate, tokens};
use crate::fixtures::{column, model};
use crate::model::{Catalog, ColumnMeta, ColumnType, Generated, ModelMeta, Operator};
use crate::query::{Filter, ListQuery};
use crate::sql::Migration;
use crate::sql::token::{Footprint, Known, read};

const fn filterable(name: &'static str) -> ColumnMeta {
    ColumnMeta { filter: &[Operator::Eq], ..column(name, ColumnType::I64) }
}

pub(super) static ITEMS: ModelMeta = model(
    "Item",
    "items",
    &[
        ColumnMeta { generated: Some(Generated::Database), ..column("id", ColumnType::I64) },
        filterable("size"),
        filterable("weight"),
        column("note", ColumnType::I64),
    ],
);

/// The same table as another version of the app knows it.
pub(super) static OTHER_ITEMS: ModelMeta = model(
    "Item",
    "items",
    &[
        ColumnMeta { generated: Some(Generated::Database), ..column("id", ColumnType::I64) },
        column("size", ColumnType::I64),
        column("weight", ColumnType::I64),
        filterable("note"),
    ],
);

pub(super) const INSERT: &str = "INSERT INTO items (size, weight, note) VALUES (1, 2, 3)";

fn catalog(models: &[&'static ModelMeta]) -> Catalog {
    let mut catalog = Catalog::default();
    models.iter().for_each(|model| catalog.add(model));
    catalog
}

/// Makes tables and tokens.
pub(super) async fn prepare(fixture: &Fixture, models: &[&'static ModelMeta]) {
    migrate::create_missing(&fixture.database, models).await.expect("created");
    sync(&fixture.database, models).await;
}

pub(super) async fn sync(database: &Database, models: &[&'static ModelMeta]) {
    tokens::sync(database, &catalog(models)).await.expect("synchronised");
}

pub(super) fn known(database: &Database) -> Arc<Known> {
    database.tokens().expect("looked at")
}

/// The vector of the rows with conditions on these columns; `None` where nothing can be said.
pub(super) async fn vector(database: &Database, model: &'static ModelMeta, columns: &[usize]) -> Option<String> {
    let condition =
        |index: &usize| Filter::compare(&model.columns[*index], Operator::Eq, vec![crate::model::Value::I64(1)]);
    let filter = columns.iter().map(condition).fold(Filter::everything(), Filter::and);
    let known = known(database);
    let query = ListQuery { filter, ..ListQuery::new(model) };
    let footprint = Footprint::of_count(&query, &known, database.dialect())?;
    let rows = database.session().fetch(&read(&footprint, database.dialect())).await.expect("read");
    let text = rows.row(0).text(0).expect("a text").map(str::to_owned);
    known.vector(&footprint, text.as_deref()).and(text)
}

/// Whether a statement changes the vectors of `items` by its rows, its size and its note, which has no class of its own.
pub(super) async fn changes(fixture: &Fixture, sql: &str) -> [bool; 3] {
    let database = &fixture.database;
    let vectors = async || {
        [
            vector(database, &ITEMS, &[]).await,
            vector(database, &ITEMS, &[1]).await,
            vector(database, &ITEMS, &[3]).await,
        ]
    };
    let before = vectors().await;
    assert!(before.iter().all(Option::is_some), "{before:?}");
    fixture.run(sql).await.expect("executed");
    let after = vectors().await;
    std::array::from_fn(|index| before[index] != after[index])
}

#[tokio::test]
async fn each_table_gets_tokens_that_writes_change() {
    on_each(async |fixture| {
        prepare(fixture, &[&AUTHORS, &BOOKS, &TYPES, &ITEMS]).await;
        let known = known(&fixture.database);
        let mut tables: Vec<&str> = known.tables.keys().copied().collect();
        tables.sort_unstable();
        assert_eq!(tables, ["Author", "Book", "Item", "Types"]);
        assert_eq!(known.tables["Item"].columns, ["id", "size", "weight"]);
        assert_eq!(changes(fixture, "SELECT 1").await, [false, false, false]);
        assert_eq!(changes(fixture, INSERT).await, [true, true, true]);
        assert_eq!(changes(fixture, "UPDATE items SET weight = 5").await, [false, false, true]);
        assert_eq!(changes(fixture, "UPDATE items SET size = 5").await, [false, true, true]);
        assert_eq!(changes(fixture, "UPDATE items SET note = 5").await, [false, false, true]);
        assert_eq!(changes(fixture, "DELETE FROM items").await, [true, true, true]);
    })
    .await;
}

#[tokio::test]
async fn a_second_start_finds_everything() {
    on_each(async |fixture| {
        prepare(fixture, &[&AUTHORS, &BOOKS, &ITEMS]).await;
        let first = known(&fixture.database);
        sync(&fixture.database, &[&AUTHORS, &BOOKS, &ITEMS]).await;
        assert_eq!(first, known(&fixture.database));
    })
    .await;
}

#[tokio::test]
async fn two_versions_of_an_app_keep_what_the_other_asks_for() {
    on_each(async |fixture| {
        prepare(fixture, &[&ITEMS]).await;
        sync(&fixture.database, &[&OTHER_ITEMS]).await;
        assert_eq!(known(&fixture.database).tables["Item"].columns, ["id", "note"]);
        let both = known(&fixture.database).tables["Item"].shape.clone();
        sync(&fixture.database, &[&ITEMS]).await;
        let again = &known(&fixture.database).tables["Item"];
        assert_eq!((&again.columns[..], &again.shape), (&["id", "size", "weight"][..], &both), "nothing was dropped");
    })
    .await;
}

#[tokio::test]
async fn migrations_change_columns_that_triggers_name() {
    on_each(async |fixture| {
        prepare(fixture, &[&ITEMS]).await;
        fixture.run(INSERT).await.expect("inserted");
        let steps: &[&str] = match fixture.dialect() {
            Dialect::Sqlite => &[
                "ALTER TABLE items DROP COLUMN size",
                "ALTER TABLE items RENAME COLUMN note TO size",
                "CREATE TABLE x (id INTEGER PRIMARY KEY, size INTEGER, weight INTEGER, note INTEGER); \
                 INSERT INTO x SELECT id, size, weight, 0 FROM items; DROP TABLE items; ALTER TABLE x RENAME TO items",
            ],
            Dialect::Postgres => &[
                "ALTER TABLE items DROP COLUMN size; ALTER TABLE items ALTER COLUMN weight TYPE int USING weight * 2",
                "ALTER TABLE items RENAME COLUMN note TO size",
                "DROP TABLE items; CREATE TABLE items (id bigserial PRIMARY KEY, size bigint, weight bigint, note bigint)",
            ],
        };
        let mut migrations = Vec::new();
        let mut seen = vec![vector(&fixture.database, &ITEMS, &[2]).await];
        for (version, sql) in (1..).zip(steps) {
            migrations.push(Migration { dialect: fixture.dialect(), version, description: "a test", sql });
            migrate::run(&fixture.database, &migrations).await.expect("migrated");
            sync(&fixture.database, &[&ITEMS]).await;
            let vector = vector(&fixture.database, &ITEMS, &[2]).await;
            assert!(vector.is_some() && !seen.contains(&vector), "{vector:?} after {seen:?}");
            seen.push(vector);
        }
        assert_eq!(known(&fixture.database).tables["Item"].columns, ["id", "size", "weight"]);
        assert_eq!(changes(fixture, INSERT).await, [true, true, true]);
        assert_eq!(changes(fixture, "UPDATE items SET weight = 5").await, [false, false, true]);
    })
    .await;
}

#[tokio::test]
async fn loosened_tables_have_tokens_until_the_next_start_ties_them() {
    on_each(async |fixture| {
        prepare(fixture, &[&ITEMS]).await;
        fixture.run(INSERT).await.expect("inserted");
        let table = if fixture.dialect() == Dialect::Sqlite { "items" } else { "public.items" };
        assert_eq!(tokens::loosen(&fixture.database).await.expect("loosened"), [table]);
        assert_eq!(vector(&fixture.database, &ITEMS, &[]).await, None, "other triggers than those that were seen");
        tokens::look_now(&fixture.database).await;
        assert_eq!(changes(fixture, "UPDATE items SET weight = 5").await[1..], [true, true]);
        assert!(tokens::loosen(&fixture.database).await.expect("loosened").is_empty());
        sync(&fixture.database, &[&ITEMS]).await;
        assert_eq!(changes(fixture, "UPDATE items SET weight = 5").await, [false, false, true]);
    })
    .await;
}

#[tokio::test]
async fn removed_tokens_stay_away_until_the_next_start() {
    on_each(async |fixture| {
        prepare(fixture, &[&ITEMS]).await;
        let known_before = known(&fixture.database);
        let footprint = Footprint::of_count(&ListQuery::new(&ITEMS), &known_before, fixture.dialect()).expect("known");
        tokens::remove(&fixture.database).await.expect("removed");
        let outcome = fixture.database.session().fetch(&read(&footprint, fixture.dialect())).await;
        assert!(outcome.map_or_else(
            |error| tokens::concerns_tokens(&error),
            |rows| rows.row(0).text(0).is_ok_and(|it| it.is_none())
        ));
        tokens::look_now(&fixture.database).await;
        assert!(fixture.database.tokens().is_none_or(|known| known.tables.is_empty()));
        fixture.run(INSERT).await.expect("no trigger is left");
        sync(&fixture.database, &[&ITEMS]).await;
        assert_eq!(changes(fixture, INSERT).await, [true, true, true]);
    })
    .await;
}

#[tokio::test]
async fn triggers_that_are_gone_are_made_again() {
    on_each(async |fixture| {
        prepare(fixture, &[&ITEMS]).await;
        fixture
            .run(match fixture.dialect() {
                Dialect::Sqlite => "DROP TRIGGER \"_couplet_items insert\"",
                Dialect::Postgres => "DROP TRIGGER \"_couplet_items rows\" ON items",
            })
            .await
            .expect("dropped");
        assert_eq!(vector(&fixture.database, &ITEMS, &[]).await, None);
        tokens::look_now(&fixture.database).await;
        assert_eq!(changes(fixture, INSERT).await, [true, true, true]);
    })
    .await;
}

#[tokio::test]
async fn a_newer_format_is_left_alone() {
    on_each(async |fixture| {
        prepare(fixture, &[&ITEMS]).await;
        let classes =
            if fixture.dialect() == Dialect::Sqlite { "_couplet_token_classes" } else { "_couplet.token_classes" };
        fixture.run(&format!("UPDATE {classes} SET format = 99")).await.expect("updated");
        sync(&fixture.database, &[&ITEMS]).await;
        assert!(known(&fixture.database).tables.is_empty());
        let status = tokens::status(&fixture.database, &[&ITEMS]).await.expect("looked at");
        assert_eq!(status[0].reason.as_deref(), Some("a newer version of the framework keeps its tokens"));
    })
    .await;
}

#[tokio::test]
async fn what_is_printed_makes_all_that_a_start_looks_for() {
    on_each(async |fixture| {
        migrate::create_missing(&fixture.database, &[&ITEMS]).await.expect("created");
        fixture.database.own_tables().await.expect("made");
        let reason = async || tokens::status(&fixture.database, &[&ITEMS]).await.expect("looked at")[0].reason.clone();
        assert!(reason().await.is_some_and(|reason| reason.contains("not all there")));
        for _ in 0..2 {
            let mut transaction = fixture.database.begin().await.expect("begun");
            let ddl = tokens::ddl(&[&ITEMS], fixture.dialect());
            transaction.batch(&ddl.join(";\n")).await.expect("executed");
            transaction.commit().await.expect("committed");
            assert_eq!(reason().await, None);
        }
    })
    .await;
}

#[tokio::test]
async fn only_what_is_missing_concerns_tokens() {
    on_each(async |fixture| {
        let error = async |sql| fixture.run(sql).await.expect_err("refused");
        match fixture.dialect() {
            Dialect::Sqlite => assert!(tokens::concerns_tokens(&error("SELECT * FROM _couplet_tokens").await)),
            Dialect::Postgres => {
                assert!(tokens::concerns_tokens(&error("SELECT * FROM _couplet.epoch").await));
                assert!(tokens::concerns_tokens(&error("SELECT pg_sequence_last_value('_couplet.\"x rows\"')").await));
            }
        }
        assert!(!tokens::concerns_tokens(&error("SELECT 1 +").await));
    })
    .await;
}

#[tokio::test]
async fn a_doubt_has_the_tables_looked_at() {
    on_each(async |fixture| {
        prepare(fixture, &[&ITEMS]).await;
        let before = known(&fixture.database);
        tokens::loosen(&fixture.database).await.expect("loosened");
        for _ in 0..3 {
            fixture.database.doubt_tokens();
        }
        fixture.database.close().await;
        let after = known(&fixture.database);
        assert!(*after != *before && after.tables.contains_key("Item"), "{after:?}");
    })
    .await;
}

/// Prints how long writes take without and with triggers, in one run.
#[tokio::test]
#[ignore = "measures"]
async fn what_triggers_cost() {
    use std::time::Instant;
    on_each(async |fixture| {
        migrate::create_missing(&fixture.database, &[&ITEMS, &AUTHORS, &TYPES]).await.expect("created");
        let measure = async |what: &str| {
            let numbers = match fixture.dialect() {
                Dialect::Sqlite => "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) SELECT i, i, i FROM n",
                Dialect::Postgres => "SELECT i, i, i FROM generate_series(1, 10000) AS n(i)",
            };
            let bulk = format!("INSERT INTO items (size, weight, note) {numbers}");
            for (name, sql, times) in [
                ("insert one", INSERT, 2000),
                ("insert 10,000", bulk.as_str(), 10),
                ("update one", "UPDATE items SET size = size + 1 WHERE id = 7", 2000),
                ("update 10,000", "UPDATE items SET size = size + 1, weight = 0 WHERE id <= 10000", 10),
            ] {
                let mut transaction = fixture.database.begin().await.expect("begun");
                let started = Instant::now();
                for _ in 0..times {
                    transaction.session().execute(&statement(sql, Verb::Other, [])).await.expect("executed");
                }
                let micros = started.elapsed().as_micros() / times;
                transaction.commit().await.expect("committed");
                println!("{:?} {what}: {name}: {micros} µs", fixture.dialect());
            }
        };
        measure("without").await;
        let started = Instant::now();
        sync(&fixture.database, &[&ITEMS, &AUTHORS, &TYPES]).await;
        println!("{:?} made in {:?}", fixture.dialect(), started.elapsed());
        let started = Instant::now();
        sync(&fixture.database, &[&ITEMS, &AUTHORS, &TYPES]).await;
        println!("{:?} found in {:?}", fixture.dialect(), started.elapsed());
        measure("with").await;
    })
    .await;
}
