//! Rows that stay when they are deleted: hidden everywhere, shown on demand, restored, removed for good.

use couplet::prelude::*;
use couplet_tests::on_each_database;
use serde_json::json;

use super::notes::*;
use super::support::*;

on_each_database! {
    async fn a_deleted_row_is_hidden_from_its_resource(database: TestDatabase) {
        let api = start(&database).await;
        for slug in ["a", "b"] {
            api.create("/notes", json!({"slug": slug, "text": "some words"})).await;
        }
        let deleted = api.delete("/notes/1").await.expect(204);
        assert_eq!(deleted.statements(), 1);

        let list = api.get("/notes").await.expect(200);
        assert_eq!((column(&list, "slug"), &list["/meta/total"]), (vec!["b".to_owned()], &json!(1)));
        assert_eq!(api.get("/notes?per_page=1&page=1").await["/meta/has_more"], false);
        assert_eq!(api.column("/notes?q=words", "slug").await, ["b"]);
        assert_eq!(api.column("/notes?slug=a", "slug").await, [""; 0]);
        let body = json!({"slug": "c"});
        for answer in [
            api.get("/notes/1").await,
            api.patch("/notes/1", &body).await,
            api.patch("/notes/1", &json!({})).await,
            api.put("/notes/1", &body).await,
            api.delete("/notes/1").await,
        ] {
            assert_eq!(answer.expect(404).statements(), 1);
        }
        assert_eq!(api.get("/notes/2").await["/deleted_at"], json!(null));
    }

    async fn a_deleted_row_is_hidden_from_the_rows_that_it_is_related_to(database: TestDatabase) {
        let api = start(&database).await;
        for name in ["kept", "gone"] {
            api.create("/folders", json!({"name": name})).await;
        }
        api.create("/labels", json!({"name": "x"})).await;
        for folder in [1, 1, 2] {
            api.create("/notes", json!({"folder_id": folder, "label_ids": [1]})).await;
        }
        api.create("/comments", json!({"note_id": 2, "text": "first"})).await;
        api.delete("/notes/1").await.expect(204);
        api.delete("/folders/2").await.expect(204);

        let folder = api.get("/folders/1?include=notes").await.expect(200);
        assert_eq!(folder["/notes/0/id"], 2);
        assert_eq!(folder["/notes"].as_array().unwrap().len(), 1);
        assert_eq!(api.column("/folders/1/notes", "id").await, ["2"]);
        assert_eq!(api.get("/folders/2/notes").await.expect(404).statements(), 1);
        assert_eq!(api.get("/folders/1/notes").await.expect(200).statements(), 2, "the folder, and its notes");
        let note = api.get("/notes/3?include=folder").await.expect(200);
        assert_eq!((&note["/folder"], &note["/folder_id"]), (&json!(null), &json!(2)));
        let label = api.get("/labels/1?include=notes").await.expect(200);
        assert_eq!(label["/notes"].as_array().unwrap().len(), 2);

        api.delete("/notes/2").await.expect(204);
        let comment = api.get("/comments/1?include=note").await.expect(200);
        assert_eq!(comment["/note"], json!(null), "comments stay when their note is deleted");
        let has_notes = Folder::query().filter(Folder::NOTES.any(Note::WEIGHT.eq(1))).fetch(api.database()).await.unwrap();
        assert!(has_notes.items.is_empty());
        assert_eq!(api.column("/folders?include=notes", "notes").await, ["[]"]);
    }

    async fn a_client_sees_deleted_rows_where_it_asks_for_them(database: TestDatabase) {
        let api = start(&database).await;
        api.create("/folders", json!({"name": "one"})).await;
        for slug in ["a", "b"] {
            api.create("/notes", json!({"slug": slug, "folder_id": 1})).await;
        }
        let before = api.get("/notes/1").await["/updated_at"].clone();
        api.delete("/notes/1").await.expect(204);
        for (deleted, slugs) in [("exclude", vec!["b"]), ("include", vec!["a", "b"]), ("only", vec!["a"])] {
            let list = api.get(&format!("/notes?deleted={deleted}&per_page=1")).await.expect(200);
            assert_eq!(list["/meta/total"], slugs.len());
            for path in ["/notes", "/folders/1/notes"] {
                assert_eq!(api.column(&format!("{path}?deleted={deleted}"), "slug").await, slugs, "{path} {deleted}");
            }
            let status = if slugs.contains(&"a") { 200 } else { 404 };
            api.get(&format!("/notes/1?deleted={deleted}")).await.expect(status);
        }
        let note = api.get("/notes/1?deleted=only&include=folder").await.expect(200);
        assert!(note["/deleted_at"].as_str().unwrap().ends_with('Z'), "{note}");
        assert_eq!(note["/updated_at"], note["/deleted_at"]);
        assert_ne!(note["/updated_at"], before);
        assert_eq!(api.get("/folders/1?include=notes&deleted=include").await["/notes"].as_array().unwrap().len(), 1);
        assert!(api.get("/folders/1").await.json().get("gone_at").is_none());

        assert_mistakes(&api.get("/notes?deleted=yes").await.expect(400), [("deleted", "invalid_value")]);
        assert_mistakes(&api.get("/notes/1?deleted=").await.expect(400), [("deleted", "invalid_value")]);
        assert_mistakes(&api.get("/labels?deleted=only").await.expect(400), [("deleted", "unknown_parameter")]);
        assert_mistakes(&api.get("/labels/1?deleted=only").await.expect(400), [("deleted", "unknown_parameter")]);
    }

    async fn a_deleted_row_is_restored(database: TestDatabase) {
        let api = start(&database).await;
        api.create("/notes", json!({"slug": "a", "text": "old"})).await;
        let as_it_is = api.post("/notes/1/restore", &json!({})).await.expect(200);
        assert_eq!((&as_it_is["/text"], as_it_is.statements()), (&json!("old"), 2), "it is there already");
        api.delete("/notes/1").await.expect(204);
        let restored = api.post("/notes/1/restore", &json!({})).await.expect(200);
        assert_eq!((restored.statements(), &restored["/text"]), (1, &json!("old")));
        assert_eq!(restored["/deleted_at"], json!(null));
        api.get("/notes/1").await.expect(200);
        let again = api.post("/notes/1/restore", &json!({})).await.expect(200);
        assert_eq!(again.json(), restored.json());
        api.post("/notes/9/restore", &json!({})).await.expect(404);
        api.post("/labels/1/restore", &json!({})).await.expect(404);
        assert_mistakes(&api.post("/notes/1/restore?x=1", &json!({})).await.expect(400), [("x", "unknown_parameter")]);
    }

    async fn a_unique_value_is_free_once_its_row_is_deleted(database: TestDatabase) {
        let api = start(&database).await;
        api.create("/notes", json!({"slug": "a"})).await;
        assert_mistakes(&api.post("/notes", &json!({"slug": "a"})).await.expect(409), [("/slug", "unique")]);
        api.delete("/notes/1").await.expect(204);
        let second = api.create("/notes", json!({"slug": "a"})).await;
        let problem = api.post("/notes/1/restore", &json!({})).await.expect(409);
        assert_mistakes(&problem, [("/slug", "unique")]);
        api.delete(second.header("location").unwrap()).await.expect(204);
        api.post("/notes/1/restore", &json!({})).await.expect(200);
    }

    async fn a_base_filter_holds_for_restores_too(database: TestDatabase) {
        let api = Api::of(app(&database).resource_with::<Note>(|notes| notes.filter(Note::WEIGHT.gt(2)))).await;
        for weight in [1, 3] {
            api.create("/notes", json!({"weight": weight})).await;
            let note = Note::query().sort(Note::ID.desc()).first(api.database()).await.unwrap().unwrap();
            Note::delete(note.id, api.database()).await.unwrap();
        }
        assert_eq!(api.column("/notes?deleted=include", "weight").await, ["3"]);
        api.post("/notes/1/restore", &json!({})).await.expect(404);
        api.post("/notes/2/restore", &json!({})).await.expect(200);
    }

    async fn links_of_a_join_model_are_marked_and_come_back(database: TestDatabase) {
        let api = start(&database).await;
        for name in ["x", "y"] {
            api.create("/labels", json!({"name": name})).await;
        }
        api.create("/notes", json!({"label_ids": [1, 2]})).await;
        let labels = async || column_of(&api.get("/notes/1?include=labels").await["/labels"]);
        assert_eq!(labels().await, [1, 2]);
        let patched = api.patch("/notes/1", &json!({"label_ids": [2]})).await.expect(200);
        assert_eq!((labels().await, patched.statements()), (vec![2], 3));
        let all = NoteLabel::query().deleted(Deleted::Include).fetch(api.database()).await.unwrap();
        assert_eq!(all.items.iter().map(|link| link.deleted_at.is_some()).collect::<Vec<_>>(), [true, false]);
        assert_eq!(NoteLabel::query().fetch(api.database()).await.unwrap().items.len(), 1);
        api.patch("/notes/1", &json!({"label_ids": [1]})).await.expect(200);
        assert_eq!(labels().await, [1]);
        api.patch("/notes/1", &json!({"label_ids": []})).await.expect(200);
        assert_eq!(labels().await, [0; 0]);
        assert_eq!(NoteLabel::query().deleted(Deleted::Only).fetch(api.database()).await.unwrap().items.len(), 2);
    }

    async fn rust_code_asks_for_deleted_rows_and_removes_them(database: TestDatabase) {
        let api = start(&database).await;
        let db = api.database();
        let note = Note::create(NewNote { slug: Some("a".to_owned()), ..NewNote::new() }, db).await.unwrap();
        Note::delete(note.id, db).await.unwrap();
        assert!(matches!(Note::find(note.id, db).await, Err(Error::NotFound("Note"))));
        assert!(matches!(Note::update(note.id, NotePatch::default(), db).await, Err(Error::NotFound("Note"))));
        assert_eq!(Note::query().fetch(db).await.unwrap().meta.total, Some(0));
        let only = Note::query().deleted(Deleted::Only).first(db).await.unwrap().unwrap();
        assert_eq!(only.deleted_at, Some(only.updated_at));

        let restored = Note::restore(note.id, db).await.unwrap();
        assert_eq!((restored.id, restored.deleted_at), (note.id, None));
        assert_eq!(Note::restore(note.id, db).await.unwrap().deleted_at, None, "it is there already");
        Note::delete(note.id, db).await.unwrap();
        Note::purge(note.id, db).await.unwrap();
        assert!(matches!(Note::purge(note.id, db).await, Err(Error::NotFound("Note"))));
        assert_eq!(Note::query().deleted(Deleted::Include).fetch(db).await.unwrap().meta.total, Some(0));

        let mut transaction = db.begin().await.unwrap();
        let note = Note::create(NewNote::new(), &mut transaction).await.unwrap();
        Note::purge(note.id, &mut transaction).await.unwrap();
        transaction.commit().await.unwrap();
    }

    async fn the_specification_tells_of_deleted_rows(database: TestDatabase) {
        let api = start(&database).await;
        let document = api.get("/openapi.json").await.expect(200);
        let names = |path: &str| {
            let parameters = document.json()["paths"][path]["get"]["parameters"].as_array().unwrap();
            parameters.iter().map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        for path in ["/notes", "/notes/{id}", "/folders/{id}/notes"] {
            assert!(names(path).contains(&"deleted".to_owned()), "{path}");
        }
        assert!(!names("/labels").contains(&"deleted".to_owned()));
        let restore = &document.json()["paths"]["/notes/{id}/restore"]["post"];
        assert_eq!(restore["operationId"], "notes.restore");
        let statuses: Vec<&str> = restore["responses"].as_object().unwrap().keys().map(String::as_str).collect();
        let expected =
            ["200", "400", "404", "408", "409", "412", "413", "414", "422", "431", "500", "503", "504"];
        assert_eq!(statuses, expected);
        assert!(document.json()["paths"].get("/labels/{id}/restore").is_none());
        let schema = &document.json()["components"]["schemas"]["Note"]["properties"]["deleted_at"];
        assert_eq!((&schema["readOnly"], &schema["nullable"]), (&json!(true), &json!(true)));
        assert!(document.json()["components"]["schemas"]["NewNote"]["properties"].get("deleted_at").is_none());
    }
}

fn column_of(rows: &serde_json::Value) -> Vec<i64> {
    let mut ids: Vec<i64> = rows.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect();
    ids.sort_unstable();
    ids
}
