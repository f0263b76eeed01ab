use super::models::{AUTHORS, BOOKS, TITLES, TYPES};
use super::*;
use crate::db::migrate;
use crate::db::pool::Opener;
use crate::sql::Migration;

fn migration(dialect: Dialect, version: i64, sql: &'static str) -> Migration {
    Migration { dialect, version, description: "a test", sql }
}

/// The same two steps for both databases.
fn steps() -> Vec<Migration> {
    let of = |dialect| {
        let create = migration(dialect, 1, "CREATE TABLE t (id integer); INSERT INTO t VALUES (1);");
        [migration(dialect, 2, "ALTER TABLE t ADD COLUMN name text;"), create]
    };
    [of(Dialect::Sqlite), of(Dialect::Postgres)].concat()
}

#[tokio::test]
async fn migrations_run_once_and_in_order() {
    on_each(async |fixture| {
        migrate::run(&fixture.database, &steps()).await.expect("migrated");
        migrate::run(&fixture.database, &steps()).await.expect("nothing to do");
        assert_eq!(fixture.count("t").await, 1);
        fixture.run("INSERT INTO t (id, name) VALUES (2, 'x')").await.expect("both ran");
    })
    .await;
}

#[tokio::test]
async fn notices_of_the_server_are_no_lines_of_the_log() {
    on_each(async |fixture| {
        let Opener::Postgres(opener) = fixture.database.opener() else { return };
        let setting = "SELECT current_setting('client_min_messages')";
        let mut connection = opener.open_unlimited().await.expect("connected");
        let level: String = sqlx::query_scalar(setting).fetch_one(&mut connection).await.expect("read");
        assert_eq!(level, "warning");
        let rows = fixture.database.session().fetch(&select(setting)).await.expect("read");
        assert_eq!(rows.row(0).text(0).expect("a text"), Some("warning"));
    })
    .await;
}

#[tokio::test]
async fn a_later_migration_joins() {
    on_each(async |fixture| {
        migrate::run(&fixture.database, &steps()).await.expect("migrated");
        let mut more = steps();
        more.push(migration(fixture.dialect(), 3, "DELETE FROM t"));
        migrate::run(&fixture.database, &more).await.expect("migrated");
        assert_eq!(fixture.count("t").await, 0);
    })
    .await;
}

#[tokio::test]
async fn instances_that_migrate_together_wait_for_each_other() {
    on_each(async |fixture| {
        if matches!(fixture.made, Made::Memory) {
            return; // nobody else sees it
        }
        let other = Database::connect(fixture.options.clone(), metrics()).await.expect("connected");
        let steps = steps();
        let (one, two) = tokio::join!(migrate::run(&fixture.database, &steps), migrate::run(&other, &steps));
        one.expect("migrated");
        two.expect("migrated");
        assert_eq!(fixture.count("t").await, 1);
        other.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_and_no_lock() {
    on_each(async |fixture| {
        let sql = "CREATE TABLE half (id integer); INSERT INTO nowhere VALUES (1);";
        let broken = [migration(fixture.dialect(), 1, sql)];
        for _ in 0..2 {
            let error = migrate::run(&fixture.database, &broken).await.expect_err("the second statement fails");
            assert!(error.to_string().starts_with("migration 1 (…1_a_test.sql) fails: "), "{error}");
        }
        fixture.run("CREATE TABLE half (id integer)").await.expect("it is not there");
    })
    .await;
}

#[tokio::test]
async fn a_migration_that_was_changed_or_lost_stops_the_start() {
    on_each(async |fixture| {
        migrate::run(&fixture.database, &steps()).await.expect("migrated");
        let mut changed = steps();
        changed.iter_mut().for_each(|step| step.sql = "SELECT 1");
        let error = migrate::run(&fixture.database, &changed).await.expect_err("changed");
        assert!(error.to_string().contains("was changed after it ran"), "{error}");
        let lost: Vec<_> = steps().into_iter().filter(|step| step.version == 2).collect();
        let error = migrate::run(&fixture.database, &lost).await.expect_err("lost");
        assert!(error.to_string().contains("migration 1 ran on this database"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn missing_tables_are_made_once() {
    on_each(async |fixture| {
        let models = [&AUTHORS, &BOOKS, &TYPES, &TITLES];
        let made = migrate::create_missing(&fixture.database, &models).await.expect("created");
        assert_eq!(made, ["authors", "books", "types"]);
        let made = migrate::create_missing(&fixture.database, &models).await.expect("nothing to do");
        assert!(made.is_empty(), "{made:?}");
        fixture.run("INSERT INTO authors (name) VALUES ('x')").await.expect("there is a table");
    })
    .await;
}

#[tokio::test]
async fn instances_that_make_tables_together_wait_for_each_other() {
    on_each(async |fixture| {
        if matches!(fixture.made, Made::Memory) {
            return; // nobody else sees it
        }
        let other = Database::connect(fixture.options.clone(), metrics()).await.expect("connected");
        let models = [&AUTHORS, &BOOKS];
        let make = |database| migrate::create_missing(database, &models);
        let (one, two) = tokio::join!(make(&fixture.database), make(&other));
        let made = [one.expect("created"), two.expect("created")].concat();
        assert_eq!(made, ["authors", "books"]);
        other.close().await;
    })
    .await;
}
