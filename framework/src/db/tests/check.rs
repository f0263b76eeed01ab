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
async fn a_column_of_any_type_can_be_added_to_a_table_with_rows() {
    on_each(async |fixture| {
        let (uuid, id) = match fixture.dialect() {
            Dialect::Sqlite => ("BLOB", "x'0123456789abcdef0123456789abcdef'"),
            Dialect::Postgres => ("uuid", "'01234567-89ab-cdef-0123-456789abcdef'"),
        };
        fixture.run(&format!("CREATE TABLE types (id {uuid} PRIMARY KEY NOT NULL)")).await.expect("created");
        fixture.run(&format!("INSERT INTO types VALUES ({id})")).await.expect("inserted");
        let text = mistakes(fixture, &[&TYPES]).await;
        for statement in text.lines().filter_map(|line| line.strip_prefix("    ")) {
            fixture.run(statement).await.expect(statement);
        }
        check::check(&fixture.database, &catalog(&[&TYPES])).await.expect("mended");
        let columns: Vec<&str> = TYPES.columns.iter().map(|column| column.name).collect();
        let rows =
            fixture.database.session().fetch(&select(&format!("SELECT {} FROM types", columns.join(", ")))).await;
        let rows = rows.expect("read");
        for (index, column) in TYPES.columns.iter().enumerate() {
            crate::model::Value::decode(column.ty, rows.row(0), index).expect(column.name);
        }
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
