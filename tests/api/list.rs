//! Lists: their envelope, pages, counts and links.

use couplet::prelude::*;
use couplet_tests::{Answer, on_each_database};
use serde_json::json;

use super::models::*;
use super::support::*;

async fn books(api: &Api, number: usize) {
    let new = (1..=number).map(|number| NewBook::new(format!("Book {number:02}")));
    Book::create_many(new, api.database()).await.unwrap();
}

/// The target of a link, by its relation.
fn link<'a>(list: &'a Answer, rel: &str) -> Option<&'a str> {
    let links = list.header("link")?.split(", ");
    links
        .filter_map(|link| link.strip_prefix('<')?.split_once(">; rel="))
        .find_map(|(target, name)| (name.trim_matches('"') == rel).then_some(target))
}

on_each_database! {
    async fn the_envelope_has_items_and_every_key_of_meta(database: TestDatabase) {
        let api = Api::start(&database).await;
        books(&api, 3).await;
        let list = api.get("/books?per_page=2").await.expect(200);
        assert_eq!(list.header("content-type"), Some("application/json"));
        let book = json!({"id": 1, "title": "Book 01", "year": null, "rating": 0.0, "series_id": null});
        assert_eq!(list["/items/0"], book);
        let meta = json!({
            "page": 1, "per_page": 2, "total": 3, "pages": 2, "count": "exact", "has_more": true,
            "next_cursor": list["/meta/next_cursor"], "prev_cursor": list["/meta/prev_cursor"], "truncated": [],
        });
        assert_eq!(list["/meta"], meta);
        assert_eq!(list.json().as_object().unwrap().len(), 2, "items and meta, nothing else");
    }

    async fn an_empty_list_has_a_total_and_no_pages(database: TestDatabase) {
        let list = Api::start(&database).await.get("/books").await.expect(200);
        assert_eq!((&list["/items"], &list["/meta/total"], &list["/meta/pages"]), (&json!([]), &json!(0), &json!(0)));
        assert_eq!((&list["/meta/has_more"], &list["/meta/per_page"]), (&json!(false), &json!(20)));
        assert_eq!(list.statements(), 1);
    }

    async fn a_page_that_knows_its_total_counts_nothing(database: TestDatabase) {
        let api = Api::start(&database).await;
        books(&api, 4).await;
        for (page, items, has_more, statements) in [(1, 2, true, 2), (2, 2, false, 1), (3, 0, false, 2)] {
            let list = api.get(&format!("/books?per_page=2&page={page}")).await.expect(200);
            assert_eq!(column(&list, "id").len(), items, "{list}");
            assert_eq!((&list["/meta/has_more"], &list["/meta/total"]), (&json!(has_more), &json!(4)), "{list}");
            assert_eq!(list.statements(), statements, "{list}");
        }
        let unpaged = api.get("/books").await.expect(200);
        assert_eq!((&unpaged["/meta/total"], unpaged.statements()), (&json!(4), 1));
    }

    async fn pages_neither_repeat_nor_lose_a_row(database: TestDatabase) {
        let api = Api::start(&database).await;
        books(&api, 7).await;
        let mut seen = Vec::new();
        let mut next = Some("/books?per_page=3&sort=-rating".to_owned());
        while let Some(path) = next {
            let list = api.get(&path).await.expect(200);
            seen.extend(column(&list, "id"));
            next = link(&list, "next").map(str::to_owned);
        }
        assert_eq!(seen, ["7", "6", "5", "4", "3", "2", "1"]);
    }

    async fn what_is_not_counted_is_null(database: TestDatabase) {
        let api = Api::start(&database).await;
        books(&api, 3).await;
        let list = api.get("/books?per_page=2&count=none").await.expect(200);
        assert_eq!((&list["/meta/total"], &list["/meta/pages"]), (&json!(null), &json!(null)));
        assert_eq!((&list["/meta/count"], &list["/meta/has_more"]), (&json!("none"), &json!(true)));
        assert_eq!(list.statements(), 1);
        assert_eq!((link(&list, "next").is_some(), link(&list, "last")), (true, None));
    }

    async fn an_estimate_is_the_planners_on_postgres_and_exact_on_sqlite(database: TestDatabase) {
        let api = Api::start(&database).await;
        books(&api, 50).await;
        let list = api.get("/books?per_page=10&count=estimated").await.expect(200);
        let total = list["/meta/total"].as_u64().unwrap();
        assert_eq!(list.statements(), 2);
        if is_sqlite(&database) {
            assert_eq!((&list["/meta/count"], total), (&json!("exact"), 50));
        } else {
            assert_eq!(list["/meta/count"], "estimated");
            assert!(total >= 11, "the rows that were seen are there: {list}");
            execute(&database, "analyze books").await;
            assert_eq!(api.get("/books?per_page=10&count=estimated").await["/meta/total"], 50);
        }
    }

    async fn a_page_outside_its_bounds_is_an_error_and_never_clamped(database: TestDatabase) {
        let api = Api::start(&database).await;
        books(&api, 1).await;
        for bad in ["101", "0", "-1", "1.5", "", "ten", "18446744073709551617"] {
            let problem = api.get(&format!("/books?per_page={bad}")).await.expect(400);
            assert_mistakes(&problem, [("per_page", "invalid_value")]);
            assert!(problem["/errors/0/detail"].as_str().unwrap().contains("from 1 to 100"), "{problem}");
        }
        for bad in ["0", "-1", "9223372036854775808000"] {
            assert_mistakes(&api.get(&format!("/books?page={bad}")).await.expect(400), [("page", "invalid_value")]);
        }
        api.get("/books?per_page=100").await.expect(200);
        api.get("/series?per_page=1000").await.expect(200);
        api.get("/series?per_page=1001").await.expect(400);
    }

    async fn a_page_too_far_on_is_an_error_that_points_to_the_cursor(database: TestDatabase) {
        let api = Api::start(&database).await;
        books(&api, 1).await;
        assert_eq!(api.get("/books?page=5001").await.expect(200)["/items"], json!([]), "100,000 rows may be skipped");
        for page in ["5002", "9223372036854775807", "18446744073709551615"] {
            let problem = api.get(&format!("/books?page={page}")).await.expect(400);
            assert_mistakes(&problem, [("page", "out_of_range")]);
            assert!(problem["/errors/0/detail"].as_str().unwrap().contains("cursor"), "{problem}");
        }
    }

    async fn links_are_relative_and_keep_the_other_parameters(database: TestDatabase) {
        let api = Api::start(&database).await;
        books(&api, 5).await;
        let path = "/books?title__icontains=book%200&page=2&per_page=2&sort=-title&count=exact";
        let list = api.get(path).await.expect(200);
        let kept = "title__icontains=book%200&per_page=2&sort=-title&count=exact";
        for (rel, page) in [("first", 1), ("prev", 1), ("next", 3), ("last", 3)] {
            assert_eq!(link(&list, rel), Some(format!("/books?page={page}&{kept}").as_str()), "{rel}");
        }
        let first = api.get(link(&list, "first").unwrap()).await.expect(200);
        assert_eq!((link(&first, "prev"), column(&first, "id")), (None, vec!["5".to_owned(), "4".to_owned()]));
        let last = api.get(link(&list, "last").unwrap()).await.expect(200);
        assert_eq!((link(&last, "next"), column(&last, "id")), (None, vec!["1".to_owned()]));
    }

    async fn every_bad_parameter_is_named_at_once_with_what_would_be_accepted(database: TestDatabase) {
        let api = Api::start(&database).await;
        let path = "/books?titel=x&year__gt=soon&sort=titel&page=0&count=some&rating=1&rating=2&include=reviewz&year__contains=1";
        let problem = api.get(path).await.expect(400);
        let expected = [
            ("titel", "unknown_parameter"),
            ("year__gt", "invalid_value"),
            ("sort", "unknown_field"),
            ("page", "invalid_value"),
            ("count", "invalid_value"),
            ("rating", "duplicate_parameter"),
            ("include", "unknown_relation"),
            ("year__contains", "unknown_operator"),
        ];
        assert_mistakes(&problem, expected);
        for nearest in ["did you mean \\\"title\\\"?", "did you mean \\\"reviews\\\"?", "exact, estimated or none"] {
            assert!(problem.text().contains(nearest), "{nearest}: {problem}");
        }
        assert!(problem.header("server-timing").is_some_and(|timing| timing.contains("0 queries")), "{problem}");
    }

    async fn parameters_of_advertisers_are_ignored(database: TestDatabase) {
        let api = Api::start(&database).await;
        api.get("/books?utm_source=letter&utm_medium=%FF").await.expect(200);
        api.get("/books?utm=letter").await.expect(400);
    }
}
