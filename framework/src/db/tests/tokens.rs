use super::models::{AUTHORS, BOOKS, TYPES};
use super::*;
use crate::db::{migrate, tokens};
use crate::model::{Catalog, ModelMeta};
use crate::query::ListQuery;
use crate::sql::token::{Footprint, Known, read};

fn catalog() -> Catalog {
    let mut catalog = Catalog::default();
    [&AUTHORS, &BOOKS, &TYPES].into_iter().for_each(|model| catalog.add(model));
    catalog
}

/// Makes tables and tokens.
async fn prepare(fixture: &Fixture) {
    migrate::create_missing(&fixture.database, catalog().models()).await.expect("created");
    tokens::sync(&fixture.database, &catalog()).await.expect("synchronised");
}

fn known(fixture: &Fixture) -> Arc<Known> {
    fixture.database.tokens().expect("looked at")
}

/// The vector of all rows of a model.
async fn vector(fixture: &Fixture, model: &'static ModelMeta) -> Option<String> {
    let known = known(fixture);
    let footprint = Footprint::of_count(&ListQuery::new(model), &known, fixture.dialect())?;
    let rows = fixture.database.session().fetch(&read(&footprint, fixture.dialect())).await.expect("read");
    let text = rows.row(0).text(0).expect("a text").map(str::to_owned);
    known.vector(&footprint, text.as_deref()).and(text)
}

#[tokio::test]
async fn each_table_gets_tokens_that_writes_change() {
    on_each(async |fixture| {
        prepare(fixture).await;
        let mut tables: Vec<&str> = known(fixture).tables.keys().copied().collect();
        tables.sort_unstable();
        assert_eq!(tables, ["Author", "Book", "Types"]);
        let before = vector(fixture, &AUTHORS).await.expect("tokens");
        assert_eq!(vector(fixture, &AUTHORS).await.as_deref(), Some(before.as_str()));
        fixture.run("INSERT INTO authors (name) VALUES ('x')").await.expect("inserted");
        let after = vector(fixture, &AUTHORS).await.expect("tokens");
        assert_ne!(before, after);
        fixture.run("UPDATE authors SET name = 'y'").await.expect("updated");
        assert_eq!(vector(fixture, &AUTHORS).await, Some(after), "which rows there are has not changed");
    })
    .await;
}

#[tokio::test]
async fn a_second_start_finds_everything() {
    on_each(async |fixture| {
        prepare(fixture).await;
        let first = known(fixture);
        tokens::sync(&fixture.database, &catalog()).await.expect("synchronised");
        assert_eq!(first, known(fixture));
    })
    .await;
}
