//! What is found, and what is not looked for.

use couplet_tests::on_each_database;
use serde_json::json;

use super::*;
use crate::support::{assert_mistakes, execute};

on_each_database! {
    async fn a_second_request_takes_one_statement_whatever_the_first_took(database: TestDatabase) {
        let api = start(&database).await;
        for (path, statements) in [
            ("/bands", 1),
            ("/bands?per_page=1", 2),
            ("/bands?include=songs,labels&include_count=songs", 4),
            ("/bands?songs.title__icontains=abba&sort=-name&fields=name", 1),
            ("/bands?cursor=&per_page=1", 1),
            ("/bands/1", 1),
            ("/bands/1?include=songs", 2),
            ("/songs/1", 1),
            ("/bands/1/songs?include=band", 2),
            ("/bands/1/labels", 1),
            ("/labels", 1),
        ] {
            let first = api.get(path).await.expect(200);
            assert_eq!(first.statements(), 1 + statements, "{path}");
            let second = api.get(path).await.expect(200);
            assert_eq!(second.statements(), 1, "{path}");
            for header in ["etag", "link", "content-type", "cache-control", "x-truncated"] {
                assert_eq!(first.header(header), second.header(header), "{header} of {path}");
            }
            assert_eq!((first.text(), second.header("cache-control")), (second.text(), Some("private, no-cache")));
            assert!(second.header("etag").is_some(), "{path}");
        }
        assert_eq!(api.metric("answer_cache_hits_total{endpoint=\"/bands\"}").await, 5.0);
        assert_eq!(api.metric("answer_cache_misses_total{endpoint=\"/bands\"}").await, 5.0);
        assert_eq!(api.metric("answer_cache_hits_total{endpoint=\"/bands/{id}/songs\"}").await, 1.0);
    }

    async fn reordered_parameters_find_the_same_answer_with_links_of_their_own(database: TestDatabase) {
        let api = start(&database).await;
        let one = warm(&api, "/bands?name__icontains=b&per_page=1&sort=-name&include=songs").await;
        let other = api.get("/bands?include=songs&sort=-name&name__icontains=b&per_page=1").await.expect(200);
        assert_eq!((one.text(), tag(&one), other.statements()), (other.text(), tag(&other), 1));
        assert!(other.header("link").unwrap().contains("</bands?page=2&include=songs&sort=-name&name__icontains=b&per_page=1>; rel=\"next\""), "{other}");
        // The second page is another answer.
        assert_ne!(tag(&api.get("/bands?name__icontains=b&per_page=1&sort=-name&include=songs&page=2").await), tag(&one));
    }

    async fn a_search_by_body_is_kept_under_no_tag(database: TestDatabase) {
        let api = start(&database).await;
        let body = json!({"filter": {"name": "Abba"}, "include": ["songs"]});
        let first = api.post("/bands/search", &body).await.expect(200);
        let second = api.post("/bands/search", &body).await.expect(200);
        assert_eq!((first.statements(), second.statements(), first.text()), (3, 1, second.text()));
        assert_eq!((second.header("etag"), second.header("cache-control")), (None, None));
        api.create("/songs", song(1, "Waterloo")).await;
        let third = api.post("/bands/search", &body).await.expect(200);
        assert_eq!(third["/items/0/songs/1/title"], "Waterloo");
        api.post("/bands/search", &json!({"cursor": "x"})).await.expect(422);
        api.post("/bands/search", &json!({"fliter": {}})).await.expect(422);
    }

    async fn what_somebody_typed_is_not_kept(database: TestDatabase) {
        let api = start(&database).await;
        for _ in 0..2 {
            let found = api.get("/songs?q=abba").await.expect(200);
            assert_eq!((found.statements(), found.header("etag")), (1, None));
        }
        assert_eq!(api.metric("answer_cache_misses_total{endpoint=\"/songs\"}").await, 0.0);
    }

    async fn what_is_wrong_stays_wrong(database: TestDatabase) {
        let api = start(&database).await;
        for _ in 0..2 {
            let refused = api.get("/bands?nmae=x").await.expect(400);
            assert_eq!((refused.statements(), refused.header("etag")), (0, None));
            api.get("/bands?cursor=AAAA").await.expect(400);
            let missing = api.get("/bands/9").await.expect(404);
            assert_eq!((missing.statements(), missing.header("etag")), (2, None));
            api.get("/bands/9/songs").await.expect(404);
            api.get("/labels/2").await.expect(404);
        }
        api.create("/bands", json!({"name": "Cure"})).await;
        execute(&database, "INSERT INTO bands (id, name) VALUES (9, 'Doves')").await;
        assert_eq!(api.get("/bands/9").await.expect(200)["/name"], "Doves");
        assert_eq!(api.get("/bands/9/songs").await.expect(200)["/items"], json!([]));
        assert_mistakes(&get_if_none(&api, "/bands", "x").await.expect(400), [("If-None-Match", "malformed")]);
    }

    async fn tokens_may_be_as_old_as_the_resource_says(database: TestDatabase) {
        let api = start(&database).await;
        api.create("/posters", json!({"text": "a"})).await;
        let first = api.get("/posters").await.expect(200);
        assert_eq!(first.statements(), 2);
        let second = api.get("/posters").await.expect(200);
        assert_eq!((second.statements(), second.text()), (0, first.text()));
        // For an hour this process may rely on what it knows. Another one knows nothing yet.
        api.create("/posters", json!({"text": "b"})).await;
        assert_eq!(api.get("/posters").await.expect(200).text(), first.text());
        let other = Api::of(app(config(&database))).await;
        assert_eq!(other.get("/posters").await.expect(200)["/meta/total"], 2);
    }
}
