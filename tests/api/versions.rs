//! Changes that are meant for one version of a row.

use couplet::prelude::*;
use couplet_tests::on_each_database;
use couplet_tests::{Answer, TestDatabase};
use reqwest::Method;
use serde_json::{Value, json};

use super::bulk::*;
use super::support::*;

async fn with(api: &Api, method: Method, path: &str, header: (&str, &str), body: Option<Value>) -> Answer {
    let request = api.request(method, path).header(header.0, header.1);
    api.send(match body {
        Some(body) => request.json(&body),
        None => request,
    })
    .await
}

async fn patch_if(api: &Api, path: &str, tags: &str, body: Value) -> Answer {
    with(api, Method::PATCH, path, ("if-match", tags), Some(body)).await
}

async fn get_if_none(api: &Api, path: &str, tags: &str) -> Answer {
    with(api, Method::GET, path, ("if-none-match", tags), None).await
}

async fn start_with_album(database: &TestDatabase) -> Api {
    let api = start(database).await;
    api.create("/genres", json!({"name": "a"})).await;
    let created = api.create("/albums", json!({"title": "One"})).await;
    assert_eq!((created.header("etag"), &created["/version"]), (Some("\"1\""), &json!(1)));
    api
}

on_each_database! {
    async fn each_change_counts_and_none_can_be_set(database: TestDatabase) {
        let api = start_with_album(&database).await;
        for (version, body) in [(2, json!({"title": "Two"})), (3, json!({"genre_ids": ["a"]})), (3, json!({})), (4, json!({"title": "Two"}))] {
            let patched = api.patch("/albums/1", &body).await.expect(200);
            assert_eq!((patched["/version"].as_i64(), patched.statements()), (Some(version), if body.get("genre_ids").is_some() { 3 } else { 1 }), "{body}");
            assert_eq!(patched.header("etag"), Some(format!("\"{version}\"").as_str()));
        }
        assert_eq!(api.put("/albums/1", &json!({"title": "Three"})).await.expect(200).header("etag"), Some("\"5\""));
        assert_eq!(api.get("/albums/1").await.header("etag"), Some("\"5\""));
        assert_eq!(api.get("/albums").await.header("etag"), None);
        assert_eq!(api.get("/genres/a").await.header("etag"), None, "there is no version");
        assert_mistakes(&api.patch("/albums/1", &json!({"version": 7})).await.expect(422), [("/version", "read_only")]);
        assert_mistakes(&api.post("/albums", &json!({"title": "x", "version": 7})).await.expect(422), [("/version", "read_only")]);
    }

    async fn a_change_is_made_only_of_the_version_that_it_is_meant_for(database: TestDatabase) {
        let api = start_with_album(&database).await;
        for (tags, title) in [("\"1\"", "2"), ("\"9\", \"2\"", "3"), ("*", "4"), ("\"4-00ff\"", "5")] {
            let patched = patch_if(&api, "/albums/1", tags, json!({"title": title})).await.expect(200);
            assert_eq!((patched["/version"].to_string().as_str(), patched.statements()), (title, 1), "{tags}");
        }
        for tags in ["\"4\"", "\"1\", \"2\"", "W/\"5\"", "\"x\"", "\"\""] {
            let stale = patch_if(&api, "/albums/1", tags, json!({"title": "no"})).await.expect(412);
            assert_mistakes(&stale, [("", "stale")]);
            assert_eq!(stale.statements(), 2, "{tags}: what it is is asked afterwards only");
        }
        let stale = patch_if(&api, "/albums/1", "\"4\"", json!({"title": "no"})).await;
        assert_eq!(stale["/detail"], "the row has version 5 now, not 4");
        patch_if(&api, "/albums/1", "\"4\"", json!({})).await.expect(412);
        patch_if(&api, "/albums/9", "\"4\"", json!({})).await.expect(404);
        patch_if(&api, "/albums/9", "*", json!({})).await.expect(404);
        for malformed in ["5", "\"5", "\"5\" \"6\"", ",", "\"5\", *"] {
            assert_mistakes(&patch_if(&api, "/albums/1", malformed, json!({})).await.expect(400), [("If-Match", "malformed")]);
        }
        with(&api, Method::PUT, "/albums/1", ("if-match", "\"4\""), Some(json!({"title": "no"}))).await.expect(412);
        assert_eq!(with(&api, Method::PUT, "/albums/1", ("if-match", "\"5\""), Some(json!({"title": "6"}))).await.expect(200)["/version"], 6);
        with(&api, Method::DELETE, "/albums/1", ("if-match", "\"5\""), None).await.expect(412);
        with(&api, Method::DELETE, "/albums/1", ("if-match", "\"6\""), None).await.expect(204);
        with(&api, Method::DELETE, "/albums/1", ("if-match", "\"6\""), None).await.expect(404);
    }

    async fn without_a_version_only_a_star_matches(database: TestDatabase) {
        let api = start_with_album(&database).await;
        assert_mistakes(&patch_if(&api, "/genres/a", "\"1\"", json!({"color": "red"})).await.expect(412), [("", "stale")]);
        patch_if(&api, "/genres/none", "\"1\"", json!({"color": "red"})).await.expect(404);
        patch_if(&api, "/genres/a", "*", json!({"color": "red"})).await.expect(200);
        with(&api, Method::DELETE, "/genres/a", ("if-match", "\"1\""), None).await.expect(412);
    }

    async fn of_two_changes_of_one_version_at_a_time_one_is_made(database: TestDatabase) {
        let api = start_with_album(&database).await;
        for version in 1..=5 {
            let tag = format!("\"{version}\"");
            let requests: Vec<_> = (0..4).map(|number| {
                let request = api.request(Method::PATCH, "/albums/1").header("if-match", &tag);
                tokio::spawn(request.json(&json!({"title": format!("{number}")})).send())
            }).collect();
            let mut statuses = Vec::new();
            for request in requests {
                statuses.push(request.await.unwrap().unwrap().status().as_u16());
            }
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 412, 412, 412], "of version {version}");
        }
    }

    async fn a_client_that_has_the_answer_gets_none(database: TestDatabase) {
        let api = start_with_album(&database).await;
        let known = get_if_none(&api, "/albums/1", "\"0\", W/\"1\"").await.expect(304);
        assert_eq!((known.bytes(), known.header("etag"), known.header("content-type")), (&b""[..], Some("\"1\""), None));
        get_if_none(&api, "/albums/1", "*").await.expect(304);
        get_if_none(&api, "/albums/1", "\"2\"").await.expect(200);
        get_if_none(&api, "/albums/9", "*").await.expect(404);
        assert_mistakes(&get_if_none(&api, "/albums/1", "1").await.expect(400), [("If-None-Match", "malformed")]);
        with(&api, Method::HEAD, "/albums/1", ("if-none-match", "\"1\""), None).await.expect(304);
        api.patch("/albums/1", &json!({"title": "Two"})).await.expect(200);
        get_if_none(&api, "/albums/1", "\"1\"").await.expect(200);

        let path = "/albums/1?include=genres";
        let tag = api.get(path).await.expect(200).header("etag").unwrap().to_owned();
        assert!(tag.starts_with("\"2-"), "{tag}");
        get_if_none(&api, path, &tag).await.expect(304);
        get_if_none(&api, path, "\"2\"").await.expect(200);
        get_if_none(&api, "/albums/1", &tag).await.expect(200);
        let linked = AlbumGenre::create(NewAlbumGenre::new(1, "a"), api.database()).await.unwrap();
        let other = get_if_none(&api, path, &tag).await.expect(200);
        assert_eq!(other["/genres/0/name"], linked.genre_name, "the version is the same, the answer is not");
        patch_if(&api, "/albums/1", other.header("etag").unwrap(), json!({"title": "3"})).await.expect(200);
    }

    async fn an_answer_of_some_fields_has_the_tag_of_its_row(database: TestDatabase) {
        let api = start_with_album(&database).await;
        for (path, shown) in [
            ("/albums/1?fields=title", json!({"title": "One"})),
            ("/albums/1?fields=version", json!({"version": 1})),
            ("/albums/1?fields=title&include=genres", json!({"title": "One", "genres": []})),
        ] {
            let answer = api.get(path).await.expect(200);
            assert_eq!(answer.json(), &shown, "{path}");
            let tag = answer.header("etag").unwrap_or_else(|| panic!("{path} has no tag"));
            assert!(tag.starts_with("\"1-"), "{path}: {tag}");
            get_if_none(&api, path, tag).await.expect(304);
        }
        let tag = api.get("/albums/1?fields=title").await.header("etag").unwrap().to_owned();
        patch_if(&api, "/albums/1", &tag, json!({"year": 1999})).await.expect(200);
        get_if_none(&api, "/albums/1?fields=title", &tag).await.expect(200);
    }

    async fn a_resource_may_require_the_version(database: TestDatabase) {
        let api = start(&database).await;
        api.create("/seats", json!({"row": "a", "number": 1})).await;
        for answer in [
            api.patch("/seats/a/1", &json!({"guest": "Ann"})).await,
            api.put("/seats/a/1", &json!({})).await,
            api.delete("/seats/a/1").await,
        ] {
            let problem = answer.expect(428);
            assert!(problem["/detail"].as_str().unwrap().contains("If-Match"), "{problem}");
        }
        let patched = patch_if(&api, "/seats/a/1", "\"1\"", json!({"guest": "Ann"})).await.expect(200);
        assert_eq!(patched.header("etag"), Some("\"2\""));
        let items = json!({"items": [{"row": "a", "number": 1, "guest": "Bob"}]});
        assert_mistakes(&api.patch("/seats/bulk", &items).await.expect(422), [("/items/0/version", "required")]);
        assert_mistakes(&api.post("/seats/bulk/delete", &items).await.expect(422), [("/items/0/guest", "unknown_field"), ("/items/0/version", "required")]);
    }

    async fn each_item_names_its_version(database: TestDatabase) {
        let api = start(&database).await;
        let seat = |number: i32| json!({"row": "a", "number": number});
        api.post("/seats/bulk", &json!({"items": [seat(1), seat(2), seat(3)]})).await.expect(201);
        let item = |number: i32, version: i32| json!({"row": "a", "number": number, "version": version, "guest": "Ann"});
        let updated = api.patch("/seats/bulk", &json!({"items": [item(3, 1), item(1, 1)]})).await.expect(200);
        assert_eq!((&updated["/items/0/number"], &updated["/items/0/version"], updated.statements()), (&json!(3), &json!(2), 1));
        let stale = api.patch("/seats/bulk", &json!({"items": [item(1, 1), item(2, 1), item(3, 9)]})).await.expect(412);
        assert_mistakes(&stale, [("/items/0/version", "stale"), ("/items/2/version", "stale")]);
        assert_eq!(stale.statements(), 2);
        assert_mistakes(&api.patch("/seats/bulk", &json!({"items": [item(1, 1)]})).await.expect(412), [("/items/0/version", "stale")]);
        let missing = api.patch("/seats/bulk", &json!({"items": [item(1, 1), item(9, 1)]})).await.expect(404);
        assert_mistakes(&missing, [("/items/1/row", "not_found")]);
        let key = |number: i32, version: i32| json!({"row": "a", "number": number, "version": version});
        let stale = api.post("/seats/bulk/delete", &json!({"items": [key(2, 1), key(1, 1)]})).await.expect(412);
        assert_mistakes(&stale, [("/items/1/version", "stale")]);
        api.post("/seats/bulk/delete", &json!({"items": [key(2, 1), key(1, 2)]})).await.expect(204);
        assert_eq!(api.column("/seats", "number").await, ["3"]);

        api.post("/albums/bulk", &json!({"items": [{"title": "1"}, {"title": "2"}]})).await.expect(201);
        let some = json!({"items": [{"id": 1, "version": 1, "title": "x"}, {"id": 2, "title": "x"}]});
        api.patch("/albums/bulk", &some).await.expect(200);
        assert_mistakes(&api.patch("/albums/bulk", &some).await.expect(412), [("/items/0/version", "stale")]);
        let some = json!({"items": [{"id": 1, "version": 2}, {"id": 2}]});
        api.post("/albums/bulk/delete", &some).await.expect(204);
    }

    async fn versions_are_expected_from_rust_as_well(database: TestDatabase) {
        let api = start_with_album(&database).await;
        let db = api.database();
        let patch = |title: &str| AlbumPatch { title: title.to_owned().into(), ..Default::default() };
        let album = Album::find(1, db).await.unwrap();
        assert_eq!(Album::update_if(1, album.version, patch("a"), db).await.unwrap().version, 2);
        assert!(matches!(Album::update_if(1, album.version, patch("b"), db).await, Err(Error::Stale(_))));
        assert!(matches!(Album::update_if(1, i64::MAX, patch("b"), db).await, Err(Error::Stale(_))));
        assert!(matches!(Album::update_if(9, 1, patch("b"), db).await, Err(Error::NotFound("Album"))));
        assert!(matches!(Genre::delete_if("a".to_owned(), 1, db).await, Err(Error::Stale(_))));
        assert!(matches!(Album::delete_if(1, 1, db).await, Err(Error::Stale(_))));
        Album::delete_if(1, 2, db).await.unwrap();
    }
}
