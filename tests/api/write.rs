//! Creating, changing, replacing and deleting rows.

use couplet_tests::on_each_database;
use reqwest::Method;
use serde_json::{Value, json};

use super::support::*;

const MERGE_PATCH: &str = "application/merge-patch+json";

on_each_database! {
    async fn a_created_row_is_answered_with_its_place(database: TestDatabase) {
        let api = Api::start(&database).await;
        let body = json!({"name": "Ursula", "email": "u@example.org", "status": "on_leave", "password": "very secret"});
        let created = api.create("/authors", body).await;
        assert_eq!(created.header("location"), Some("/authors/1"));
        let expected = json!({
            "id": 1, "name": "Ursula", "email": "u@example.org", "status": "on_leave", "initial": "U",
            "created_at": created["/created_at"], "updated_at": created["/updated_at"],
        });
        assert_eq!(created.json(), &expected, "neither what is hidden nor what is only written");
        assert_eq!(api.get(created.header("location").unwrap()).await.expect(200).json(), &expected);
    }

    async fn defaults_and_times_are_set(database: TestDatabase) {
        let api = Api::start(&database).await;
        let before = couplet::prelude::Utc::now();
        let author = api.create("/authors", json!({"name": "Ann"})).await;
        assert_eq!((&author["/status"], &author["/email"]), (&json!("active"), &json!(null)));
        let created: couplet::prelude::DateTime<couplet::prelude::Utc> =
            author["/created_at"].as_str().unwrap().parse().unwrap();
        assert!((created - before).num_seconds().abs() < 60, "{author}");
        assert_eq!(author["/created_at"], author["/updated_at"]);
        let patched = api.patch("/authors/1", &json!({"name": "Anna"})).await.expect(200);
        assert_eq!(patched["/created_at"], author["/created_at"]);
        assert!(patched["/updated_at"].as_str() > author["/updated_at"].as_str(), "{patched}");
        let replaced = api.put("/authors/1", &json!({"name": "Anne"})).await.expect(200);
        assert_eq!(replaced["/created_at"], author["/created_at"]);
        assert!(replaced["/updated_at"].as_str() > patched["/updated_at"].as_str(), "{replaced}");

        let every = api.create("/every-types", json!({})).await;
        assert_eq!((&every["/aBool"], &every["/float"], &every["/text"]), (&json!(true), &json!(1.5), &json!("text")));
        assert_eq!(every["/bytes"], "AQL/");
        let null = json!({"bytes": null, "aBool": null});
        assert_mistakes(&api.post("/every-types", &null).await.expect(422), [("/bytes", "not_null"), ("/aBool", "not_null")]);
    }

    async fn a_patch_leaves_what_is_absent_and_null_is_null(database: TestDatabase) {
        let api = Api::start(&database).await;
        api.create("/books", json!({"title": "One", "year": 1, "rating": 2.5})).await;
        for media_type in [MERGE_PATCH, "application/json", "application/JSON; charset=utf-8"] {
            api.patch("/books/1", &json!({"year": 1, "title": "One"})).await.expect(200);
            let patched = api.send_text(Method::PATCH, "/books/1", media_type, r#"{"year": null}"#).await.expect(200);
            let expected = json!({"id": 1, "title": "One", "year": null, "rating": 2.5, "series_id": null});
            assert_eq!(patched.json(), &expected, "{media_type}");
            let patched = api.send_text(Method::PATCH, "/books/1", media_type, r#"{"title": "Two"}"#).await.expect(200);
            assert_eq!((&patched["/title"], &patched["/rating"]), (&json!("Two"), &json!(2.5)));
        }
        let unchanged = api.patch("/books/1", &json!({})).await.expect(200);
        assert_eq!(unchanged.json(), api.get("/books/1").await.json());
        assert_mistakes(&api.patch("/books/1", &json!({"title": null})).await.expect(422), [("/title", "not_null")]);
    }

    async fn a_json_value_is_replaced_as_a_whole(database: TestDatabase) {
        let api = Api::start(&database).await;
        api.create("/every-types", json!({"json": {"a": 1, "b": {"c": 2}}})).await;
        let patched = api.patch("/every-types/1", &json!({"json": {"b": null}})).await.expect(200);
        assert_eq!(patched["/json"], json!({"b": null}), "a column is one value; a merge patch does not reach into it");
        assert_eq!(api.patch("/every-types/1", &json!({"json": null})).await["/json"], json!(null));
        assert_eq!(api.column("/every-types?json__isnull=true", "id").await, ["1"], "null is NULL");
    }

    async fn a_put_replaces_the_row_and_never_creates_one(database: TestDatabase) {
        let api = Api::start(&database).await;
        api.create("/authors", json!({"name": "Ann"})).await;
        api.create("/books", json!({"title": "One", "year": 1, "rating": 2.5, "author_ids": [1]})).await;
        let replaced = api.put("/books/1", &json!({"title": "Two"})).await.expect(200);
        assert_eq!(replaced.json(), &json!({"id": 1, "title": "Two", "year": null, "rating": 0.0, "series_id": null}));
        assert_mistakes(&api.put("/books/1", &json!({"year": 1})).await.expect(422), [("/title", "required")]);
        api.put("/books/2", &json!({"title": "Two"})).await.expect(404);
        api.put("/tags/new", &json!({"color": "red"})).await.expect(404);
        assert_eq!(api.get("/books").await["/meta/total"], 1);
        assert_eq!(api.get("/tags").await["/meta/total"], 0);
    }

    async fn a_deleted_row_is_gone(database: TestDatabase) {
        let api = Api::start(&database).await;
        api.create("/books", json!({"title": "One"})).await;
        let deleted = api.delete("/books/1").await.expect(204);
        assert_eq!((deleted.bytes(), deleted.header("content-type")), (&b""[..], None));
        api.get("/books/1").await.expect(404);
        api.delete("/books/1").await.expect(404);
        api.patch("/books/1", &json!({"title": "x"})).await.expect(404);
        assert_eq!(api.create("/books", json!({"title": "Two"})).await.header("location"), Some("/books/2"));
    }

    async fn a_set_of_keys_replaces_the_links(database: TestDatabase) {
        let api = Api::start(&database).await;
        for name in ["a", "b/c", "d"] {
            api.create("/tags", json!({"name": name})).await;
        }
        api.create("/authors", json!({"name": "Ann"})).await;
        let body = json!({"title": "One", "tag_ids": ["a", "b/c", "a"], "author_ids": [1]});
        assert_eq!(api.create("/books", body).await.json().get("tag_ids"), None);
        let names = |path: &'static str| {
            let api = &api;
            async move {
                let book = api.get("/books/1?include=tags,authors").await.expect(200);
                let related = book[path].as_array().unwrap();
                related.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
            }
        };
        assert_eq!(names("/tags").await, ["a", "b/c"]);
        api.patch("/books/1", &json!({"tag_ids": ["d", "a"]})).await.expect(200);
        assert_eq!(names("/tags").await, ["a", "d"]);
        api.patch("/books/1", &json!({"title": "1"})).await.expect(200);
        assert_eq!((names("/tags").await.len(), names("/authors").await), (2, vec!["Ann".to_owned()]));
        api.put("/books/1", &json!({"title": "1", "tag_ids": ["b/c"]})).await.expect(200);
        assert_eq!(names("/tags").await, ["b/c"]);
        api.patch("/books/1", &json!({"tag_ids": []})).await.expect(200);
        assert_eq!((names("/tags").await, names("/authors").await), (vec![], vec!["Ann".to_owned()]));

        for (bad, place, code) in [
            (json!(null), "/tag_ids", "invalid_value"),
            (json!("a"), "/tag_ids", "invalid_value"),
            (json!(["a", 7]), "/tag_ids/1", "invalid_value"),
        ] {
            assert_mistakes(&api.patch("/books/1", &json!({"tag_ids": bad})).await.expect(422), [(place, code)]);
        }
        let problem = api.patch("/books/1", &json!({"title": "kept?", "tag_ids": ["a", "none"]})).await.expect(409);
        assert_mistakes(&problem, [("/tag_ids", "foreign_key")]);
        assert_eq!(api.get("/books/1").await["/title"], "1", "the whole change was taken back");
        assert_eq!(names("/tags").await, [""; 0]);
        let problem = api.post("/books", &json!({"title": "no", "author_ids": [9]})).await.expect(409);
        assert_mistakes(&problem, [("/author_ids", "foreign_key")]);
        assert_eq!(api.get("/books").await["/meta/total"], 1);
    }

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

    async fn keys_with_odd_characters_are_one_path_segment_each(database: TestDatabase) {
        let api = Api::start(&database).await;
        for (number, code) in
            ["a/b", "50%", "?q=1&x", "#", "ü 漢🦀", "..", "a+b", "%2F", "\"';--", "bulk", "search"].into_iter().enumerate()
        {
            let body = json!({"countryCode": code, "printNumber": -7, "label": format!("label {number}")});
            let created = api.create("/editions", body).await;
            let location = created.header("location").unwrap().to_owned();
            assert_eq!(location.matches('/').count(), 3, "{location}");
            assert!(location.is_ascii());
            if code != ".." {
                assert_eq!(api.get(&location).await.expect(200).json(), created.json(), "{code}");
                let patched = api.patch(&location, &json!({"isListed": false})).await.expect(200);
                assert_eq!((&patched["/countryCode"], &patched["/isListed"]), (&json!(code), &json!(false)));
                api.delete(&location).await.expect(204);
                api.get(&location).await.expect(404);
            }
        }
        api.create("/tags", json!({"name": "sf/fantasy"})).await;
        assert_eq!(api.get("/tags/sf%2Ffantasy").await.expect(200)["/name"], "sf/fantasy");
        api.get("/tags/sf/fantasy").await.expect(404);
    }

    async fn a_key_that_is_none_is_an_error_of_its_parameter(database: TestDatabase) {
        let api = Api::start(&database).await;
        for path in ["/books/seven", "/books/1.0", "/books/9223372036854775808", "/books/%00", "/books/-"] {
            assert_mistakes(&api.get(path).await.expect(400), [("id", "invalid_value")]);
        }
        assert_mistakes(&api.delete("/profiles/7").await.expect(400), [("id", "invalid_value")]);
        assert_mistakes(&api.get("/editions/de/one").await.expect(400), [("printNumber", "invalid_value")]);
        api.get("/books/9223372036854775807").await.expect(404);
        api.get("/profiles/018f4c2e-7b1a-7c3d-9e4f-5a6b7c8d9e0f").await.expect(404);
    }

    async fn a_uuid_key_is_made_by_the_framework_and_a_text_key_by_the_client(database: TestDatabase) {
        let api = Api::start(&database).await;
        api.create("/authors", json!({"name": "Ann"})).await;
        let profile = api.create("/profiles", json!({"author_id": 1, "text": "x"})).await;
        let location = format!("/profiles/{}", profile["/id"].as_str().unwrap());
        assert_eq!(profile.header("location"), Some(location.as_str()));
        assert_eq!(api.get(&location).await.expect(200).json(), profile.json());
        assert_mistakes(&api.post("/tags", &json!({})).await.expect(422), [("/name", "required")]);
        assert_mistakes(&api.patch("/tags/x", &json!({"name": "y"})).await.expect(422), [("/name", "read_only")]);
    }

    async fn what_is_there_already_or_still_needed_is_a_conflict(database: TestDatabase) {
        let api = Api::start(&database).await;
        api.create("/authors", json!({"name": "Ann", "email": "a@example.org"})).await;
        api.create("/authors", json!({"name": "Bob"})).await;
        for problem in [
            api.post("/authors", &json!({"name": "Eve", "email": "a@example.org"})).await,
            api.patch("/authors/2", &json!({"email": "a@example.org"})).await,
            api.put("/authors/2", &json!({"name": "Bob", "email": "a@example.org"})).await,
        ] {
            assert_mistakes(&problem.expect(409), [("/email", "unique")]);
        }
        api.create("/tags", json!({"name": "a"})).await;
        assert_mistakes(&api.post("/tags", &json!({"name": "a"})).await.expect(409), [("/name", "unique")]);

        assert_eq!(api.post("/reviews", &json!({"book_id": 9, "rating": 1})).await.expect(409)["/errors/0/code"], "foreign_key");
        api.create("/books", json!({"title": "One", "author_ids": [1]})).await;
        let review = api.create("/reviews", json!({"book_id": 1, "rating": 1})).await;
        let review = review.header("location").unwrap();
        assert_eq!(api.delete("/books/1").await.expect(409)["/errors/0/code"], "foreign_key");
        assert_eq!(api.patch(review, &json!({"book_id": 9})).await.expect(409)["/errors/0/code"], "foreign_key");
        api.delete("/authors/1").await.expect(204);
        assert_eq!(api.get("/book-authors").await["/items"], json!([]), "the link went with its author");
    }

    async fn deletes_do_to_related_rows_what_the_relation_says(database: TestDatabase) {
        let api = Api::start(&database).await;
        api.create("/series", json!({"name": "World"})).await;
        api.create("/books", json!({"title": "One", "series_id": 1})).await;
        api.delete("/series/1").await.expect(204);
        assert_eq!(api.get("/books/1").await["/series_id"], json!(null));
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

    async fn writes_take_no_parameters(database: TestDatabase) {
        let api = Api::start(&database).await;
        let body = json!({"title": "One"});
        assert_mistakes(&api.post("/books?include=series", &body).await.expect(400), [("include", "unknown_parameter")]);
        api.create("/books?utm_source=x", body.clone()).await;
        api.patch("/books/1?dry_run=true", &body).await.expect(400);
        api.put("/books/1?x", &body).await.expect(400);
        api.delete("/books/1?force=true").await.expect(400);
        assert_eq!(api.get("/books").await["/meta/total"], 1);
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
