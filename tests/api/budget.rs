//! The query budget of endpoints written by hand.

use couplet::config::Profile;
use couplet::crud::Page;
use couplet::http::{ListQuery, Problem};
use couplet::prelude::*;
use couplet_tests::{TestDatabase, on_each_database};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::payload::Json as JsonBody;

use super::models::*;
use super::support::*;

struct Loops;

#[OpenApi]
impl Loops {
    /// One statement for the books, and one more for each of them.
    #[oai(path = "/one-by-one", method = "get")]
    async fn one_by_one(&self, db: Data<&Database>) -> Result<JsonBody<Vec<i64>>, poem::Error> {
        let mut found = Vec::new();
        for book in Book::query().skip_count().fetch(*db).await?.items {
            found.push(Book::find(book.id, *db).await?.id);
        }
        Ok(JsonBody(found))
    }

    /// What the client asked for, however many relations that is, and three more statements.
    #[oai(path = "/list-and-three", method = "get")]
    async fn list_and_three(&self, list: ListQuery<Book>, db: Data<&Database>) -> couplet::Result<Page<Book>, Problem> {
        let page = list.fetch(*db).await?;
        for book in page.items.iter().take(3) {
            Book::find(book.id, *db).await?;
        }
        Ok(page)
    }
}

async fn start(database: &TestDatabase, profile: Profile) -> Api {
    let mut config = config(database);
    (config.profile, config.database.query_budget) = (profile, 3);
    Api::of(catalogue(config).api(Loops)).await
}

const EXCEEDED: &str = r#"db_query_budget_exceeded_total{endpoint="/one-by-one"}"#;

on_each_database! {
    async fn a_loop_of_statements_is_an_error_in_development(database: TestDatabase) {
        let api = start(&database, Profile::Development).await;
        for (book, status) in [("One", 200), ("Two", 200), ("Three", 500)] {
            assert_eq!(api.metric(EXCEEDED).await, 0.0);
            Book::create(NewBook::new(book), api.database()).await.unwrap();
            let answer = api.get("/one-by-one").await.expect(status);
            assert!(answer.statements() <= 3, "{answer}");
        }
        assert_eq!(api.metric(EXCEEDED).await, 1.0);
    }

    async fn a_list_that_the_client_asks_for_does_not_use_up_the_budget(database: TestDatabase) {
        let api = start(&database, Profile::Development).await;
        Book::create_many(["One", "Two", "Three"].map(NewBook::new), api.database()).await.unwrap();
        let list = api.get("/list-and-three?include=authors,reviews,tags&per_page=2").await.expect(200);
        assert_eq!(list.statements(), 7, "page, count, three relations, two rows");
        api.get("/list-and-three").await.expect(200);
    }

    async fn a_loop_of_statements_is_counted_and_answered_in_production(database: TestDatabase) {
        drop(start(&database, Profile::Development).await); // creates the tables, which production leaves to migrations
        let api = start(&database, Profile::Production).await;
        Book::create_many(["One", "Two", "Three"].map(NewBook::new), api.database()).await.unwrap();
        let answer = api.get("/one-by-one").await.expect(200);
        assert_eq!((answer.text().as_str(), answer.header("server-timing")), ("[1,2,3]", None));
        assert_eq!(api.metric(EXCEEDED).await, 1.0);
        assert_eq!(api.metric(r#"db_queries_per_request_sum{endpoint="/one-by-one"}"#).await, 4.0);
        api.get("/books?include=authors,reviews.book,tags").await.expect(200);
        assert_eq!(api.metric(r#"db_query_budget_exceeded_total{endpoint="/books"}"#).await, 0.0, "a derived one knows its own");
    }
}
