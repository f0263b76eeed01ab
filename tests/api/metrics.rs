//! What an app tells of itself at `/metrics`.

use couplet_tests::on_each_database;
use reqwest::Method;
use serde_json::json;

use super::support::*;

/// The values of a label, whichever the metric.
fn values<'a>(metrics: &'a str, label: &str) -> Vec<&'a str> {
    let lines = metrics.lines().filter(|line| !line.starts_with('#'));
    let pattern = format!("{label}=\"");
    let mut values: Vec<&str> =
        lines.filter_map(|line| line.split_once(&pattern)?.1.split_once('"').map(|(value, _)| value)).collect();
    values.sort_unstable();
    values.dedup();
    values
}

on_each_database! {
    async fn requests_are_counted_by_route_and_never_by_path(database: TestDatabase) {
        let api = Api::start(&database).await;
        api.create("/books", json!({"title": "One"})).await;
        for path in ["/books/1", "/books/7", "/books/x", "/books/1/reviews", "/editions/de/1", "/secret/path", "/books/1/2/3"] {
            api.get(path).await;
        }
        api.send(api.request(Method::from_bytes(b"BREW").unwrap(), "/books")).await.expect(405);
        let metrics = api.get("/metrics").await.expect(200);
        assert!(metrics.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"), "{metrics}");
        let text = metrics.text();
        for (labels, count) in [
            (r#"endpoint="/books/{id}",method="GET",status_code="200""#, 1),
            (r#"endpoint="/books/{id}",method="GET",status_code="404""#, 1),
            (r#"endpoint="/books/{id}",method="GET",status_code="400""#, 1),
            (r#"endpoint="/books",method="POST",status_code="201""#, 1),
            (r#"endpoint="/books",method="other",status_code="405""#, 1),
            (r#"endpoint="/books/{id}/reviews",method="GET",status_code="200""#, 1),
            (r#"endpoint="/editions/{countryCode}/{printNumber}",method="GET",status_code="404""#, 1),
            (r#"endpoint="unmatched",method="GET",status_code="404""#, 2),
        ] {
            assert!(text.contains(&format!("http_requests_total{{{labels}}} {count}\n")), "{labels}");
        }
        assert!(values(&text, "endpoint").iter().all(|endpoint| !endpoint.contains("secret") && !endpoint.ends_with("/1")));
        assert!(text.contains(r#"http_request_duration_seconds_bucket{endpoint="/books/{id}",method="GET",le="0.2"}"#));
    }

    async fn statements_are_timed_by_operation_and_model(database: TestDatabase) {
        let api = Api::start(&database).await;
        api.create("/authors", json!({"name": "Ann"})).await;
        api.create("/books", json!({"title": "One", "author_ids": [1]})).await;
        let reads = api.metric(r#"db_query_duration_seconds_count{model="Book",operation="select"}"#).await;
        api.get("/books?include=authors").await.expect(200);
        api.patch("/books/1", &json!({"year": 1})).await.expect(200);
        api.delete("/books/1").await.expect(204);
        for (labels, count) in [
            (r#"model="Book",operation="insert""#, 1.0),
            (r#"model="BookAuthor",operation="insert""#, 1.0),
            (r#"model="Book",operation="update""#, 1.0),
            (r#"model="Book",operation="delete""#, 1.0),
        ] {
            assert_eq!(api.metric(&format!("db_query_duration_seconds_count{{{labels}}}")).await, count, "{labels}");
        }
        assert_eq!(api.metric(r#"db_query_duration_seconds_count{model="Book",operation="select"}"#).await, reads + 1.0);
        assert_eq!(api.metric(r#"db_queries_per_request_sum{endpoint="/books/{id}"}"#).await, 2.0);
        let text = api.get("/metrics").await.text();
        let known = ["Author", "Book", "BookAuthor", "BookTag", "EveryType", "Edition", "Profile", "Review", "Series", "Tag"];
        let others: Vec<&str> = values(&text, "model").into_iter().filter(|model| !known.contains(model)).collect();
        assert!(others.iter().all(|model| model.starts_with('_') || !model.contains(' ')), "{others:?}");
    }

    async fn gauges_of_the_pool_come_back_to_rest(database: TestDatabase) {
        let api = Api::start(&database).await;
        api.create("/books", json!({"title": "One"})).await;
        api.get("/books?include=authors").await.expect(200);
        let max = api.metric("db_pool_max_connections ").await;
        assert_eq!(api.metric("db_pool_connections_in_use ").await, 0.0);
        assert_eq!(api.metric("db_pool_connections_available ").await, max);
        let held = api.database().begin().await.unwrap();
        assert_eq!(api.metric("db_pool_connections_in_use ").await, 1.0);
        held.rollback().await.unwrap();
        assert_eq!(api.metric("db_pool_connections_in_use ").await, 0.0);
    }
}
