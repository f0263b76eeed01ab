//! Which items of a request the database has refused.

use couplet::prelude::*;
use couplet_tests::on_each_database;
use serde_json::json;

use super::bulk::*;
use super::support::*;

on_each_database! {
    async fn values_that_are_there_already_are_named_with_their_items(database: TestDatabase) {
        let api = start(&database).await;
        api.post("/albums/bulk", &json!({"items": [{"title": "1", "code": "a"}, {"title": "2", "code": "b"}]})).await.expect(201);
        let problem = api.post("/albums/bulk", &json!({"items": [
            {"title": "x", "code": "new"}, {"title": "x", "code": "b"}, {"title": "x"}, {"title": "x", "code": "a"}, {"title": "x", "code": "new"},
        ]})).await.expect(409);
        assert_mistakes(&problem, [("/items/1/code", "unique"), ("/items/3/code", "unique"), ("/items/4/code", "unique")]);
        assert_eq!(problem.statements(), 2, "the insert that failed, and one question for the column");
        let problem = api.post("/albums/bulk", &json!({"items": [{"title": "x", "code": "a"}]})).await.expect(409);
        assert_mistakes(&problem, [("/items/0/code", "unique")]);
        let problem = api.patch("/albums/bulk", &json!({"items": [{"id": 2, "code": "b"}, {"id": 1, "code": "b"}]})).await.expect(409);
        assert_mistakes(&problem, [("/items/1/code", "unique")]);
        let problem = api.patch("/albums/bulk", &json!({"items": [{"id": 2, "code": "a"}, {"id": 1, "year": 3}]})).await.expect(409);
        assert_mistakes(&problem, [("/items/0/code", "unique")]);
        assert_eq!(api.get("/albums").await["/meta/total"], 2);

        api.post("/seats/bulk", &json!({"items": [{"row": "a", "number": 1}]})).await.expect(201);
        let problem = api.post("/seats/bulk", &json!({"items": [{"row": "a", "number": 2}, {"row": "a", "number": 1}]})).await.expect(409);
        assert_mistakes(&problem, [("/items/1/row", "unique"), ("/items/1/number", "unique")]);
    }

    async fn rows_that_are_referred_to_and_not_there_are_named_with_their_items(database: TestDatabase) {
        let api = start(&database).await;
        api.post("/labels/bulk", &json!({"items": [{"name": "one"}]})).await.expect(201);
        api.create("/genres", json!({"name": "a"})).await;
        let problem = api.post("/albums/bulk", &json!({"items": [
            {"title": "x", "label_id": 1}, {"title": "x", "label_id": 8}, {"title": "x"}, {"title": "x", "label_id": 9},
        ]})).await.expect(409);
        assert_mistakes(&problem, [("/items/1/label_id", "foreign_key"), ("/items/3/label_id", "foreign_key")]);
        let problem = api.post("/albums/bulk", &json!({"items": [
            {"title": "x", "genre_ids": ["a"]}, {"title": "x", "genre_ids": ["a", "none"]},
        ]})).await.expect(409);
        assert_mistakes(&problem, [("/items/1/genre_ids", "foreign_key")]);
        assert_eq!(api.get("/albums").await["/meta/total"], 0);
        let albums = json!({"items": [{"title": "1"}, {"title": "2"}]});
        let albums = api.post("/albums/bulk", &albums).await.expect(201);
        let changes = json!({"items": [
            {"id": albums["/items/0/id"], "label_id": 1}, {"id": albums["/items/1/id"], "label_id": 5},
        ]});
        let problem = api.patch("/albums/bulk", &changes).await.expect(409);
        assert_mistakes(&problem, [("/items/1/label_id", "foreign_key")]);
        let problem = api.patch("/labels/bulk", &json!({"items": [{"id": 1, "parent_id": 7}]})).await.expect(409);
        assert_eq!(mistakes(&problem)[0].1, "foreign_key");
    }

    async fn rows_that_others_refer_to_are_named_with_their_items(database: TestDatabase) {
        let api = start(&database).await;
        api.post("/albums/bulk", &json!({"items": [{"title": "1"}, {"title": "2"}, {"title": "3"}]})).await.expect(201);
        api.post("/tracks/bulk", &json!({"items": [{"title": "t", "album_id": 2}, {"title": "t", "album_id": 2}]})).await.expect(201);
        let problem = api.post("/albums/bulk/delete", &json!({"items": [{"id": 3}, {"id": 2}, {"id": 1}]})).await.expect(409);
        assert_mistakes(&problem, [("/items/1/id", "foreign_key")]);
        assert_eq!(api.get("/albums").await["/meta/total"], 3);
        // A label has no relation to its albums that could be asked.
        api.post("/labels/bulk", &json!({"items": [{"name": "one"}, {"name": "two"}]})).await.expect(201);
        api.patch("/albums/1", &json!({"label_id": 2})).await.expect(200);
        let problem = api.post("/labels/bulk/delete", &json!({"items": [{"id": 1}, {"id": 2}]})).await.expect(409);
        assert_mistakes(&problem, [("", "foreign_key")]);
    }

    async fn in_a_transaction_of_the_caller_nothing_more_is_asked(database: TestDatabase) {
        let api = start(&database).await;
        let mut transaction = api.database().begin().await.unwrap();
        let new = (0..2).map(|_| NewGenre::new("same"));
        let refused = Genre::create_many(new, &mut transaction).await;
        assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
        transaction.rollback().await.unwrap();
    }
}
