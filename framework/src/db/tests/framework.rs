use super::models::AUTHORS;
use super::*;
use crate::db::{check, framework, migrate};
use crate::model::Catalog;
use crate::query::{CursorKeys, ListQuery, Place};

async fn key(database: &Database) -> Vec<u8> {
    framework::cursor_key(database).await.expect("a key")
}

/// Where the framework's own tables are.
fn own(fixture: &Fixture, table: &str) -> String {
    match fixture.dialect() {
        Dialect::Sqlite => format!("_couplet_{table}"),
        Dialect::Postgres => format!("_couplet.{table}"),
    }
}

async fn connect(fixture: &Fixture) -> Database {
    Database::connect(fixture.options.clone(), metrics()).await.expect("connected")
}

fn cursor(keys: &CursorKeys) -> String {
    keys.sign(&ListQuery::new(&AUTHORS), &Place::end())
}

#[tokio::test]
async fn its_migrations_run_once() {
    on_each(async |fixture| {
        for _ in 0..2 {
            framework::migrate(&fixture.database).await.expect("migrated");
            assert_eq!(fixture.count(&own(fixture, "migrations")).await, 4);
        }
        assert_eq!(fixture.count(&own(fixture, "secrets")).await, 0, "a key is made when it is needed");
    })
    .await;
}

#[tokio::test]
async fn a_schema_that_someone_has_made_is_taken() {
    on_each(async |fixture| {
        if fixture.dialect() == Dialect::Postgres {
            fixture.run("CREATE SCHEMA _couplet").await.expect("made");
        }
        framework::migrate(&fixture.database).await.expect("migrated");
    })
    .await;
}

#[tokio::test]
async fn instances_that_start_together_agree_on_one_key() {
    on_each(async |fixture| {
        let one = key(&fixture.database).await;
        assert_eq!((one.len(), &key(&fixture.database).await), (32, &one));
        if matches!(fixture.made, Made::Memory) {
            return; // nobody else sees it
        }
        let tokens = if fixture.dialect() == Dialect::Sqlite { "tokens" } else { "epoch" };
        for table in ["secrets", "idempotency_keys", "token_classes", tokens, "migrations"] {
            fixture.run(&format!("DROP TABLE {}", own(fixture, table))).await.expect("dropped");
        }
        let (two, three) = (connect(fixture).await, connect(fixture).await);
        let (a, b, c) = tokio::join!(key(&fixture.database), key(&two), key(&three));
        assert!(a == b && b == c && a != one, "a new key, the same for all");
        assert_eq!(cursor(two.cursor_keys().await.expect("known")), cursor(three.cursor_keys().await.expect("known")));
        two.close().await;
        three.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_transaction_finds_the_key_on_its_own_connection() {
    on_each(async |fixture| {
        let mut transaction = fixture.database.begin().await.expect("begun");
        let first = cursor(&transaction.session().cursor_keys().await.expect("made"));
        assert_eq!(cursor(&transaction.session().cursor_keys().await.expect("read")), first);
        transaction.rollback().await.expect("rolled back");
        assert!(fixture.database.known_cursor_keys().is_none(), "what is rolled back is not kept");

        let mut transaction = fixture.database.begin().await.expect("begun");
        let second = cursor(&transaction.session().cursor_keys().await.expect("made"));
        transaction.commit().await.expect("committed");
        assert_ne!(first, second);
        assert_eq!(cursor(fixture.database.cursor_keys().await.expect("read")), second);
    })
    .await;
}

#[tokio::test]
async fn a_session_that_holds_the_only_connection_gets_the_key() {
    on_each_with(
        |options| (options.pool_size, options.max_overflow) = (1, 0),
        async |fixture| {
            let meter = Meter::new(1, true);
            let asked = Meter::scope(Arc::clone(&meter), async {
                let mut session = fixture.database.session();
                session.fetch(&select("SELECT 1")).await.expect("fetched");
                session.cursor_keys().await.expect("made");
            });
            asked.await;
            assert_eq!(meter.statements(), 1, "the key is no statement of the request");
        },
    )
    .await;
}

#[tokio::test]
async fn given_keys_come_first_and_make_none() {
    on_each(async |fixture| {
        fixture.database.sign_cursors_with(CursorKeys::new(b"given", []));
        let given = cursor(&CursorKeys::new(b"given", []));
        assert_eq!(cursor(fixture.database.cursor_keys().await.expect("known")), given);
        fixture.database.sign_cursors_with(CursorKeys::new(b"too late", []));
        assert_eq!(cursor(fixture.database.cursor_keys().await.expect("known")), given);
        framework::migrate(&fixture.database).await.expect("migrated");
        assert_eq!(fixture.count(&own(fixture, "secrets")).await, 0);
    })
    .await;
}

#[tokio::test]
async fn neither_check_nor_tables_from_structs_mind_its_tables() {
    on_each(async |fixture| {
        framework::migrate(&fixture.database).await.expect("migrated");
        let created = migrate::create_missing(&fixture.database, &[&AUTHORS]).await.expect("created");
        assert_eq!(created, ["authors"]);
        let mut catalog = Catalog::default();
        catalog.add(&AUTHORS);
        check::check(&fixture.database, &catalog).await.expect("they fit");
        framework::migrate(&fixture.database).await.expect("nothing to do");
    })
    .await;
}
