//! Plain SQL: any statement, through the same door as every other.

use couplet::config::Profile;
use couplet::db::{Database, Meter};
use couplet::error::Location;
use couplet::http::Problem;
use couplet::prelude::*;
use couplet::sql_unchecked;
use couplet_tests::on_each_database;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::payload::Json as JsonBody;

use super::models::*;
use super::support::*;

async fn shelf(db: &Database) {
    for (title, year, rating) in [("Dune", Some(1965), 4.5), ("Emma", Some(1815), 4.0), ("Beowulf", None, 3.5)] {
        Book::create(NewBook { year, rating: Some(rating), ..NewBook::new(title) }, db).await.unwrap();
    }
}

type Simple = (bool, i16, i32, i64, f64, String, Vec<u8>, Uuid);
type Rare = (DateTime<Utc>, NaiveDate, Decimal, Json<serde_json::Value>, Status);
type Nothing<T, U, V, W> = (Option<T>, Option<U>, Option<V>, Option<W>);

struct Own;

#[OpenApi]
impl Own {
    /// One statement more than the budget of one.
    #[oai(path = "/many", method = "get")]
    async fn many(&self, db: Data<&Database>) -> couplet::Result<JsonBody<i64>, Problem> {
        let mut sum = 0;
        for _ in 0..200 {
            sum += sql("SELECT count(*) FROM books").fetch_one::<i64>(*db).await?;
        }
        Ok(JsonBody(sum))
    }
}

on_each_database! {
    async fn values_are_bound_and_read_by_their_types(database: TestDatabase) {
        let db = connect(&database).await;
        let time: DateTime<Utc> = "2024-05-06T07:08:09.123456Z".parse().unwrap();
        let simple: Simple = (true, i16::MIN, i32::MAX, i64::MIN, 0.1, "ünï ' $1 🦀".to_owned(), vec![0, 255], Uuid::from_u128(7));
        let row = sql("SELECT $1, $2, $3, $4, $5, $6, $7, $8")
            .bind(simple.0).bind(simple.1).bind(simple.2).bind(simple.3)
            .bind(simple.4).bind(simple.5.clone()).bind(simple.6.clone()).bind(simple.7);
        assert_eq!(row.fetch_one::<Simple>(&db).await.unwrap(), simple);
        let date = NaiveDate::from_ymd_opt(2024, 2, 29).unwrap();
        let json = Json(serde_json::json!({"a": [1, null]}));
        let rare: Rare = (time, date, "12.50".parse().unwrap(), json.clone(), Status::OnLeave);
        let row = sql("SELECT $1, $2, $3, $4, $5").bind(time).bind(date).bind(rare.2).bind(json).bind(Status::OnLeave);
        assert_eq!(row.fetch_one::<Rare>(&db).await.unwrap(), rare);

        let nothing = sql("SELECT $1, $2, $3, $4").bind(None::<i64>).bind(None::<&str>).bind(None::<Uuid>).bind(None::<bool>);
        assert_eq!(nothing.fetch_one::<Nothing<i64, String, Uuid, bool>>(&db).await.unwrap(), (None, None, None, None));
        let nothing = sql("SELECT $1, $2, $3, $4")
            .bind(None::<DateTime<Utc>>).bind(None::<Decimal>).bind(None::<Vec<u8>>).bind(None::<Json<i32>>);
        let read = nothing.fetch_one::<Nothing<DateTime<Utc>, Decimal, Vec<u8>, Json<i32>>>(&db).await.unwrap();
        assert_eq!(read, (None, None, None, None));

        let twice = sql("SELECT $2, $1, $2").bind("a").bind(Some("b")).fetch_one::<(String, String, String)>(&db).await.unwrap();
        assert_eq!(twice, ("b".to_owned(), "a".to_owned(), "b".to_owned()));
    }

    async fn rows_are_read_as_values_tuples_or_models(database: TestDatabase) {
        let db = connect(&database).await;
        shelf(&db).await;
        let rows = sql("SELECT id, title, year FROM books WHERE rating >= $1 ORDER BY id").bind(4.0);
        let rows = rows.fetch::<(i64, String, Option<i32>)>(&db).await.unwrap();
        assert_eq!(rows, [(1, "Dune".to_owned(), Some(1965)), (2, "Emma".to_owned(), Some(1815))]);
        let titles: Vec<String> = sql("SELECT title FROM books ORDER BY title").fetch(&db).await.unwrap();
        assert_eq!(titles, ["Beowulf", "Dune", "Emma"]);
        let none = sql("SELECT id FROM books WHERE title = $1").bind("none");
        assert_eq!(none.clone().fetch_optional::<i64>(&db).await.unwrap(), None);
        assert!(matches!(none.fetch_one::<i64>(&db).await, Err(Error::NotFound("row"))));

        let books = sql("SELECT 1 AS one, rating, title, series_id, id, year FROM books WHERE year IS NULL");
        let books = books.records::<Book>(&db).await.unwrap();
        assert_eq!((books[0].id, books[0].title.as_str(), books[0].year, books[0].rating), (3, "Beowulf", None, 3.5));
        assert!(matches!(books[0].authors.loaded(), Err(Error::NotLoaded { .. })));
        let all = sql_unchecked(format!("SELECT * FROM {}", Book::META.table)).records::<Book>(&db).await.unwrap();
        assert_eq!(all.len(), 3);
    }

    async fn what_cannot_be_read_is_named(database: TestDatabase) {
        let db = connect(&database).await;
        shelf(&db).await;
        let text = |error: Error| {
            assert!(matches!(error, Error::Decode { .. }), "{error}");
            error.to_string()
        };
        let wrong = sql("SELECT id, title FROM books").fetch::<(i64, i64)>(&db).await;
        let wrong = text(wrong.unwrap_err());
        assert!(wrong.starts_with("a row of plain SQL cannot be read: column 1: \"title\" is "), "{wrong}");
        let null = text(sql("SELECT year FROM books WHERE id = 3").fetch_one::<i32>(&db).await.unwrap_err());
        assert!(null.ends_with("column 0: \"year\" is NULL, and the field is not an Option"), "{null}");
        let many = text(sql("SELECT id, title FROM books").fetch::<(i64,)>(&db).await.unwrap_err());
        assert!(many.contains("1 are read, and the statement answers with 2: id, title"), "{many}");
        let few = text(sql("SELECT id FROM books").fetch::<(i64, String)>(&db).await.unwrap_err());
        assert!(few.contains("2 are read, and the statement answers with 1: id"), "{few}");
        let lacking = text(sql("SELECT id, title FROM books").records::<Book>(&db).await.unwrap_err());
        assert_eq!(
            lacking,
            "a row of Book cannot be read: column 2: the statement answers with no column \"year\", \"rating\", \"series_id\"; \
             it has: id, title"
        );
        let wrong = sql("SELECT id, id AS title, year, rating, series_id FROM books").records::<Book>(&db).await;
        let wrong = text(wrong.unwrap_err());
        assert!(wrong.starts_with("a row of Book cannot be read: column 1: \"title\" is "), "{wrong}");
        assert!(matches!(sql("SELECT nothing FROM nowhere").fetch::<i64>(&db).await, Err(Error::Database(_))));
        for refused in ["", "BEGIN", "SELECT 1; SELECT 2"] {
            assert!(matches!(sql_unchecked(refused).execute(&db).await, Err(Error::Other(_))), "{refused}");
        }
    }

    async fn a_change_is_a_transaction_of_its_own_or_part_of_one(database: TestDatabase) {
        let db = connect(&database).await;
        shelf(&db).await;
        let count = || sql("SELECT count(*) FROM books");
        let insert = || sql("INSERT INTO books (title, rating) VALUES ($1, $2) RETURNING id").bind("New").bind(1.0);
        let mut transaction = db.begin().await.unwrap();
        assert_eq!(insert().fetch_one::<i64>(&mut transaction).await.unwrap(), 4);
        assert_eq!(sql("UPDATE books SET rating = 0.0 WHERE id > $1").bind(1).execute(&mut transaction).await.unwrap(), 3);
        assert_eq!(count().fetch_one::<i64>(&mut transaction).await.unwrap(), 4);
        assert_eq!(count().fetch_one::<i64>(&db).await.unwrap(), 3, "others do not see it, and readers do not wait");
        transaction.rollback().await.unwrap();
        assert_eq!(count().fetch_one::<i64>(&db).await.unwrap(), 3);

        assert!(insert().fetch_one::<i64>(&db).await.unwrap() > 3);
        let with = sql("WITH old AS (SELECT id FROM books WHERE year < $1) UPDATE books SET rating = 5.0 WHERE id IN (SELECT id FROM old)");
        assert_eq!(with.bind(1900).execute(&db).await.unwrap(), 1);
        let deleted = sql("DELETE FROM books WHERE title = $1 RETURNING title").bind("New").fetch::<String>(&db).await.unwrap();
        assert_eq!(deleted, ["New"]);
        assert_eq!(sql("SELECT rating FROM books WHERE title = 'Emma'").fetch_one::<f64>(&db).await.unwrap(), 5.0);
        sql("CREATE TABLE notes (note text)").execute(&db).await.unwrap();
        assert_eq!(sql("INSERT INTO notes VALUES ('a'), ('b')").execute(&db).await.unwrap(), 2);

        let email = || sql("INSERT INTO tags (name) VALUES ($1)").bind("a");
        email().execute(&db).await.unwrap();
        let Err(Error::Conflict(errors)) = email().execute(&db).await else { panic!("the name is taken") };
        assert_eq!((&errors[0].at, errors[0].code), (&Location::Pointer("/name".to_owned()), "unique"));
    }

    async fn statements_count_against_the_budget(database: TestDatabase) {
        let db = connect(&database).await;
        let meter = Meter::new(2, true);
        let work = async {
            sql("SELECT count(*) FROM books").fetch_one::<i64>(&db).await.unwrap();
            sql("UPDATE books SET rating = 1.0").execute(&db).await.unwrap();
            sql("SELECT count(*) FROM books").fetch_one::<i64>(&db).await
        };
        let third = Meter::scope(meter.clone(), work).await;
        assert!(matches!(third, Err(Error::BudgetExceeded(_))), "{third:?}");
        assert_eq!((meter.statements(), meter.is_exceeded()), (2, true));
    }

    async fn an_endpoint_with_too_many_statements_is_an_error_in_development(database: TestDatabase) {
        let mut settings = config(&database);
        settings.profile = Profile::Development;
        let api = Api::of(catalogue(settings).api(Own)).await;
        let problem = api.get("/many").await.expect(500);
        assert!(api.metric("db_query_budget_exceeded_total{endpoint=\"/many\"}").await >= 1.0, "{problem}");
    }

    async fn metrics_name_the_operation_and_the_model(database: TestDatabase) {
        let api = Api::start(&database).await;
        let db = api.database();
        sql("SELECT 1").fetch_one::<i32>(db).await.unwrap();
        sql("SELECT * FROM books").records::<Book>(db).await.unwrap();
        sql("DELETE FROM books").execute(db).await.unwrap();
        for labels in [
            r#"model="sql",operation="select""#,
            r#"model="Book",operation="select""#,
            r#"model="sql",operation="delete""#,
        ] {
            assert_eq!(api.metric(&format!("db_query_duration_seconds_count{{{labels}}}")).await, 1.0, "{labels}");
        }
    }
}
