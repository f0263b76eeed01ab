//! Primary keys in paths: of text, of several columns, made by the framework or the client.

use couplet_tests::on_each_database;
use serde_json::json;

use super::support::*;

on_each_database! {
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
}
