//! Problems: one shape for whatever goes wrong, and nothing in it that is not for clients.

use couplet_tests::{Answer, on_each_database};
use reqwest::Method;
use serde_json::{Value, json};

use super::support::*;

/// Asserts the shape of a problem and answers its text.
#[track_caller]
fn assert_problem(problem: &Answer, title: &str, instance: &str) -> String {
    assert_eq!(problem.header("content-type"), Some("application/problem+json"), "{problem}");
    let id = problem.header("x-request-id").unwrap();
    assert_eq!(problem["/type"], "about:blank");
    assert_eq!((&problem["/title"], &problem["/status"]), (&json!(title), &json!(problem.status())), "{problem}");
    assert_eq!((&problem["/instance"], &problem["/request_id"]), (&json!(instance), &json!(id)), "{problem}");
    assert!(problem["/detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{problem}");
    let known = ["type", "title", "status", "detail", "instance", "request_id", "errors"];
    assert!(problem.json().as_object().unwrap().keys().all(|key| known.contains(&key.as_str())), "{problem}");
    for error in problem.json().get("errors").and_then(Value::as_array).into_iter().flatten() {
        let members: Vec<&String> = error.as_object().unwrap().keys().collect();
        let allowed = ["parameter", "pointer", "code", "detail"];
        assert!(members.iter().all(|member| allowed.contains(&member.as_str())), "{problem}");
        assert!(error["code"].is_string() && error["detail"].is_string(), "{problem}");
    }
    problem.text()
}

/// Words of SQL, of drivers and of this machine that no client may read.
#[track_caller]
fn assert_tells_nothing(text: &str) {
    for secret in [
        "SELECT",
        "INSERT",
        "UPDATE",
        "constraint",
        "sqlx",
        "SQLite",
        "sqlite",
        "postgres",
        "/tmp",
        ".rs",
        "relation \\\"",
    ] {
        assert!(!text.contains(secret), "{secret:?} is in {text}");
    }
}

on_each_database! {
    async fn every_kind_of_failure_is_a_problem_of_one_shape(database: TestDatabase) {
        let api = Api::start(&database).await;
        api.create("/books", json!({"title": "One"})).await;
        api.create("/reviews", json!({"book_id": 1, "rating": 1})).await;
        let cases = [
            (api.get("/books?x=1").await, 400, "Bad Request", "/books"),
            (api.get("/nowhere/1?x=1").await, 404, "Not Found", "/nowhere/1"),
            (api.get("/books/7").await, 404, "Not Found", "/books/7"),
            (api.post("/books/1", &json!({})).await, 405, "Method Not Allowed", "/books/1"),
            (api.delete("/books/1").await, 409, "Conflict", "/books/1"),
            (api.send_text(Method::POST, "/books", "text/plain", "x").await, 415, "Unsupported Media Type", "/books"),
            (api.post("/books", &json!({})).await, 422, "Unprocessable Entity", "/books"),
            (api.get(&format!("/books?q={}", "x".repeat(17 * 1024))).await, 414, "URI Too Long", "/books"),
        ];
        for (problem, status, title, instance) in cases {
            let problem = problem.expect(status);
            assert_tells_nothing(&assert_problem(&problem, title, instance));
        }
    }

    async fn a_failure_of_the_database_tells_its_request_id_and_nothing_else(database: TestDatabase) {
        let api = Api::start(&database).await;
        api.create("/tags", json!({"name": "a"})).await;
        execute(&database, "alter table tags rename to gone").await;
        for problem in [
            api.get("/tags").await,
            api.get("/tags/a").await,
            api.post("/tags", &json!({"name": "b"})).await,
            api.patch("/tags/a", &json!({"color": "red"})).await,
            api.delete("/tags/a").await,
        ] {
            let problem = problem.expect(500);
            let instance = problem["/instance"].as_str().unwrap().to_owned();
            let text = assert_problem(&problem, "Internal Server Error", &instance);
            assert_tells_nothing(&text);
            assert!(!text.contains("no such table") && !text.contains("does not exist"), "{text}");
        }
        api.get("/authors").await.expect(200);
    }

    async fn a_request_id_of_the_client_is_kept_where_it_is_sane(database: TestDatabase) {
        let api = Api::start(&database).await;
        let with_id = async |path: &str, id: &str| api.send(api.request(Method::GET, path).header("x-request-id", id)).await;
        for path in ["/books", "/books/7", "/nowhere", "/metrics"] {
            assert_eq!(with_id(path, "01J9-abc_DEF.1:2").await.header("x-request-id"), Some("01J9-abc_DEF.1:2"), "{path}");
        }
        assert_eq!(with_id("/books/7", "mine").await["/request_id"], "mine");
        for forged in ["a b", "\"", &"a".repeat(129)] {
            let id = with_id("/books", forged).await.header("x-request-id").unwrap().to_owned();
            assert_eq!((id.len(), id == forged), (36, false));
        }
        let (one, two) = (api.get("/books").await, api.get("/books").await);
        assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
    }

    async fn a_method_that_is_not_offered_is_told_those_that_are(database: TestDatabase) {
        let api = Api::start(&database).await;
        for (method, path, allow) in [
            (Method::DELETE, "/books", "GET, HEAD, OPTIONS, POST"),
            (Method::POST, "/books/1", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
            (Method::POST, "/openapi.json", "GET, HEAD, OPTIONS"),
            (Method::from_bytes(b"BREW").unwrap(), "/books", "GET, HEAD, OPTIONS, POST"),
        ] {
            let problem = api.send(api.request(method, path)).await.expect(405);
            assert_eq!(problem.header("allow"), Some(allow), "{path}");
            assert_problem(&problem, "Method Not Allowed", path);
        }
        let options = api.send(api.request(Method::OPTIONS, "/books")).await.expect(204);
        assert_eq!((options.header("allow"), options.bytes()), (Some("GET, HEAD, OPTIONS, POST"), &b""[..]));
    }

    async fn head_is_get_without_the_body(database: TestDatabase) {
        let api = Api::start(&database).await;
        api.create("/books", json!({"title": "One"})).await;
        for path in ["/books", "/books/1", "/openapi.json", "/books?per_page=1&count=none"] {
            let (head, get) = (api.send(api.request(Method::HEAD, path)).await.expect(200), api.get(path).await);
            for name in ["content-type", "content-length", "link"] {
                assert_eq!(head.header(name), get.header(name), "{name} of {path}");
            }
            assert!(head.bytes().is_empty());
        }
        for (path, status) in [("/books/7", 404), ("/nowhere", 404), ("/books?x=1", 400)] {
            let head = api.send(api.request(Method::HEAD, path)).await.expect(status);
            assert_eq!((head.header("content-type"), head.bytes()), (Some("application/problem+json"), &b""[..]));
        }
    }

    async fn every_answer_tells_browsers_not_to_guess(database: TestDatabase) {
        let api = Api::start(&database).await;
        for path in ["/books", "/books/7", "/nowhere", "/openapi.json"] {
            let answer = api.get(path).await;
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
            assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
        }
    }
}
