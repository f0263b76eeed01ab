//! Clients that have an answer already.

use couplet_tests::on_each_database;
use serde_json::json;

use super::*;

on_each_database! {
    async fn a_client_that_has_the_answer_costs_one_statement_and_no_bytes(database: TestDatabase) {
        let api = start(&database).await;
        for path in ["/bands", "/bands?include=songs&per_page=1", "/bands/1", "/bands/1/songs", "/labels/1"] {
            let first = api.get(path).await.expect(200);
            let known = get_if_none(&api, path, &format!("\"other\", W/{}", tag(&first))).await.expect(304);
            assert_eq!((known.bytes(), known.statements()), (&b""[..], 1), "{path}");
            assert_eq!((known.header("etag"), known.header("cache-control")), (first.header("etag"), Some("private, no-cache")));
            assert_eq!((known.header("content-type"), known.header("vary")), (None, Some("accept-encoding")));
            get_if_none(&api, path, "*").await.expect(304);
            let other = get_if_none(&api, path, "\"other\"").await.expect(200);
            assert_eq!((other.text(), other.statements()), (first.text(), 1));
            api.send(api.request(Method::HEAD, path).header("if-none-match", tag(&first))).await.expect(304);
            api.patch("/bands/1", &json!({"name": format!("Abba {path}")})).await.expect(200);
            api.patch("/labels/1", &json!({"name": path})).await.expect(200);
            get_if_none(&api, path, &tag(&first)).await.expect(200);
        }
        get_if_none(&api, "/bands/9", "*").await.expect(404);
    }

    async fn a_tag_is_as_good_when_the_answer_is_not_kept_any_more(database: TestDatabase) {
        let api = start(&database).await;
        let first = api.get("/bands").await.expect(200);
        // Another app has read nothing yet.
        let other = Api::of(app(config(&database))).await;
        let known = get_if_none(&other, "/bands", &tag(&first)).await.expect(304);
        assert_eq!(known.statements(), 1);
    }

    async fn a_row_with_a_version_keeps_the_tag_that_changes_are_meant_for(database: TestDatabase) {
        let api = start(&database).await;
        let row = warm(&api, "/songs/1").await;
        assert_eq!(tag(&row), "\"1\"");
        assert_eq!(get_if_none(&api, "/songs/1", "\"1\"").await.expect(304).statements(), 1);
        let more = warm(&api, "/songs/1?include=band").await;
        assert!(tag(&more).starts_with("\"1-"), "{more}");
        get_if_none(&api, "/songs/1?include=band", &tag(&more)).await.expect(304);
        // What is shown beside it changes without the version.
        api.patch("/bands/1", &json!({"name": "Bjorn Again"})).await.expect(200);
        get_if_none(&api, "/songs/1?include=band", &tag(&more)).await.expect(200);
        let request = api.request(Method::PATCH, "/songs/1").header("if-match", tag(&row));
        let patched = api.send(request.json(&json!({"title": "Money"}))).await.expect(200);
        assert_eq!(tag(&patched), "\"2\"");
        assert_eq!(tag(&api.get("/songs/1").await), "\"2\"");
        get_if_none(&api, "/songs/1", "\"1\"").await.expect(200);
        let with_ignored = api.get("/songs/1?utm_source=x").await.expect(200);
        assert!(tag(&with_ignored).starts_with("\"2-"), "{with_ignored}");
        assert_eq!(tag(&api.get("/songs/1").await), "\"2\"");
    }

    async fn the_specification_says_which_answers_have_a_tag(database: TestDatabase) {
        let api = start(&database).await;
        let document = api.get("/openapi.json").await.expect(200);
        let operation = |path: &str, method: &str| document[format!("/paths/{}/{method}", path.replace('/', "~1")).as_str()].clone();
        for (path, header) in [("/bands", "AnswerTag"), ("/bands/{id}", "AnswerTag"), ("/bands/{id}/songs", "AnswerTag"), ("/songs/{id}", "ETag")] {
            let operation = operation(path, "get");
            let names: Vec<_> = operation["parameters"].as_array().unwrap().iter().map(|it| it["name"].clone()).collect();
            assert_eq!(names.iter().filter(|name| *name == "If-None-Match").count(), 1, "{path}");
            for status in ["200", "304"] {
                let headers = &operation["responses"][status]["headers"];
                assert_eq!(headers["ETag"]["$ref"], format!("#/components/headers/{header}"), "{path}");
                assert_eq!(headers["Cache-Control"]["$ref"], "#/components/headers/Cache-Control", "{path}");
            }
        }
        let search = operation("/bands/search", "post");
        assert_eq!((search["parameters"].as_array(), search["responses"].get("304")), (None, None));
        assert_eq!(search["responses"]["200"]["headers"].get("ETag"), None);
    }
}
