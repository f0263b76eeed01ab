//! Users stay in charge: endpoints of their own beside the derived ones, and parts of a resource.

use couplet::App;
use couplet::crud::Page;
use couplet::http::{ListQuery, Problem};
use couplet::model::Operation;
use couplet::prelude::*;
use couplet::sql::{Dialect, Migration};
use couplet_tests::{TestDatabase, on_each_database};
use poem::http::StatusCode;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::PlainText;
use poem_openapi::{OpenApi, payload::Json as JsonBody};
use serde_json::json;

use super::models::*;
use super::support::*;

struct Desk;

#[OpenApi]
impl Desk {
    /// Books that are old enough.
    #[oai(path = "/classics", method = "get")]
    async fn classics(&self, list: ListQuery<Book>, db: Data<&Database>) -> Result<Page<Book>, Problem> {
        Ok(list.filter(Book::YEAR.lt(1900)).fetch(*db).await?)
    }

    /// In place of the derived delete.
    #[oai(path = "/books/:number", method = "delete")]
    async fn keep(&self, number: Path<i64>) -> Result<PlainText<String>, Problem> {
        match number.0 {
            13 => Err(Problem::new(StatusCode::FORBIDDEN).with_detail("not this one")),
            number => Ok(PlainText(format!("book {number} is kept"))),
        }
    }

    /// Fails in the ways in which an endpoint may fail.
    #[oai(path = "/fail/:how", method = "get")]
    async fn fail(&self, how: Path<String>, db: Data<&Database>) -> poem::Result<JsonBody<i64>> {
        match how.as_str() {
            "missing" => Ok(JsonBody(Book::find(7, *db).await?.id)),
            "poem" => Err(poem::Error::from_string("no coffee here", StatusCode::IM_A_TEAPOT)),
            "inside" => Err(poem::error::InternalServerError(std::io::Error::other("the secret of /tmp/x"))),
            "panic" => panic!("the secret of /tmp/x"),
            _ => Ok(JsonBody(1)),
        }
    }
}

const MIGRATIONS: [(&str, &str); 2] = [
    (
        "CREATE TABLE printings (year INTEGER NOT NULL, title TEXT NOT NULL); \
         INSERT INTO printings VALUES (1950, 'a'), (1950, 'b'), (1960, 'c');",
        "CREATE VIEW yearly_books AS SELECT year, CAST(COUNT(*) AS BIGINT) AS books FROM printings GROUP BY year;",
    ),
    (
        "CREATE TABLE printings (year INTEGER NOT NULL, title TEXT NOT NULL); \
         INSERT INTO printings VALUES (1950, 'a'), (1950, 'b'), (1960, 'c');",
        "CREATE VIEW yearly_books AS SELECT year, COUNT(*) AS books FROM printings GROUP BY year;",
    ),
];

fn migrations() -> Vec<Migration> {
    let of = |dialect, (table, view)| {
        let migration = move |version, description, sql| Migration { dialect, version, description, sql };
        [migration(1, "create printings", table), migration(2, "create yearly books", view)]
    };
    [of(Dialect::Sqlite, MIGRATIONS[0]), of(Dialect::Postgres, MIGRATIONS[1])].concat()
}

async fn with_prefix(database: &TestDatabase, app: impl FnOnce(App) -> App) -> Api {
    let mut config = config(database);
    config.server.prefix = "/api/v1".to_owned();
    Api::of(app(App::new(config))).await
}

on_each_database! {
    async fn an_own_list_takes_what_the_derived_one_takes(database: TestDatabase) {
        let api = Api::of(catalogue(config(&database)).api(Desk)).await;
        for (title, year) in [("a", 1800), ("b", 1850), ("c", 1899), ("d", 1900)] {
            api.create("/books", json!({"title": title, "year": year})).await;
        }
        let list = api.get("/classics?sort=-title&per_page=2&include=reviews").await.expect(200);
        assert_eq!((column(&list, "title"), &list["/meta/total"]), (vec!["c".to_owned(), "b".to_owned()], &json!(3)));
        assert_eq!((&list["/items/0/reviews"], list.statements()), (&json!([]), 3));
        let derived = api.get("/books?sort=-title&year__lt=1900&per_page=2&include=reviews").await;
        assert_eq!(list.json(), derived.json());
        let problem = api.get("/classics?titel=x&page=0").await.expect(400);
        assert_mistakes(&problem, [("titel", "unknown_parameter"), ("page", "invalid_value")]);
        assert_eq!(problem["/instance"], "/classics");
    }

    async fn one_verb_is_overridden_and_the_rest_is_kept(database: TestDatabase) {
        let api = Api::of(catalogue(config(&database)).api(Desk)).await;
        api.create("/books", json!({"title": "One"})).await;
        assert_eq!(api.delete("/books/1").await.expect(200).text(), "book 1 is kept");
        assert_eq!(api.patch("/books/1", &json!({"title": "1"})).await.expect(200)["/title"], "1");
        assert_eq!(api.get("/books/1").await.expect(200)["/title"], "1");
        let refused = api.delete("/books/13").await.expect(403);
        assert_eq!((&refused["/detail"], &refused["/instance"]), (&json!("not this one"), &json!("/books/13")));
        assert_mistakes(&api.delete("/books/x").await.expect(400), [("number", "invalid_parameter")]);
        let allow = api.post("/books/1", &json!({})).await.expect(405);
        assert_eq!(allow.header("allow"), Some("DELETE, GET, HEAD, OPTIONS, PATCH, PUT"));
    }

    async fn failures_of_own_endpoints_come_in_the_shape_of_problems(database: TestDatabase) {
        let api = Api::of(catalogue(config(&database)).api(Desk)).await;
        assert_eq!(api.get("/fail/not").await.expect(200).text(), "1");
        for (how, status, detail) in
            [("missing", 404, "no such Book"), ("poem", 418, "no coffee here"), ("inside", 500, "internal"), ("panic", 500, "internal")]
        {
            let problem = api.get(&format!("/fail/{how}")).await.expect(status);
            assert_eq!(problem.header("content-type"), Some("application/problem+json"), "{problem}");
            assert!(problem["/detail"].as_str().unwrap().contains(detail) && !problem.text().contains("secret"), "{problem}");
            assert_eq!(problem["/request_id"], *problem.header("x-request-id").unwrap());
        }
    }

    async fn own_and_derived_endpoints_are_in_one_specification(database: TestDatabase) {
        let api = with_prefix(&database, |app| app.resource::<Book>().resource::<Review>().api(Desk)).await;
        let specification = api.get("/openapi.json").await.expect(200);
        let paths = specification["/paths"].as_object().unwrap();
        for (path, methods) in [
            ("/api/v1/classics", &["get"][..]),
            ("/api/v1/books", &["get", "post"]),
            ("/api/v1/books/{id}", &["delete", "get", "patch", "put"]),
        ] {
            let item = paths.get(path).unwrap_or_else(|| panic!("no {path} in {:?}", paths.keys()));
            let mut found: Vec<&str> = item.as_object().unwrap().keys().map(String::as_str).collect();
            found.retain(|key| ["get", "post", "put", "patch", "delete"].contains(key));
            found.sort_unstable();
            assert_eq!(found, methods, "{path}");
        }
        assert!(!specification.text().contains("/api/v1/authors"), "what is not exposed is not there");
        assert_eq!(specification.text(), api.get("/openapi.json").await.text());
    }

    async fn everything_of_the_api_lies_below_its_prefix(database: TestDatabase) {
        let api = with_prefix(&database, |app| app.resource::<Author>().resource::<Book>().api(Desk)).await;
        let created = api.create("/api/v1/authors", json!({"name": "Ann"})).await;
        assert_eq!(created.header("location"), Some("/api/v1/authors/1"));
        let list = api.get("/api/v1/authors?per_page=1").await.expect(200);
        assert!(list.header("link").unwrap().starts_with("</api/v1/authors?page=1&per_page=1>"), "{list}");
        api.get("/api/v1/authors/1/books").await.expect(200);
        let classics = api.get("/api/v1/classics?per_page=1").await.expect(200);
        assert_eq!(classics["/meta/total"], 0);
        assert_eq!(api.get("/api/v1/classics?x=1").await.expect(400)["/instance"], "/api/v1/classics");
        for path in ["/authors", "/classics", "/api/v1", "/api/v1/health/live"] {
            api.get(path).await.expect(404);
        }
        api.get("/health/live").await.expect(200);
        assert_eq!(api.get("/").await.expect(307).header("location"), Some("/docs"));
    }

    async fn a_base_filter_hides_rows_from_every_operation(database: TestDatabase) {
        let app = App::new(config(&database)).resource_with::<Edition>(|editions| editions.filter(Edition::IS_LISTED.eq(true)));
        let api = Api::of(app.resource::<Book>()).await;
        let edition = |code: &str, listed: bool| json!({"countryCode": code, "printNumber": 1, "label": code, "isListed": listed});
        api.create("/editions", edition("de", true)).await;
        api.create("/editions", edition("fr", false)).await;
        let list = api.get("/editions").await.expect(200);
        assert_eq!((column(&list, "label"), &list["/meta/total"]), (vec!["de".to_owned()], &json!(1)));
        assert_eq!(api.column("/editions?isListed=false", "label").await, [""; 0]);
        let (hidden, missing) = (api.get("/editions/fr/1").await.expect(404), api.get("/editions/xx/1").await.expect(404));
        assert_eq!(hidden["/detail"], missing["/detail"], "the two cannot be told apart");
        api.patch("/editions/fr/1", &json!({"isListed": true})).await.expect(404);
        api.patch("/editions/fr/1", &json!({})).await.expect(404);
        api.put("/editions/fr/1", &json!({"label": "x"})).await.expect(404);
        api.delete("/editions/fr/1").await.expect(404);
        api.patch("/editions/de/1", &json!({"isListed": false})).await.expect(200);
        api.get("/editions/de/1").await.expect(404);
        assert_eq!(Edition::query().fetch(api.database()).await.unwrap().meta.total, Some(2), "both are there");
    }

    async fn operations_that_are_left_out_are_not_served_and_not_specified(database: TestDatabase) {
        let app = App::new(config(&database))
            .resource_with::<Book>(|books| books.without([Operation::Delete, Operation::Create, Operation::Get]));
        let api = Api::of(app).await;
        let refused = api.post("/books", &json!({"title": "One"})).await.expect(405);
        assert_eq!(refused.header("allow"), Some("GET, HEAD, OPTIONS"));
        assert_eq!(api.delete("/books/1").await.expect(405).header("allow"), Some("OPTIONS, PATCH, PUT"));
        api.get("/books/1").await.expect(405);
        let specification = api.get("/openapi.json").await;
        assert_eq!(specification["/paths/~1books"].get("post"), None);
        assert_eq!(specification["/paths/~1books~1{id}"].get("delete"), None);
    }

    async fn a_view_is_read_like_a_table_and_never_written(database: TestDatabase) {
        let api = Api::of(App::new(config(&database)).migrations(&migrations()).resource::<Year>()).await;
        let years = api.get("/years?sort=-books&books__gte=2").await.expect(200);
        assert_eq!(years["/items"], json!([{"year": 1950, "books": 2}]));
        assert_eq!(api.get("/years/1960").await.expect(200).json(), &json!({"year": 1960, "books": 1}));
        api.get("/years/1970").await.expect(404);
        for (method, path) in [("POST", "/years"), ("PUT", "/years/1950"), ("PATCH", "/years/1950"), ("DELETE", "/years/1950")] {
            let answer = api.send(api.request(method.parse().unwrap(), path).json(&json!({}))).await.expect(405);
            assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"), "{method} {path}");
        }
    }

    async fn related_rows_are_listed_below_their_parent(database: TestDatabase) {
        let api = Api::start(&database).await;
        for name in ["Ann", "Bob", "Eve"] {
            api.create("/authors", json!({"name": name})).await;
        }
        for (title, authors) in [("One", json!([1])), ("Two", json!([1, 2])), ("Three", json!([2]))] {
            api.create("/books", json!({"title": title, "author_ids": authors})).await;
        }
        api.create("/reviews", json!({"book_id": 2, "rating": 4})).await;
        let books = api.get("/authors/1/books?sort=-title&include=authors&per_page=1").await.expect(200);
        assert_eq!((column(&books, "title"), &books["/meta/total"]), (vec!["Two".to_owned()], &json!(2)));
        assert_eq!((books["/items/0/authors"].as_array().unwrap().len(), books.statements()), (2, 3));
        let link = books.header("link").unwrap();
        assert!(link.starts_with("</authors/1/books?page=1&sort=-title"), "{link}");
        assert_eq!(api.column("/authors/1/books?title=Three", "id").await, [""; 0]);
        assert_eq!(api.column("/books/2/reviews?rating=4", "id").await, ["1"]);
        assert_eq!(api.get("/authors/3/books").await.expect(200)["/meta/total"], 0, "a parent without any");
        let missing = api.get("/authors/9/books").await.expect(404);
        assert_eq!(missing["/detail"], "no such Author");
        assert_mistakes(&api.get("/authors/x/books").await.expect(400), [("id", "invalid_value")]);
        assert_mistakes(&api.get("/authors/1/books?name=x").await.expect(400), [("name", "unknown_parameter")]);
        let allow = api.post("/authors/1/books", &json!({})).await.expect(405);
        assert_eq!(allow.header("allow"), Some("GET, HEAD, OPTIONS"));
    }

    async fn the_rows_below_a_hidden_parent_are_hidden_too(database: TestDatabase) {
        let app = App::new(config(&database)).resource_with::<Author>(|authors| authors.filter(Author::STATUS.eq(Status::Active)));
        let api = Api::of(app.resource::<Book>()).await;
        api.create("/authors", json!({"name": "Ann", "status": "on_leave"})).await;
        api.create("/books", json!({"title": "One", "author_ids": [1]})).await;
        api.get("/authors/1").await.expect(404);
        api.get("/authors/1/books").await.expect(404);
    }
}
