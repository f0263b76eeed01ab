//! Creates that change the row that is there by a unique key.

use couplet::prelude::*;
use couplet_tests::{Answer, on_each_database};
use serde_json::json;

use super::notes::*;
use super::support::*;

/// SQLite is asked before; PostgreSQL tells afterwards.
fn statements(database: &couplet_tests::TestDatabase) -> u32 {
    if is_sqlite(database) { 2 } else { 1 }
}

async fn put(api: &Api, body: serde_json::Value) -> Answer {
    api.post("/notes?on_conflict=slug", &body).await
}

on_each_database! {
    async fn a_row_is_created_or_changed(database: TestDatabase) {
        let api = start(&database).await;
        let created = put(&api, json!({"slug": "a", "text": "one", "weight": 3})).await.expect(201);
        assert_eq!(created.header("location"), Some("/notes/1"));
        assert_eq!(created.statements(), statements(&database));
        let (secret, seen) = (Patch::Set(Some("kept".to_owned())), Patch::Set(Some(7)));
        Note::update(1, NotePatch { secret, seen, ..Default::default() }, api.database()).await.unwrap();

        let changed = put(&api, json!({"slug": "a", "text": "two"})).await.expect(200);
        assert_eq!(changed.header("location"), None);
        assert_eq!(changed.statements(), statements(&database));
        assert_eq!((&changed["/id"], &changed["/text"]), (&json!(1), &json!("two")));
        assert_eq!((&changed["/weight"], &changed["/seen"]), (&json!(3), &json!(7)), "what is not named stays");
        assert_eq!(changed["/created_at"], created["/created_at"]);
        assert!(changed["/updated_at"].as_str() > created["/updated_at"].as_str(), "{changed}");
        assert_eq!(Note::find(1, api.database()).await.unwrap().secret.as_deref(), Some("kept"));
        assert_eq!(api.get("/notes").await["/meta/total"], 1);

        let same = put(&api, json!({"slug": "a"})).await.expect(200);
        assert_eq!(same["/text"], "two", "a body with the key alone changes nothing else");
    }

    async fn a_table_without_times_takes_a_key_alone(database: TestDatabase) {
        let api = start(&database).await;
        for status in [201, 200] {
            let label = api.post("/labels?on_conflict=name", &json!({"name": "x"})).await.expect(status);
            assert_eq!(label["/id"], 1);
        }
        api.post("/labels", &json!({"name": "x"})).await.expect(409);
    }

    async fn a_key_of_several_columns_is_named_by_all(database: TestDatabase) {
        let api = start(&database).await;
        let path = "/slots?on_conflict=shelf,place";
        for (content, status) in [("one", 201), ("two", 200)] {
            let slot = api.post(path, &json!({"shelf": "a", "place": 1, "content": content})).await.expect(status);
            assert_eq!(slot["/content"], content);
        }
        api.post(path, &json!({"shelf": "a", "place": 2})).await.expect(201);
        assert_mistakes(&api.post(path, &json!({"place": 2})).await.expect(422), [("/shelf", "required")]);
        api.delete("/slots/a/1").await.expect(204);
        let problem = api.post(path, &json!({"shelf": "a", "place": 1, "content": "three"})).await.expect(409);
        assert_mistakes(&problem, [("/shelf", "unique"), ("/place", "unique")]);
        api.post("/slots/a/1/restore", &json!({})).await.expect(200);
        assert_eq!(api.get("/slots/a/1").await["/content"], "two");
    }

    async fn the_key_is_in_the_body(database: TestDatabase) {
        let api = start(&database).await;
        let problem = put(&api, json!({"weight": 9})).await.expect(422);
        assert_mistakes(&problem, [("/slug", "required"), ("/weight", "range")]);
        let problem = api.post("/labels?on_conflict=name", &json!({})).await.expect(422);
        assert_mistakes(&problem, [("/name", "required")]);
        for _ in 0..2 {
            put(&api, json!({"slug": null})).await.expect(201);
        }
        assert_eq!(api.get("/notes").await["/meta/total"], 2, "NULL equals nothing");
    }

    async fn only_declared_keys_are_taken(database: TestDatabase) {
        let api = start(&database).await;
        let body = json!({"slug": "a", "color": "red", "folder_id": 1});
        let problem = api.post("/notes?on_conflict=id&on_conflct=slug", &body).await.expect(400);
        assert_mistakes(&problem, [("on_conflict", "unknown_field"), ("on_conflct", "unknown_parameter")]);
        let problem = api.post("/covers?on_conflict=folder_id", &body).await.expect(400);
        assert_mistakes(&problem, [("on_conflict", "unknown_parameter")]);
    }

    async fn a_deleted_row_has_given_its_value_back(database: TestDatabase) {
        let api = start(&database).await;
        put(&api, json!({"slug": "a"})).await.expect(201);
        api.delete("/notes/1").await.expect(204);
        assert_ne!(put(&api, json!({"slug": "a"})).await.expect(201)["/id"], 1);
        put(&api, json!({"slug": "a", "text": "new"})).await.expect(200);
        assert_eq!(api.get("/notes?deleted=only").await["/items/0/text"], json!(null));
    }

    async fn a_row_that_the_caller_does_not_see_is_not_changed(database: TestDatabase) {
        let api = Api::of(app(&database).resource_with::<Note>(|notes| notes.filter(Note::WEIGHT.gt(2)))).await;
        Note::create(NewNote { slug: Some("a".to_owned()), ..NewNote::new() }, api.database()).await.unwrap();
        let problem = put(&api, json!({"slug": "a", "weight": 5})).await.expect(409);
        assert_mistakes(&problem, [("/slug", "unique")]);
        assert_eq!(Note::find(1, api.database()).await.unwrap().weight, 1);
        put(&api, json!({"slug": "b", "weight": 5})).await.expect(201);
        put(&api, json!({"slug": "b", "weight": 4})).await.expect(200);
    }

    async fn sets_of_keys_are_replaced(database: TestDatabase) {
        let api = start(&database).await;
        for name in ["x", "y", "z"] {
            api.create("/labels", json!({"name": name})).await;
        }
        let created = put(&api, json!({"slug": "a", "label_ids": [1, 2]})).await.expect(201);
        assert_eq!(created.statements(), statements(&database) + 1, "a new row has no links to remove");
        let changed = put(&api, json!({"slug": "a", "label_ids": [3]})).await.expect(200);
        assert_eq!(changed.statements(), statements(&database) + 2);
        put(&api, json!({"slug": "a"})).await.expect(200);
        let labels = &api.get("/notes/1?include=labels").await["/labels"].clone();
        assert_eq!((labels.as_array().unwrap().len(), &labels[0]["name"]), (1, &json!("z")));
    }

    async fn what_else_is_refused_is_a_conflict_as_ever(database: TestDatabase) {
        let api = start(&database).await;
        let problem = put(&api, json!({"slug": "a", "folder_id": 9})).await.expect(409);
        assert_mistakes(&problem, [("/folder_id", "foreign_key")]);
        assert_eq!(api.get("/notes").await["/meta/total"], 0);
    }

    async fn rust_code_learns_whether_a_row_is_new(database: TestDatabase) {
        let api = start(&database).await;
        let db = api.database();
        let new = |text: &str| NewNote { slug: Some("a".to_owned()), text: Some(text.to_owned()), ..NewNote::new() };
        let (one, created) = Note::upsert(new("one"), Note::SLUG, db).await.unwrap();
        assert!(created);
        let mut transaction = db.begin().await.unwrap();
        let (two, created) = Note::upsert(new("two"), Note::SLUG, &mut transaction).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!((two.id, two.text.as_deref(), created), (one.id, Some("two"), false));

        let slot = Slot::upsert(NewSlot::new("a", 1), (Slot::SHELF, Slot::PLACE), db).await.unwrap();
        assert!(slot.1);
        let refused = Note::upsert(new("three"), Note::TEXT, db).await.unwrap_err();
        assert!(refused.to_string().contains("text is no unique key of Note"), "{refused}");
        let refused = Note::upsert(new("three"), Note::ID, db).await.unwrap_err();
        assert!(matches!(refused, Error::Invalid(_)), "{refused}");
    }

    async fn the_specification_tells_of_both_answers(database: TestDatabase) {
        let api = start(&database).await;
        let document = api.get("/openapi.json").await.expect(200);
        let create = |path: &str| document.json()["paths"][path]["post"].clone();
        let parameter = create("/slots")["parameters"][0].clone();
        assert_eq!((&parameter["name"], &parameter["schema"]["enum"]), (&json!("on_conflict"), &json!(["shelf,place"])));
        let answers = |path: &str| {
            let create = create(path);
            ["200", "201"].map(|status| create["responses"].get(status).is_some())
        };
        assert_eq!((answers("/notes"), answers("/covers")), ([true, true], [false, true]));
        let parameters = create("/covers")["parameters"].clone();
        let names: Vec<&str> = parameters.as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
        assert_eq!(names, ["Idempotency-Key"]);
    }
}
