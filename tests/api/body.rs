//! Bodies: what is read, what is refused, and that all mistakes are told at once.

use couplet_tests::on_each_database;
use reqwest::Method;
use serde_json::{Value, json};

use super::support::*;

const MERGE_PATCH: &str = "application/merge-patch+json";

on_each_database! {
    async fn every_mistake_of_a_body_is_in_one_answer(database: TestDatabase) {
        let api = Api::start(&database).await;
        let body = json!({
            "email": 7, "status": "actve", "password": "short", "created_at": "2024-05-06T07:08:09Z", "initial": "A",
            "note": "hidden", "id": 7, "nmae": "Ann",
        });
        let problem = api.post("/authors", &body).await.expect(422);
        let expected = [
            ("/name", "required"),
            ("/email", "invalid_value"),
            ("/status", "invalid_value"),
            ("/password", "length"),
            ("/created_at", "read_only"),
            ("/initial", "read_only"),
            ("/note", "unknown_field"),
            ("/id", "read_only"),
            ("/nmae", "unknown_field"),
        ];
        assert_mistakes(&problem, expected);
        assert!(problem.text().contains("did you mean \\\"name\\\"?"), "{problem}");
        let problem = api.post("/books", &json!({"title": "", "rating": 5.1, "year": 2147483648_i64})).await.expect(422);
        assert_mistakes(&problem, [("/title", "length"), ("/rating", "range"), ("/year", "invalid_value")]);
        let problem = api.post("/books", &json!({"title": "x".repeat(201), "rating": -0.1})).await.expect(422);
        assert_mistakes(&problem, [("/title", "length"), ("/rating", "range")]);
        assert_eq!(api.get("/books").await["/meta/total"], 0);
    }

    async fn a_hidden_field_is_as_unknown_as_any_other(database: TestDatabase) {
        let api = Api::start(&database).await;
        let problem = |name: &str| {
            let (api, body) = (&api, json!({"name": "Ann", name: "x"}));
            async move { api.post("/authors", &body).await.expect(422)["/errors/0/detail"].to_string() }
        };
        assert_eq!(problem("note").await, problem("etno").await.replace("etno", "note"));
    }

    async fn names_of_bodies_are_those_of_the_api(database: TestDatabase) {
        let api = Api::start(&database).await;
        let problem = api.post("/editions", &json!({"country_code": "de", "name": "x", "copiesSold": 7})).await.expect(422);
        let expected = [
            ("/country_code", "unknown_field"),
            ("/name", "unknown_field"),
            ("/copiesSold", "read_only"),
            ("/countryCode", "required"),
            ("/printNumber", "required"),
            ("/label", "required"),
        ];
        assert_mistakes(&problem, expected);
        let body = json!({"countryCode": "de", "printNumber": 1, "label": "first"});
        let created = api.create("/editions", body.clone()).await;
        let expected = json!({
            "countryCode": "de", "printNumber": 1, "label": "first", "copiesSold": 0, "isListed": true, "bookId": null,
        });
        assert_eq!(created.json(), &expected);
        let same_label = json!({"countryCode": "fr", "printNumber": 1, "label": "first"});
        assert_mistakes(&api.post("/editions", &same_label).await.expect(409), [("/label", "unique")]);
        let problem = api.post("/editions", &json!({"countryCode": "de", "printNumber": 1, "label": "2"})).await.expect(409);
        assert_mistakes(&problem, [("/countryCode", "unique"), ("/printNumber", "unique")]);
        let problem = api.put("/editions/de/1", &body).await.expect(422);
        assert_mistakes(&problem, [("/countryCode", "read_only"), ("/printNumber", "read_only")]);
    }

    async fn a_body_in_another_media_type_is_not_read(database: TestDatabase) {
        let api = Api::start(&database).await;
        api.create("/books", json!({"title": "One"})).await;
        for (method, path, media_type) in [
            (Method::POST, "/books", "text/plain"),
            (Method::POST, "/books", "application/x-www-form-urlencoded"),
            (Method::POST, "/books", MERGE_PATCH),
            (Method::PUT, "/books/1", MERGE_PATCH),
            (Method::PATCH, "/books/1", "application/json-patch+json"),
            (Method::PATCH, "/books/1", ""),
        ] {
            let problem = api.send_text(method, path, media_type, r#"{"title": "Two"}"#).await.expect(415);
            assert!(problem["/detail"].as_str().unwrap().contains("application/json"), "{problem}");
        }
        api.send(api.request(Method::POST, "/books").body(r#"{"title": "Two"}"#)).await.expect(415);
        assert_eq!(api.column("/books", "title").await, ["One"]);
    }

    async fn a_body_that_is_no_json_object_is_refused(database: TestDatabase) {
        let api = Api::start(&database).await;
        let post = async |body: &str| api.send_text(Method::POST, "/books", "application/json", body).await;
        for bad in ["", "{", "{\"title\": }", "{\"title\": \"a\"} x", "title=One", "{\"title\": \"a\", \"title\": \"b\"}"] {
            assert_eq!(mistakes(&post(bad).await.expect(400)).len(), 1, "{bad}");
        }
        assert_mistakes(&post(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))).await.expect(400), [("", "too_deep")]);
        for other in ["null", "[]", "\"text\"", "7", "[{\"title\": \"a\"}]"] {
            post(other).await.expect(422);
        }
        let large = json!({"title": "x".repeat(1 << 20)}).to_string();
        let problem = post(&large).await.expect(413);
        assert_eq!(problem["/status"], 413);
        assert_eq!(api.get("/books").await["/meta/total"], 0);
    }

    async fn texts_arrive_as_they_were_sent(database: TestDatabase) {
        let api = Api::start(&database).await;
        for title in ["'; drop table books; --", "\u{202e}rtl", "🦀\u{1}\u{7f}", "  spaces  ", "\"\\/\n", "ﬃ e\u{301} é"] {
            let book = api.create("/books", json!({"title": title})).await;
            assert_eq!(book["/title"], title);
            assert_eq!(api.column(&with_query("/books", &[("title", title)]), "title").await, [title]);
        }
        let problem = api.post("/books", &json!({"title": "a\0b"})).await.expect(422);
        assert_mistakes(&problem, [("/title", "invalid_value")]);
    }

    async fn a_decimal_is_a_string(database: TestDatabase) {
        let api = Api::start(&database).await;
        let problem = api.post("/every-types", &json!({"decimal": 12.5, "text": 1})).await.expect(422);
        assert_mistakes(&problem, [("/decimal", "invalid_value"), ("/text", "invalid_value")]);
        assert!(problem.text().contains("written as a string"), "{problem}");
        let row = api.create("/every-types", json!({"decimal": "12.50"})).await;
        assert_eq!(row["/decimal"], "12.50");
        api.patch("/every-types/1", &json!({"decimal": 0})).await.expect(422);
    }

    async fn numbers_keep_every_digit(database: TestDatabase) {
        let api = Api::start(&database).await;
        let body = r#"{"large": 9223372036854775807, "float": 0.1, "decimal": "1234567890123456789.0123456789"}"#;
        let row = api.send_text(Method::POST, "/every-types", "application/json", body).await.expect(422);
        assert_mistakes(&row, [("/decimal", "invalid_value")]);
        let body = body.replace("6789\"", "\"");
        let row = api.send_text(Method::POST, "/every-types", "application/json", body).await.expect(201);
        assert!(row.text().contains("\"large\":9223372036854775807"), "{row}");
        let expected: [(&str, Value); 2] = [("/float", json!(0.1)), ("/decimal", json!("1234567890123456789.012345"))];
        for (place, value) in expected {
            assert_eq!(row[place], value);
        }
    }
}
