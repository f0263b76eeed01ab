//! Changes are told once they are committed.

use couplet::events::{ChangeKind, Notice, Subscription};
use couplet::model::Value;
use couplet::prelude::*;
use couplet_tests::on_each_database;
use serde_json::json;

use super::bulk::*;

/// The next change: the model, what was done and the keys.
async fn next(changes: &mut Subscription) -> (&'static str, ChangeKind, Vec<Vec<Value>>) {
    match changes.next().await.unwrap() {
        Notice::Change(change) => (change.model, change.kind, change.keys.clone()),
        Notice::Missed(count) => panic!("{count} were missed"),
    }
}

fn keys(keys: impl IntoIterator<Item = i64>) -> Vec<Vec<Value>> {
    keys.into_iter().map(|key| vec![Value::I64(key)]).collect()
}

on_each_database! {
    async fn a_write_is_told_once_with_all_its_keys(database: TestDatabase) {
        let api = start(&database).await;
        let mut changes = api.database().subscribe();
        api.create("/genres", json!({"name": "a"})).await;
        assert_eq!(next(&mut changes).await, ("Genre", ChangeKind::Created, vec![vec![Value::Text("a".to_owned())]]));
        api.post("/albums/bulk", &json!({"items": [{"title": "1"}, {"title": "2"}]})).await.expect(201);
        assert_eq!(next(&mut changes).await, ("Album", ChangeKind::Created, keys([1, 2])));
        api.patch("/albums/1", &json!({"genre_ids": ["a"]})).await.expect(200);
        assert_eq!(next(&mut changes).await, ("Album", ChangeKind::Updated, keys([1])), "links are a part of the row");
        api.patch("/albums/2", &json!({})).await.expect(200);
        api.patch("/albums/bulk", &json!({"items": [{"id": 2, "year": 1}, {"id": 1}]})).await.expect(200);
        assert_eq!(next(&mut changes).await, ("Album", ChangeKind::Updated, keys([2])), "what changes nothing is not told");
        api.post("/albums", &json!({"title": ""})).await.expect(422);
        api.delete("/albums/9").await.expect(404);
        api.patch("/albums/bulk", &json!({"items": [{"id": 1, "year": 7}, {"id": 9}]})).await.expect(404);
        api.post("/albums/bulk/delete", &json!({"items": [{"id": 2}, {"id": 1}]})).await.expect(204);
        assert_eq!(next(&mut changes).await, ("Album", ChangeKind::Deleted, keys([2, 1])));
    }

    async fn a_transaction_tells_its_changes_with_its_commit(database: TestDatabase) {
        let api = start(&database).await;
        let db = api.database();
        let mut changes = db.subscribe();
        let mut transaction = db.begin().await.unwrap();
        Genre::create(NewGenre::new("taken back"), &mut transaction).await.unwrap();
        transaction.rollback().await.unwrap();
        let mut dropped = db.begin().await.unwrap();
        Genre::create(NewGenre::new("forgotten"), &mut dropped).await.unwrap();
        drop(dropped);
        let mut transaction = db.begin().await.unwrap();
        let album = Album::create(NewAlbum::new("1"), &mut transaction).await.unwrap();
        Album::update(album.id, AlbumPatch { year: Some(1).into(), ..Default::default() }, &mut transaction).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(next(&mut changes).await, ("Album", ChangeKind::Created, keys([album.id])));
        assert_eq!(next(&mut changes).await, ("Album", ChangeKind::Updated, keys([album.id])));
    }
}
