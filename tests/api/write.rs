//! Creating, changing, replacing and deleting rows.

use couplet::prelude::*;
use couplet_tests::on_each_database;
use reqwest::Method;
use serde_json::json;

use super::models::*;
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
        let before = Utc::now();
        let author = api.create("/authors", json!({"name": "Ann"})).await;
        assert_eq!((&author["/status"], &author["/email"]), (&json!("active"), &json!(null)));
        let created: DateTime<Utc> =
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

    async fn what_clients_may_not_set_outlives_a_put(database: TestDatabase) {
        let api = Api::start(&database).await;
        api.create("/editions", json!({"countryCode": "de", "printNumber": 1, "label": "first", "isListed": false})).await;
        let sold = EditionPatch { copies_sold: 7.into(), ..Default::default() };
        Edition::update(("de".to_owned(), 1), sold, api.database()).await.unwrap();
        let replaced = api.put("/editions/de/1", &json!({"label": "second"})).await.expect(200);
        assert_eq!((&replaced["/copiesSold"], &replaced["/isListed"]), (&json!(7), &json!(true)));

        api.create("/authors", json!({"name": "Ann", "password": "very secret"})).await;
        let note = AuthorPatch { note: Patch::Set(Some("hidden".to_owned())), ..Default::default() };
        Author::update(1, note, api.database()).await.unwrap();
        api.put("/authors/1", &json!({"name": "Anna"})).await.expect(200);
        let author = Author::find(1, api.database()).await.unwrap();
        assert_eq!((author.note.as_deref(), author.password.as_deref()), (Some("hidden"), Some("very secret")));
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
}
