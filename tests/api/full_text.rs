//! `q` of a model with a full-text index: words, and the best match first.

use couplet::prelude::*;
use couplet_tests::on_each_database;
use serde_json::json;

use super::models::*;
use super::support::*;

async fn essays(api: &Api, essays: &[(&str, Option<&str>)]) {
    let new = essays.iter().map(|(title, text)| NewEssay { text: text.map(str::to_owned), ..NewEssay::new(*title) });
    Essay::create_many(new, api.database()).await.unwrap();
}

async fn ids(api: &Api, parameters: &[(&str, &str)]) -> Vec<String> {
    api.column(&with_query("/essays", parameters), "id").await
}

on_each_database! {
    async fn the_best_match_comes_first_unless_an_order_is_asked_for(database: TestDatabase) {
        let api = Api::start(&database).await;
        essays(&api, &[
            ("A journey", Some("of many days through the desert, and of what was seen there in the end")),
            ("Deserts", None),
            ("The sea", None),
            ("Desert planets", Some("Desert, desert, and desert")),
        ])
        .await;
        assert_eq!(ids(&api, &[("q", "desert")]).await, ["4", "2", "1"]);
        assert_eq!(ids(&api, &[("q", "desert"), ("sort", "id")]).await, ["1", "2", "4"]);
        assert_eq!(ids(&api, &[("q", "desert"), ("sort", "-title")]).await, ["2", "4", "1"]);
        assert_eq!(ids(&api, &[("q", "plan DESERT")]).await, ["4"], "all words, each by its beginning");
        assert_eq!(ids(&api, &[("q", "desert nowhere")]).await, [""; 0]);
        assert_eq!(ids(&api, &[("q", "")]).await.len(), 4, "an empty search changes nothing");
        assert_eq!(ids(&api, &[("q", "?!")]).await, [""; 0], "a text without a word finds nothing");
    }

    async fn a_search_goes_with_filters_pages_and_counts(database: TestDatabase) {
        let api = Api::start(&database).await;
        let titles: Vec<String> = (1..=7).map(|number| format!("Desert {number}")).collect();
        essays(&api, &titles.iter().map(|title| (title.as_str(), None)).collect::<Vec<_>>()).await;
        essays(&api, &[("Sea 1", None)]).await;
        let first = api.get("/essays?q=desert&per_page=3").await.expect(200);
        assert_eq!((column(&first, "id"), &first["/meta/total"]), (vec!["1".into(), "2".into(), "3".into()], &json!(7)));
        assert_eq!(first.statements(), 2, "the page and the count");
        let last = api.get("/essays?q=desert&per_page=3&page=3").await.expect(200);
        assert_eq!((column(&last, "id"), last.statements()), (vec!["7".to_owned()], 1), "equal ones are in the order of the key");
        assert_eq!(ids(&api, &[("q", "desert"), ("title__in", "Desert 2"), ("title__in", "Sea 1")]).await, ["2"]);
        assert_eq!(ids(&api, &[("q", "1"), ("title__icontains", "sea")]).await, ["8"]);
        let estimated = api.get("/essays?q=desert&per_page=3&count=estimated").await.expect(200);
        assert!(estimated["/meta/total"].as_u64().unwrap() >= 4, "{estimated}");
    }

    async fn the_index_follows_what_is_written(database: TestDatabase) {
        let api = Api::start(&database).await;
        let author = Author::create(NewAuthor::new("Ann"), api.database()).await.unwrap();
        api.create("/essays", json!({"title": "Sand", "text": "in the wind", "author_id": author.id})).await;
        api.create("/essays", json!({"title": "Wind"})).await;
        assert_eq!(ids(&api, &[("q", "wind")]).await, ["2", "1"]);
        api.patch("/essays/2", &json!({"title": "Rain"})).await.expect(200);
        api.patch("/essays/1", &json!({"text": null})).await.expect(200);
        assert_eq!(ids(&api, &[("q", "wind")]).await, [""; 0]);
        assert_eq!(ids(&api, &[("q", "rain")]).await, ["2"]);
        api.put("/essays/2", &json!({"title": "Rainbow", "text": "sand"})).await.expect(200);
        assert_eq!(ids(&api, &[("q", "sand")]).await, ["1", "2"]);
        api.delete("/essays/2").await.expect(204);
        assert_eq!(ids(&api, &[("q", "rain")]).await, [""; 0]);
        api.delete(&format!("/authors/{}", author.id)).await.expect(204);
        assert_eq!(ids(&api, &[("q", "sand")]).await, [""; 0], "rows that go with another leave the index too");
    }

    async fn nothing_that_a_client_writes_is_syntax(database: TestDatabase) {
        let api = Api::start(&database).await;
        essays(&api, &[("near or not", None), ("title: c++ 'q'", None)]).await;
        for (text, expected) in [
            ("near OR nothing", &[][..]),
            ("near NOT or", &["1"]),
            ("NEAR(or not)", &["1"]),
            ("\"not near\"", &["1"]),
            ("title:c", &["2"]),
            ("c++", &["2"]),
            ("'q'", &["2"]),
            ("c & !q", &["2"]),
            ("\\ \" ' * ^ ( ) : & | ! <-> { }", &[]),
        ] {
            assert_eq!(ids(&api, &[("q", text)]).await, expected, "{text}");
        }
        assert_mistakes(&api.get("/essays?q=a%00b").await.expect(400), [("q", "invalid_value")]);
        assert_mistakes(&api.get(&format!("/essays?q={}", "x".repeat(201))).await.expect(400), [("q", "invalid_value")]);
    }

    async fn rust_code_searches_as_clients_do(database: TestDatabase) {
        let db = connect(&database).await;
        let new = ["Desert planet", "Planets of deserts", "Desert"].map(NewEssay::new);
        Essay::create_many(new, &db).await.unwrap();
        let found = Essay::query().search("desert planet").fetch(&db).await.unwrap();
        assert_eq!(found.items.iter().map(|essay| essay.id).collect::<Vec<_>>(), [1, 2]);
        let sorted = Essay::query().search("desert").sort(Essay::TITLE.desc()).fetch(&db).await.unwrap();
        assert_eq!(sorted.items.iter().map(|essay| essay.id).collect::<Vec<_>>(), [2, 1, 3]);
        assert_eq!(Essay::query().search("").fetch(&db).await.unwrap().items.len(), 3);
        let narrowed = Essay::query().filter(Essay::ID.gt(1)).search("desert").first(&db).await.unwrap();
        assert_eq!(narrowed.map(|essay| essay.id), Some(3));
        Book::create(NewBook::new("The desert"), &db).await.unwrap();
        let literally = Book::query().search("e des").fetch(&db).await.unwrap();
        assert_eq!(literally.items.len(), 1, "a model without an index is searched for the text");
    }
}
