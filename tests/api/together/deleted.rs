//! Rows that are deleted and stay, in lists, searches and walks, and among related rows.

use couplet_tests::on_each_database;
use serde_json::json;

use super::super::notes;
use super::super::support::*;
use super::both;

on_each_database! {
    async fn deleted_rows_are_asked_for_in_a_body_as_in_a_query_string(database: TestDatabase) {
        let api = notes::start(&database).await;
        for folder in 1..=2 {
            api.create("/folders", json!({"name": format!("Folder {folder}")})).await;
            for note in 1..=3 {
                api.create("/notes", json!({"slug": format!("{folder}-{note}"), "text": "a word", "folder_id": folder})).await;
            }
        }
        for note in [2, 5, 6] {
            api.delete(&format!("/notes/{note}")).await.expect(204);
        }
        for (deleted, expected) in [("exclude", &["1", "3", "4"][..]), ("only", &["2", "5", "6"]), ("include", &["1", "2", "3", "4", "5", "6"])] {
            let list = both(&api, "/notes", &json!({"deleted": deleted, "q": "word", "include": ["folder"]})).await;
            assert_eq!((column(&list, "id"), list.statements()), (expected.iter().map(|id| (*id).to_owned()).collect(), 2), "{deleted}");
            let (mut seen, mut cursor) = (Vec::new(), json!(""));
            while !cursor.is_null() {
                let page = both(&api, "/notes", &json!({"deleted": deleted, "cursor": cursor, "per_page": 2})).await;
                seen.extend(column(&page, "id"));
                cursor = page["/meta/next_cursor"].clone();
            }
            assert_eq!(seen, expected, "{deleted}");
        }
        let cursor = both(&api, "/notes", &json!({"deleted": "include", "cursor": "", "per_page": 1})).await["/meta/next_cursor"].clone();
        let refused = api.post("/notes/search", &json!({"deleted": "only", "cursor": cursor})).await.expect(422);
        assert_mistakes(&refused, [("/cursor", "cursor_mismatch")]);
        assert_mistakes(&api.post("/notes/search", &json!({"deleted": "all"})).await.expect(422), [("/deleted", "invalid_value")]);
        assert_mistakes(&api.post("/notes/search", &json!({"deleted": true})).await.expect(422), [("/deleted", "invalid_value")]);
    }

    async fn related_rows_that_are_deleted_are_neither_loaded_nor_counted(database: TestDatabase) {
        let api = notes::start(&database).await;
        api.create("/folders", json!({"name": "One"})).await;
        for note in 1..=4 {
            api.create("/notes", json!({"slug": format!("{note}"), "folder_id": 1})).await;
        }
        api.delete("/notes/1").await.expect(204);
        let body = json!({"deleted": "include", "include": ["notes"], "include.notes.limit": 2, "include.notes.sort": ["id"], "include_count": ["notes"]});
        let list = both(&api, "/folders", &body).await;
        assert_eq!((&list["/items/0/_count/notes"], &list["/items/0/notes/0/id"], list.statements()), (&json!(3), &json!(2), 3));
        let below = api.get("/folders/1/notes?deleted=only&cursor=&include=folder").await.expect(200);
        assert_eq!((column(&below, "id"), &below["/items/0/folder/name"]), (vec!["1".to_owned()], &json!("One")));
    }
}
