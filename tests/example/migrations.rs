//! Migrations and structs say the same.

use couplet_tests::{Program, TestDatabase, on_each_database};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use super::support::{example, stop, total};

/// Executes `sql` on either database.
async fn execute(database: &TestDatabase, sql: &str) {
    let sql = AssertSqlSafe(sql.to_owned());
    if database.url().starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(&format!("{}?mode=rwc", database.url())).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    } else {
        let mut connection = PgConnection::connect(database.url()).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// The names of all indexes, those of keys included.
async fn indexes(database: &TestDatabase) -> Vec<String> {
    if database.url().starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(database.url()).await.unwrap();
        let names = "select tbl_name || '.' || name from sqlite_master where type = 'index' order by 1";
        sqlx::query_scalar(names).fetch_all(&mut connection).await.unwrap()
    } else {
        let mut connection = PgConnection::connect(database.url()).await.unwrap();
        let names = "select tablename || '.' || indexname from pg_indexes where schemaname = 'public' order by 1";
        sqlx::query_scalar(names).fetch_all(&mut connection).await.unwrap()
    }
}

async fn another(database: &TestDatabase) -> TestDatabase {
    if database.url().starts_with("sqlite:") { TestDatabase::sqlite() } else { TestDatabase::postgres().await.unwrap() }
}

fn in_production(database: &TestDatabase) -> Program {
    example(database).env("COUPLET_PROFILE", "production").env("RUST_LOG", "off")
}

on_each_database! {
    async fn migrations_alone_make_what_the_structs_need(database: TestDatabase) {
        for _ in 0..2 {
            let migrated = in_production(&database).arg("migrate").run().await.expect(0);
            assert_eq!(migrated.output, "the database is up to date\n");
        }
        let from_structs = another(&database).await;
        let schema = example(&from_structs).arg("schema").run().await.expect(0).output;
        execute(&from_structs, &schema).await;
        let own = |names: Vec<String>| names.into_iter().filter(|name| !name.contains("_sqlx_migrations") && !name.starts_with("_couplet")).collect::<Vec<_>>();
        assert_eq!(own(indexes(&database).await), own(indexes(&from_structs).await));
    }

    async fn production_does_not_make_a_table_that_migrations_have_not(database: TestDatabase) {
        in_production(&database).arg("migrate").run().await.expect(0);
        execute(&database, "drop table reviews; insert into tags (name) values ('kept')").await;
        let refused = in_production(&database).env("BIND", "127.0.0.1:0").run().await.expect(1).output;
        assert!(refused.contains("missing tables: \"reviews\" of Review"), "{refused}");
        assert!(refused.contains("CREATE TABLE \"reviews\""), "{refused}");

        let service = example(&database).serve().await;
        assert_eq!(total(service.client(), "/reviews").await, 0, "development makes it");
        stop(service).await.expect(0);
    }
}
