//! An empty database is filled.

use couplet_tests::{Client, Program, TestDatabase, on_each_database};

use super::support::{example, stop, total};

const ROWS: &[(&str, u64)] = &[
    ("/authors", 1_000),
    ("/books", 10_000),
    ("/reviews", 50_000),
    ("/readers", 2_000),
    ("/series", 600),
    ("/tags", 44),
];

/// The page, the count and the include, however many authors there are.
async fn assert_three_statements(client: &Client) {
    for per_page in [5, 100] {
        let list = client.get(&format!("/authors?per_page={per_page}&include=books")).await.expect(200);
        assert!(list.statements() <= 3, "{list}");
        let authors = list["/items"].as_array().unwrap();
        assert_eq!(authors.len(), per_page);
        assert!(authors.iter().all(|author| !author["books"].as_array().unwrap().is_empty()));
    }
}

/// Every book with all that hangs on it, and the ends of the reviews.
async fn rows(client: &Client) -> Vec<String> {
    let mut pages = Vec::new();
    for page in 1..=100 {
        let path = format!("/books?per_page=100&page={page}&include=authors,tags,series.parent");
        pages.push(client.get(&path).await.expect(200).text());
    }
    for page in [1, 500] {
        pages.push(client.get(&format!("/reviews?per_page=100&page={page}&include=reader")).await.expect(200).text());
    }
    pages
}

/// Without showing a megabyte of rows where they differ.
fn assert_same(left: &[String], right: &[String]) {
    assert_eq!(left.len(), right.len());
    for (page, (left, right)) in left.iter().zip(right).enumerate() {
        let place = left.bytes().zip(right.bytes()).position(|(left, right)| left != right);
        let place = place.or((left.len() != right.len()).then_some(left.len().min(right.len())));
        let shown = |text: &str, place: usize| {
            String::from_utf8_lossy(&text.as_bytes()[place..]).chars().take(80).collect::<String>()
        };
        assert!(
            place.is_none(),
            "answer {page}: {:?} and {:?}",
            shown(left, place.unwrap()),
            shown(right, place.unwrap())
        );
    }
}

/// With a key of its own each database would sign other cursors.
fn keyed(database: &TestDatabase) -> Program {
    example(database).env("COUPLET_PAGINATION__CURSOR_KEYS", "the same key for every database for once")
}

on_each_database! {
    async fn an_empty_database_is_filled_once_and_with_the_same_rows_everywhere(database: TestDatabase) {
        let service = keyed(&database).serve().await;
        for (path, number) in ROWS {
            assert_eq!(total(service.client(), path).await, *number, "{path}");
        }
        assert_three_statements(service.client()).await;
        let list = service.client().get("/books?reviews.rating=5&fields=id").await.expect(200);
        assert!(list["/meta/total"].as_u64().unwrap() > 1_000, "{list}");
        assert_eq!(service.client().get("/books/1?fields=id").await.expect(200).text(), r#"{"id":1}"#);
        let filled = rows(service.client()).await;
        assert!(stop(service).await.expect(0).output.contains("the database is empty; filling it"));

        let service = keyed(&database).serve().await;
        for (path, number) in ROWS {
            assert_eq!(total(service.client(), path).await, *number, "{path}");
        }
        assert!(!stop(service).await.expect(0).output.contains("filling"), "the second start fills nothing");

        let other = TestDatabase::sqlite();
        let service = keyed(&other).serve().await;
        assert_same(&filled, &rows(service.client()).await);
    }
}

#[tokio::test]
async fn of_instances_that_start_together_one_fills_the_database() {
    let Some(database) = TestDatabase::postgres().await else { return };
    let start = || example(&database).serve();
    let (one, two, three) = tokio::join!(start(), start(), start());
    let mut filled = 0;
    for service in [one, two, three] {
        assert_eq!(total(service.client(), "/reviews").await, 50_000);
        filled += stop(service).await.expect(0).output.matches("filling it").count();
    }
    assert_eq!(filled, 1);
}
