use super::models::{AUTHORS, BOOKS, TITLES, TYPES};
use super::*;
use crate::db::{check, migrate};
use crate::model::{Catalog, ModelMeta};

fn catalog(models: &[&'static ModelMeta]) -> Catalog {
    let mut catalog = Catalog::default();
    models.iter().for_each(|model| catalog.add(model));
    catalog
}

async fn mistakes(fixture: &Fixture, models: &[&'static ModelMeta]) -> String {
    let error = check::check(&fixture.database, &catalog(models)).await.expect_err("there are mistakes");
    assert!(matches!(error, Error::Startup(_)), "{error}");
    error.to_string()
}

#[tokio::test]
async fn tables_that_were_made_from_the_structs_fit_them() {
    on_each(async |fixture| {
        let models = [&AUTHORS, &BOOKS, &TYPES];
        migrate::create_missing(&fixture.database, &models).await.expect("created");
        check::check(&fixture.database, &catalog(&models)).await.expect("they fit");
    })
    .await;
}

#[tokio::test]
async fn every_mistake_is_named_with_the_sql_that_mends_it() {
    on_each(async |fixture| {
        fixture.run("CREATE TABLE authors (id integer, name integer, extra text NOT NULL)").await.expect("created");
        let text = mistakes(fixture, &[&AUTHORS, &TITLES]).await;
        for part in [
            "the view \"titles\" of Title is missing",
            "\"authors\" has no column for Author.email",
            "ALTER TABLE \"authors\" ADD COLUMN \"email\"",
            "\"authors\".name of Author.name is ",
            "\"authors\".name of Author.name may be NULL, and the field is no Option",
            "\"authors\".extra takes no NULL and has no default, and Author does not know it",
            "is to be set by the database, which does not",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_sql_of_a_mistake_mends_it() {
    on_each(async |fixture| {
        migrate::create_missing(&fixture.database, &[&AUTHORS]).await.expect("created");
        fixture.run("ALTER TABLE authors DROP COLUMN name").await.expect("dropped");
        let text = mistakes(fixture, &[&AUTHORS, &BOOKS, &TYPES]).await;
        let lines: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("    ")).collect();
        for statement in lines.join("\n").replace("\nALTER", ";\nALTER").split(';') {
            if !statement.trim().is_empty() {
                fixture.run(statement).await.expect(statement);
            }
        }
        check::check(&fixture.database, &catalog(&[&AUTHORS, &BOOKS, &TYPES])).await.expect("mended");
    })
    .await;
}

#[tokio::test]
async fn columns_that_the_model_does_not_know_may_stay_if_creates_go_on() {
    on_each(async |fixture| {
        migrate::create_missing(&fixture.database, &[&AUTHORS]).await.expect("created");
        fixture.run("ALTER TABLE authors ADD COLUMN note text").await.expect("added");
        fixture.run("ALTER TABLE authors ADD COLUMN rank integer NOT NULL DEFAULT 0").await.expect("added");
        check::check(&fixture.database, &catalog(&[&AUTHORS])).await.expect("they fit");
    })
    .await;
}

#[tokio::test]
async fn a_nullable_field_over_a_column_that_takes_no_null_is_a_mistake() {
    on_each(async |fixture| {
        let id = match fixture.dialect() {
            Dialect::Sqlite => "id INTEGER PRIMARY KEY",
            Dialect::Postgres => "id bigserial PRIMARY KEY",
        };
        let sql = format!("CREATE TABLE authors ({id}, name varchar(20) NOT NULL, email text NOT NULL)");
        fixture.run(&sql).await.expect("created");
        let text = mistakes(fixture, &[&AUTHORS]).await;
        assert!(
            text.contains("\"authors\".email of Author.email may not be NULL, and the field is an Option"),
            "{text}"
        );
        assert_eq!(text.matches("\n- ").count(), 1, "{text}");
    })
    .await;
}

#[tokio::test]
async fn a_view_is_read_whatever_its_columns_say_of_null() {
    on_each(async |fixture| {
        let ty = if fixture.dialect() == Dialect::Sqlite { "integer" } else { "bigint" };
        fixture.run(&format!("CREATE TABLE raw (id {ty}, title text)")).await.expect("created");
        fixture.run("CREATE VIEW titles AS SELECT id, title FROM raw").await.expect("created");
        check::check(&fixture.database, &catalog(&[&TITLES])).await.expect("it fits");
    })
    .await;
}
