//! What only SQLite has.

use super::tokens::{INSERT, ITEMS, changes, known, prepare, sync, vector};
use super::*;
use crate::db::tokens;

async fn on_sqlite(test: impl AsyncFn(&Fixture)) {
    on_each(async |fixture| {
        if fixture.dialect() == Dialect::Sqlite {
            test(fixture).await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_update_that_replaces_a_row_changes_which_rows_there_are() {
    on_sqlite(async |fixture| {
        prepare(fixture, &[&ITEMS]).await;
        fixture.run("CREATE UNIQUE INDEX heavy ON items (abs(weight)) WHERE note > 0").await.expect("created");
        sync(&fixture.database, &[&ITEMS]).await;
        for _ in 0..4 {
            fixture
                .run("INSERT INTO items (size, weight, note) SELECT 1, count(*), 3 FROM items")
                .await
                .expect("inserted");
        }
        let replace = "UPDATE OR REPLACE items SET weight = 1 WHERE weight = 0";
        assert_eq!(changes(fixture, replace).await, [true, true, true]);
        assert_eq!(fixture.count("items").await, 3);
        let replace = "UPDATE OR REPLACE items SET rowid = 4 WHERE rowid = 3";
        assert_eq!(changes(fixture, replace).await, [true, true, true]);
        assert_eq!(fixture.count("items").await, 2);
        assert!(changes(fixture, "UPDATE items SET note = 7 WHERE id = 4").await[0], "a part of an index");
        assert_eq!(changes(fixture, "UPDATE items SET size = 7 WHERE id = 4").await, [false, true, true]);
        assert_eq!(changes(fixture, "INSERT OR REPLACE INTO items VALUES (4, 1, 9, 1)").await, [true, true, true]);
    })
    .await;
}

#[tokio::test]
async fn another_process_changes_tokens_too() {
    on_sqlite(async |fixture| {
        prepare(fixture, &[&ITEMS]).await;
        if matches!(fixture.made, Made::Memory) {
            return; // nobody else sees it
        }
        let other = Database::connect(fixture.options.clone(), metrics()).await.expect("connected");
        let before = vector(&fixture.database, &ITEMS, &[1]).await.expect("tokens");
        other.session().execute(&statement(INSERT, Verb::Insert, [])).await.expect("inserted");
        assert_ne!(vector(&fixture.database, &ITEMS, &[1]).await, Some(before));
        sync(&other, &[&ITEMS]).await;
        assert_eq!(known(&other), known(&fixture.database));
        other.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_change_of_the_schema_is_looked_at() {
    on_sqlite(async |fixture| {
        prepare(fixture, &[&ITEMS]).await;
        fixture.run("CREATE TABLE other (id INTEGER)").await.expect("created");
        assert_eq!(vector(&fixture.database, &ITEMS, &[]).await, None);
        tokens::look_now(&fixture.database).await;
        assert!(vector(&fixture.database, &ITEMS, &[]).await.is_some());
    })
    .await;
}
