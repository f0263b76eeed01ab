use super::models::{AUTHORS, BOOKS, LINES, TITLES, TYPES};
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
        let sql = format!("CREATE TABLE authors ({id}, name varchar(20) NOT NULL, email text NOT NULL UNIQUE)");
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
async fn what_the_database_computes_and_guards_is_compared() {
    on_each(async |fixture| {
        migrate::create_missing(&fixture.database, &[&LINES]).await.expect("created");
        check::check(&fixture.database, &catalog(&[&LINES])).await.expect("they fit");
        fixture.run("DROP TABLE lines").await.expect("dropped");

        let (id, generated) = match fixture.dialect() {
            Dialect::Sqlite => ("id INTEGER PRIMARY KEY", "integer GENERATED ALWAYS AS (amount + 1) STORED NOT NULL"),
            Dialect::Postgres => {
                ("id bigserial PRIMARY KEY", "bigint GENERATED ALWAYS AS (amount + 1) STORED NOT NULL")
            }
        };
        let sql =
            format!("CREATE TABLE lines ({id}, amount bigint NOT NULL, twice bigint NOT NULL, state {generated})");
        fixture
            .run(&sql.replace("bigint", if fixture.dialect() == Dialect::Sqlite { "integer" } else { "bigint" }))
            .await
            .expect("created");
        let text = mistakes(fixture, &[&LINES]).await;
        for part in [
            "\"lines\".twice of Line.twice is to be computed by the database, and holds what is written",
            "\"lines\".state of Line.state is computed by the database, and the field is no `generated` one",
            "\"lines\" has no unique key of amount, state, which Line declares",
            "CREATE UNIQUE INDEX IF NOT EXISTS \"lines_amount_state_key\" ON \"lines\" (\"amount\", \"state\")",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
        assert_eq!(text.matches("\n- ").count(), 3, "{text}");
        fixture.run("DROP TABLE lines").await.expect("dropped");

        migrate::create_missing(&fixture.database, &[&LINES]).await.expect("created");
        fixture.run("DROP INDEX lines_amount_state_key").await.expect("dropped");
        fixture.run("CREATE UNIQUE INDEX other ON lines (state, amount)").await.expect("created");
        check::check(&fixture.database, &catalog(&[&LINES])).await.expect("the order of the columns says nothing");
        if fixture.dialect() == Dialect::Postgres {
            fixture.run("ALTER TABLE lines ALTER COLUMN state DROP DEFAULT").await.expect("dropped");
            let text = mistakes(fixture, &[&LINES]).await;
            assert!(
                text.contains("state of Line.state has no default in the database, and the field says 1 + 6"),
                "{text}"
            );
            assert!(text.contains("ALTER TABLE \"lines\" ALTER COLUMN \"state\" SET DEFAULT (1 + 6)"), "{text}");
        }
    })
    .await;
}

#[tokio::test]
async fn computed_columns_and_defaults_are_added_to_a_table_as_the_advice_says() {
    on_each(async |fixture| {
        migrate::create_missing(&fixture.database, &[&LINES]).await.expect("created");
        for column in ["twice", "state"] {
            fixture.run("DROP INDEX IF EXISTS lines_amount_state_key").await.expect("dropped");
            fixture.run(&format!("ALTER TABLE lines DROP COLUMN {column}")).await.expect("dropped");
            let text = mistakes(fixture, &[&LINES]).await;
            let lines = text.lines().filter_map(|line| line.strip_prefix("    "));
            for statement in lines.filter(|line| !line.starts_with("--")) {
                fixture.run(statement).await.expect(statement);
            }
            check::check(&fixture.database, &catalog(&[&LINES])).await.expect("mended");
        }
    })
    .await;
}

#[tokio::test]
async fn a_default_of_sqlite_is_compared_by_its_words() {
    on_each(async |fixture| {
        if fixture.dialect() != Dialect::Sqlite {
            return;
        }
        let table = |default: &str| {
            format!(
                "CREATE TABLE lines (id INTEGER PRIMARY KEY, amount integer NOT NULL, twice integer NOT NULL \
                 GENERATED ALWAYS AS (amount * 2), state integer NOT NULL DEFAULT {default}, UNIQUE (amount, state))"
            )
        };
        fixture.run(&table("(1+6)")).await.expect("created");
        check::check(&fixture.database, &catalog(&[&LINES])).await.expect("the same but for spaces");
        fixture.run("DROP TABLE lines").await.expect("dropped");
        fixture.run(&table("7")).await.expect("created");
        let text = mistakes(fixture, &[&LINES]).await;
        assert!(text.contains("state of Line.state has the default 7, and the field says 1 + 6"), "{text}");
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
