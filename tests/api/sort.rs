//! Orders: total, and the same on each database.

use couplet_tests::on_each_database;
use serde_json::{Value, json};

use super::support::*;

async fn books(api: &Api, books: &[(&str, Option<i32>, f64)]) {
    for (title, year, rating) in books {
        api.create("/books", json!({"title": title, "year": year, "rating": rating})).await;
    }
}

on_each_database! {
    async fn null_counts_as_the_largest_value(database: TestDatabase) {
        let api = Api::start(&database).await;
        let values = |second: bool| match second {
            true => json!({"uuid": "00000000-0000-0000-0000-000000000002", "time": "2024-01-02T00:00:00Z",
                "date": "2024-01-02", "decimal": "2", "state": "on_leave"}),
            false => json!({"uuid": "00000000-0000-0000-0000-000000000001", "time": "2024-01-01T00:00:00Z",
                "date": "2024-01-01", "decimal": "1", "state": "active"}),
        };
        for body in [json!({}), values(true), values(false), json!({})] {
            api.create("/every-types", body).await;
        }
        for field in ["uuid", "time", "date", "decimal", "state"] {
            assert_eq!(api.column(&format!("/every-types?sort={field}"), "id").await, ["3", "2", "1", "4"], "{field}");
            assert_eq!(api.column(&format!("/every-types?sort=-{field}"), "id").await, ["4", "1", "2", "3"], "{field}");
        }
    }

    async fn the_key_settles_ties_in_the_direction_of_the_last_term(database: TestDatabase) {
        let api = Api::start(&database).await;
        books(&api, &[("a", Some(1), 1.0), ("b", Some(1), 2.0), ("c", Some(1), 1.0), ("d", None, 1.0)]).await;
        for (sort, expected) in [
            ("rating", ["1", "3", "4", "2"]),
            ("-rating", ["2", "4", "3", "1"]),
            ("year,-rating", ["2", "3", "1", "4"]),
            ("-year,rating", ["4", "1", "3", "2"]),
            ("-rating,title", ["2", "1", "3", "4"]),
            ("-id", ["4", "3", "2", "1"]),
            ("rating,-id", ["4", "3", "1", "2"]),
        ] {
            assert_eq!(api.column(&format!("/books?sort={sort}"), "id").await, expected, "{sort}");
        }
        assert_eq!(api.column("/books", "id").await, ["1", "2", "3", "4"], "without a sort the key orders");
    }

    async fn a_column_that_is_named_again_changes_nothing(database: TestDatabase) {
        let api = Api::start(&database).await;
        books(&api, &[("b", Some(1), 1.0), ("a", Some(2), 1.0), ("c", Some(1), 2.0)]).await;
        for (sort, same) in [("id,-id", "id"), ("-title,title,-title", "-title"), ("year,title,-year", "year,title")] {
            let expected = api.column(&format!("/books?sort={same}"), "id").await;
            assert_eq!(api.column(&format!("/books?sort={sort}"), "id").await, expected, "{sort}");
        }
        let many = vec!["title"; 51].join(",");
        assert_mistakes(&api.get(&format!("/books?sort={many}")).await.expect(400), [("sort", "too_many")]);
    }

    async fn every_sort_walks_over_pages_without_losing_a_row(database: TestDatabase) {
        let api = Api::start(&database).await;
        let years = [Some(2), None, Some(1), None, Some(2), None, Some(1)];
        let all: Vec<_> = years.iter().map(|year| ("same", *year, 1.0)).collect();
        books(&api, &all).await;
        for sort in ["year", "-year", "title", "-title,year", "rating,-year"] {
            let mut seen = Vec::new();
            for page in 1..=4 {
                seen.extend(api.column(&format!("/books?sort={sort}&per_page=2&page={page}"), "id").await);
            }
            let whole = api.column(&format!("/books?sort={sort}"), "id").await;
            assert_eq!((seen.len(), seen), (7, whole), "{sort}");
        }
    }

    async fn decimals_sort_as_numbers_and_texts_by_their_characters(database: TestDatabase) {
        let api = Api::start(&database).await;
        for (decimal, text) in [("10.10", "b"), ("9", "B"), ("-10.5", "a"), ("-9", "é"), ("0.000000000000000001", "Z")] {
            api.create("/every-types", json!({"decimal": decimal, "text": text})).await;
        }
        let sorted = api.column("/every-types?sort=decimal", "decimal").await;
        assert_eq!(sorted, ["-10.5", "-9", "0.000000000000000001", "9", "10.10"]);
        assert_eq!(api.column("/every-types?sort=text", "text").await, ["B", "Z", "a", "b", "é"]);
    }

    async fn keys_of_text_and_of_two_columns_order_their_rows(database: TestDatabase) {
        let api = Api::start(&database).await;
        for name in ["b", "c", "a"] {
            api.create("/tags", json!({"name": name})).await;
        }
        assert_eq!(api.column("/tags", "name").await, ["a", "b", "c"]);
        for (code, number) in [("fr", 1), ("de", 2), ("de", 10)] {
            let body = json!({"countryCode": code, "printNumber": number, "label": format!("{code}{number}")});
            api.create("/editions", body).await;
        }
        assert_eq!(api.column("/editions", "label").await, ["de2", "de10", "fr1"]);
        assert_eq!(api.column("/editions?sort=-copiesSold", "label").await, ["fr1", "de10", "de2"]);
        assert_eq!(api.column("/editions?sort=-printNumber", "label").await, ["de10", "de2", "fr1"]);
    }

    async fn a_sort_that_is_none_names_what_can_be_sorted_by(database: TestDatabase) {
        let api = Api::start(&database).await;
        for sort in ["titel", "series_id", ""] {
            let problem = api.get(&format!("/books?sort={sort}")).await.expect(400);
            assert_mistakes(&problem, [("sort", "unknown_field")]);
        }
        let problem = api.get("/books?sort=titel,-yeer").await.expect(400);
        let details: Vec<&Value> = problem["/errors"].as_array().unwrap().iter().map(|error| &error["detail"]).collect();
        assert!(details[0].as_str().unwrap().contains("did you mean \"title\"?"), "{problem}");
        assert!(details[1].as_str().unwrap().contains("sortable: id, title, year, rating"), "{problem}");
        api.get("/authors?sort=password").await.expect(400);
    }
}
