//! Rows that are created with the row that they belong to.

use couplet_tests::on_each_database;
use serde_json::json;

use super::notes::*;
use super::support::*;

on_each_database! {
    async fn children_are_created_with_their_row(database: TestDatabase) {
        let api = start(&database).await;
        let body = json!({"name": "one", "notes": [{"slug": "a"}, {"slug": "b", "weight": 2}], "cover": {"color": "red"}});
        let folder = api.create("/folders", body).await;
        assert_eq!(folder.header("location"), Some("/folders/1"));
        assert_eq!(folder.statements(), 3, "one for each table");
        assert_eq!((&folder["/notes/1/slug"], &folder["/notes/1/weight"]), (&json!("b"), &json!(2)));
        assert_eq!((&folder["/notes/0/folder_id"], &folder["/cover/folder_id"]), (&json!(1), &json!(1)));
        let read = api.get("/folders/1?include=notes,cover").await.expect(200);
        assert_eq!(read.json(), folder.json(), "the answer is that of an include");

        let empty = api.create("/folders", json!({"name": "two", "notes": [], "cover": null})).await;
        assert_eq!((&empty["/notes"], &empty["/cover"], empty.statements()), (&json!([]), &json!(null), 1));
        let alone = api.create("/folders", json!({"name": "three"})).await;
        assert!(alone.json().get("notes").is_none() && alone.json().get("cover").is_none(), "{alone}");
    }

    async fn many_children_take_one_statement(database: TestDatabase) {
        let api = start(&database).await;
        let notes: Vec<_> = (0..1_000).map(|number| json!({"slug": format!("n{number}")})).collect();
        let folder = api.create("/folders", json!({"name": "one", "notes": notes})).await;
        assert_eq!((folder.statements(), folder["/notes"].as_array().unwrap().len()), (2, 1_000));
        let too_many = vec![json!({}); 1_001];
        let problem = api.post("/folders", &json!({"name": "one", "notes": too_many})).await.expect(422);
        assert_mistakes(&problem, [("/notes", "too_many")]);
    }

    async fn children_have_sets_of_keys_of_their_own(database: TestDatabase) {
        let api = start(&database).await;
        for name in ["x", "y"] {
            api.create("/labels", json!({"name": name})).await;
        }
        let notes = json!([{"slug": "a", "label_ids": [1, 2]}, {"slug": "b"}, {"slug": "c", "label_ids": [2]}]);
        let folder = api.create("/folders", json!({"name": "one", "notes": notes})).await;
        assert_eq!(folder.statements(), 3, "a folder, its notes, and their links");
        assert_eq!(folder["/notes"].as_array().unwrap().len(), 3);
        assert_eq!(api.get("/notes/1?include=labels").await["/labels"].as_array().unwrap().len(), 2);
        assert_eq!(api.get("/notes/3?include=labels").await["/labels/0/name"], "y");
    }

    async fn every_mistake_of_every_child_is_named(database: TestDatabase) {
        let api = start(&database).await;
        let notes = json!([
            {"slug": "", "weight": 9, "seen": 1},
            {"slug": "fine"},
            {"secret": "x", "folder_id": 1, "label_ids": ["x"], "comments": []},
            "no object"
        ]);
        let body = json!({"notes": notes, "cover": {"folder_id": 7}, "nam": "x"});
        assert_mistakes(&api.post("/folders", &body).await.expect(422), [
            ("/nam", "unknown_field"),
            ("/name", "required"),
            ("/notes/0/slug", "length"),
            ("/notes/0/weight", "range"),
            ("/notes/0/seen", "read_only"),
            ("/notes/2/secret", "unknown_field"),
            ("/notes/2/folder_id", "read_only"),
            ("/notes/2/label_ids/0", "invalid_value"),
            ("/notes/2/comments", "unknown_field"),
            ("/notes/3", "invalid_value"),
            ("/cover/folder_id", "read_only"),
            ("/cover/color", "required"),
        ]);
        let problem = api.post("/folders", &json!({"name": "x", "notes": {}, "cover": []})).await.expect(422);
        assert_mistakes(&problem, [("/notes", "invalid_value"), ("/cover", "invalid_value")]);
        assert_eq!(api.get("/folders").await["/meta/total"], 0);
    }

    async fn a_row_and_its_children_are_created_together_or_not_at_all(database: TestDatabase) {
        let api = start(&database).await;
        api.create("/notes", json!({"slug": "a"})).await;
        let problem = api.post("/folders", &json!({"name": "one", "notes": [{"slug": "a"}]})).await.expect(409);
        assert_mistakes(&problem, [("/notes/0/slug", "unique")]);
        let two = json!([{"slug": "b"}, {"slug": "b"}]);
        let problem = api.post("/folders", &json!({"name": "one", "notes": two})).await.expect(409);
        assert_mistakes(&problem, [("/notes/1/slug", "unique")]);
        let problem = api.post("/folders", &json!({"name": "one", "notes": [{"label_ids": [9]}]})).await.expect(409);
        assert_mistakes(&problem, [("/notes/0/label_ids", "foreign_key")]);
        assert_eq!(api.get("/folders?deleted=include").await["/meta/total"], 0);
        assert_eq!(api.get("/notes").await["/meta/total"], 1);
    }

    async fn only_a_create_takes_children(database: TestDatabase) {
        let api = start(&database).await;
        let body = json!({"name": "one", "notes": []});
        api.create("/folders", json!({"name": "one"})).await;
        for problem in [api.put("/folders/1", &body).await, api.patch("/folders/1", &body).await] {
            assert_mistakes(&problem.expect(422), [("/notes", "read_only")]);
        }
        api.create("/labels", json!({"name": "x"})).await;
        let problem = api.post("/labels", &json!({"name": "y", "notes": []})).await.expect(422);
        assert_mistakes(&problem, [("/notes", "unknown_field")]);
    }

    async fn the_specification_describes_children_without_the_key_of_their_row(database: TestDatabase) {
        let api = start(&database).await;
        let document = api.get("/openapi.json").await.expect(200);
        let schemas = &document.json()["components"]["schemas"];
        let folder = &schemas["NewFolder"]["properties"];
        let note = &folder["notes"]["items"];
        assert_eq!((&folder["notes"]["maxItems"], &note["additionalProperties"]), (&json!(1_000), &json!(false)));
        let names: Vec<&str> = note["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["slug", "text", "weight", "label_ids"]);
        let cover = &folder["cover"];
        assert_eq!((&cover["nullable"], &cover["required"]), (&json!(true), &json!(["color"])));
        for other in ["FolderPatch", "FolderReplacement"] {
            assert!(schemas[other]["properties"].get("notes").is_none(), "{other}");
        }
    }
}
