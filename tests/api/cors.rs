//! Pages of other origins may call where the settings name them.

use couplet_tests::{Answer, on_each_database};
use reqwest::Method;

use super::support::*;

const ORIGIN: &str = "https://app.example.com";

async fn preflight(api: &Api, path: &str, origin: &str) -> Answer {
    let request = api.request(Method::OPTIONS, path).header("origin", origin);
    let request = request.header("access-control-request-method", "PATCH");
    api.send(request.header("access-control-request-headers", "content-type,x-request-id")).await
}

on_each_database! {
    async fn a_listed_origin_may_ask_first_and_then_read_answers_and_problems(database: TestDatabase) {
        let mut config = config(&database);
        config.server.cors_origins = vec![ORIGIN.to_owned()];
        let api = Api::of(catalogue(config)).await;
        for path in ["/books", "/books/1", "/nowhere"] {
            let allowed = preflight(&api, path, ORIGIN).await.expect(204);
            assert_eq!(allowed.header("access-control-allow-origin"), Some(ORIGIN));
            assert_eq!(allowed.header("access-control-allow-headers"), Some("content-type,x-request-id"));
            assert!(allowed.header("access-control-allow-methods").unwrap().contains("PATCH"));
            let refused = preflight(&api, path, "https://evil.example").await;
            assert_eq!(refused.header("access-control-allow-origin"), None, "{refused}");
        }
        for (path, status) in [("/books", 200), ("/books/7", 404), ("/tags?x=1", 400), ("/nowhere", 404)] {
            let answer = api.send(api.request(Method::GET, path).header("origin", ORIGIN)).await.expect(status);
            assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN), "{path}");
            assert!(answer.header("vary").unwrap().contains("origin"), "{path}");
            let exposed = answer.header("access-control-expose-headers").unwrap();
            assert!(exposed.contains("Link") && exposed.contains("X-Request-Id"), "{path}");
        }
        let same_origin = api.send(api.request(Method::POST, "/books").header("origin", api.base())).await.expect(415);
        assert_eq!(same_origin.header("access-control-allow-origin"), None);
    }

    async fn without_settings_no_origin_is_named(database: TestDatabase) {
        let api = Api::start(&database).await;
        assert_eq!(preflight(&api, "/books", ORIGIN).await.expect(204).header("access-control-allow-origin"), None);
        let answer = api.send(api.request(Method::GET, "/books").header("origin", ORIGIN)).await.expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
}
