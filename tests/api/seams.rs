//! What kinds of writes mean for each other where they meet.

use couplet::App;
use couplet::prelude::*;
use couplet_tests::{TestDatabase, on_each_database};
use serde_json::json;

use super::support::*;

/// A file whose hook numbers it: keys that the database counts, given by hand.
#[derive(Debug, Clone, Model, Resource)]
#[model(hooks)]
#[resource(bulk)]
pub struct Dossier {
    pub id: i64,
    pub number: Option<i64>,
    #[field(unique)]
    pub name: String,
    #[relation(include, through = DossierTopic)]
    pub topics: ManyToMany<Topic>,
}

#[derive(Debug, Clone, Model, Resource)]
#[resource(bulk, upsert(name))]
pub struct Topic {
    pub id: i64,
    #[field(unique)]
    pub name: String,
    #[field(default = 0)]
    pub weight: i64,
    #[relation(include, nested)]
    pub remarks: HasMany<Remark>,
}

#[derive(Debug, Clone, Model, Resource)]
pub struct Remark {
    pub id: i64,
    pub topic_id: i64,
    pub text: String,
    #[relation]
    pub topic: BelongsTo<Topic>,
}

#[derive(Debug, Clone, Model)]
pub struct DossierTopic {
    #[field(key)]
    pub dossier_id: i64,
    #[field(key)]
    pub topic_id: i64,
    #[relation(on_delete = cascade)]
    pub dossier: BelongsTo<Dossier>,
    #[relation(on_delete = cascade)]
    pub topic: BelongsTo<Topic>,
}

impl Hooks for Dossier {
    async fn before_create(draft: &mut Draft<Self>, _: &mut HookContext<'_>) -> Result<()> {
        if let Some(number) = draft.get(Dossier::NUMBER).flatten() {
            draft.set(Dossier::ID, number);
        }
        Ok(())
    }
}

async fn start(database: &TestDatabase) -> Api {
    Api::of(App::new(config(database)).resource::<Dossier>().resource::<Topic>().resource::<Remark>()).await
}

on_each_database! {
    async fn keys_that_a_hook_sets_keep_the_order_of_the_request(database: TestDatabase) {
        let api = start(&database).await;
        api.post("/topics/bulk", &json!({"items": [{"name": "a"}, {"name": "b"}, {"name": "c"}]})).await.expect(201);
        let items = json!({"items": [
            {"number": 30, "name": "x", "topic_ids": [1]},
            {"number": 10, "name": "y", "topic_ids": [2]},
            {"number": 20, "name": "z", "topic_ids": [3]},
            {"name": "counted", "topic_ids": []},
        ]});
        let created = api.post("/dossiers/bulk", &items).await.expect(201);
        let names: Vec<_> = created["/items"].as_array().unwrap().iter().map(|item| item["name"].clone()).collect();
        assert_eq!(names, ["x", "y", "z", "counted"]);
        let topic = async |id: i64| api.get(&format!("/dossiers/{id}?include=topics")).await.expect(200)["/topics/0/name"].clone();
        assert_eq!([topic(30).await, topic(10).await, topic(20).await], ["a", "b", "c"]);
    }

    async fn a_write_that_failed_half_way_is_not_committed(database: TestDatabase) {
        let api = start(&database).await;
        let db = api.database();
        let topics = (0..1_500).map(|number| NewTopic::new(format!("{number}")));
        Topic::create_many(topics, db).await.unwrap();
        let heavy = || TopicPatch { weight: 1.into(), ..Default::default() };

        let mut transaction = db.begin().await.unwrap();
        let changes = (1..=1_501_i64).map(|id| (id, heavy()));
        let error = Topic::update_many(changes, &mut transaction).await.unwrap_err();
        assert!(matches!(error, Error::Missing(_)), "{error}");
        assert!(transaction.commit().await.is_err(), "a thousand rows are changed");
        assert_eq!(api.get("/topics/1").await["/weight"], 0);

        let mut transaction = db.begin().await.unwrap();
        assert!(Topic::delete_many(1..=1_501_i64, &mut transaction).await.is_err());
        assert!(transaction.commit().await.is_err(), "most rows are deleted");
        assert_eq!(api.get("/topics").await["/meta/total"], 1_500);

        let mut transaction = db.begin().await.unwrap();
        assert!(matches!(Topic::update(9_999, heavy(), &mut transaction).await, Err(Error::NotFound(_))));
        assert!(matches!(Topic::delete(9_999, &mut transaction).await, Err(Error::NotFound(_))));
        Topic::update(1, heavy(), &mut transaction).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(api.get("/topics/1").await["/weight"], 1, "one row that is not there is no half of a write");
    }

    async fn a_member_that_is_there_twice_is_refused_in_rows_of_rows_of_many(database: TestDatabase) {
        let api = start(&database).await;
        let text = r#"{"items": [{"name": "a", "remarks": [{"text": "one", "text": "two"}]}]}"#;
        api.send_text(reqwest::Method::POST, "/topics/bulk", "application/json", text.to_owned()).await.expect(400);
        let text = r#"{"name": "a", "remarks": [{"text": "one", "text": "two"}]}"#;
        api.send_text(reqwest::Method::POST, "/topics", "application/json", text.to_owned()).await.expect(400);
    }

    async fn related_rows_of_all_items_are_counted(database: TestDatabase) {
        let api = start(&database).await;
        let remarks = vec![json!({"text": "a"}); 1_000];
        let items: Vec<_> = (0..101).map(|number| json!({"name": format!("{number}"), "remarks": remarks})).collect();
        let problem = api.post("/topics/bulk", &json!({"items": items})).await.expect(422);
        assert_mistakes(&problem, [("/items/100", "too_many")]);
        let keys: Vec<_> = (1..=1_000).collect();
        let items: Vec<_> = (1..=101).map(|id| json!({"id": id, "topic_ids": keys})).collect();
        let problem = api.patch("/dossiers/bulk", &json!({"items": items})).await.expect(422);
        assert_mistakes(&problem, [("/items/100", "too_many")]);
    }
}
