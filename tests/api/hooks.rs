//! Code of the app's own around writes: over HTTP and from Rust, within the transaction and after it.

use std::sync::Arc;

use couplet::App;
use couplet::error::InputError;
use couplet::http::Problem;
use couplet::prelude::*;
use couplet_tests::{TestDatabase, on_each_database};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::payload::PlainText;
use serde_json::json;
use tokio::sync::{Mutex, mpsc};

use super::support::*;

/// A room of a hotel.
#[derive(Debug, Clone, Model, Resource)]
#[model(hooks)]
pub struct Room {
    pub id: i64,
    #[field(filter, length(1..=10))]
    pub name: String,
    #[field(read_only, length(..=10))]
    pub slug: Option<String>,
    #[field(range(0..=9), default = 1)]
    pub beds: i32,
    #[field(hidden, length(..=5))]
    pub secret: Option<String>,
    #[relation(include, through = RoomLabel)]
    pub labels: ManyToMany<Label>,
}

#[derive(Debug, Clone, Model, Resource)]
pub struct Label {
    pub id: i64,
    pub text: String,
}

#[derive(Debug, Clone, Model)]
pub struct RoomLabel {
    #[field(key)]
    pub room_id: i64,
    #[field(key)]
    pub label_id: i64,
    #[relation(on_delete = cascade)]
    pub room: BelongsTo<Room>,
    #[relation]
    pub label: BelongsTo<Label>,
}

/// What was done with rooms.
#[derive(Debug, Clone, Model, Resource)]
pub struct Entry {
    pub id: i64,
    #[field(filter)]
    pub text: String,
}

/// Where news of committed changes go.
#[derive(Clone)]
struct News(mpsc::UnboundedSender<String>);

async fn note(text: String, context: &mut HookContext<'_>) -> Result<()> {
    Entry::create(NewEntry::new(text), &mut *context).await.map(drop)
}

impl Hooks for Room {
    async fn validate(draft: &Draft<Self>, context: &mut HookContext<'_>) -> Result<Vec<InputError>> {
        let mut mistakes = Vec::new();
        if let Some(name) = draft.get(Room::NAME) {
            let same = Room::query().filter(Room::NAME.eq(name)).first(&mut *context).await?;
            if same.is_some_and(|same| draft.current().is_none_or(|current| current.id != same.id)) {
                mistakes.push(Room::NAME.mistake("taken", "another room has this name"));
            }
        }
        Ok(mistakes)
    }

    async fn before_create(draft: &mut Draft<Self>, _: &mut HookContext<'_>) -> Result<()> {
        let name = draft.get(Room::NAME).unwrap_or_default();
        match name.as_str() {
            "secret" => draft.set(Room::SECRET, "too long".to_owned()),
            "palace" => draft.set(Room::SLUG, "longer than ten".to_owned()),
            "labelled" if draft.keys(Room::LABELS).is_none() => draft.set_keys(Room::LABELS, [1, 2, 1])?,
            "panic" => panic!("in a hook"),
            _ => {}
        }
        if !draft.is_set(Room::SLUG) {
            draft.set(Room::SLUG, name.to_lowercase());
        }
        Ok(())
    }

    async fn before_update(key: &i64, draft: &mut Draft<Self>, context: &mut HookContext<'_>) -> Result<()> {
        assert_eq!(draft.current().map(|room| room.id), Some(*key));
        if draft.get(Room::BEDS) == Some(0) {
            return Err(Error::Forbidden("a room without beds is none".to_owned()));
        }
        if draft.get(Room::BEDS) == Some(9) {
            draft.unset(Room::BEDS);
        }
        note(format!("before update {draft:?}"), context).await
    }

    async fn before_delete(key: &i64, context: &mut HookContext<'_>) -> Result<()> {
        let room = Room::find(*key, &mut *context).await?;
        if room.beds == 8 {
            return Err(Error::Conflict(vec![InputError::request("in_use", "eight people sleep here")]));
        }
        note(format!("before delete {}", room.name), context).await
    }

    async fn after_create(row: &Self, context: &mut HookContext<'_>) -> Result<()> {
        if row.name == "broken" {
            return Err(Error::Conflict(vec![Room::NAME.mistake("broken", "not this one")]));
        }
        if row.name.starts_with("deep") {
            // A room in a room, without end.
            Room::create(NewRoom::new(format!("{}.", row.name)), &mut *context).await?;
        }
        note(format!("created {}", row.name), context).await
    }

    async fn after_update(row: &Self, context: &mut HookContext<'_>) -> Result<()> {
        note(format!("updated {} {}", row.name, row.beds), context).await
    }

    async fn after_delete(row: &Self, context: &mut HookContext<'_>) -> Result<()> {
        note(format!("deleted {}", row.name), context).await
    }

    async fn after_commit(change: &Committed<Self>, context: &mut HookContext<'_>) -> Result<()> {
        let Ok(News(news)) = context.data::<News>().cloned() else { return Ok(()) };
        // Everyone sees the change by now, and the hook may write on its own.
        note(format!("told of {}", change.row().name), context).await?;
        let what = match change {
            Committed::Created(_) => "created",
            Committed::Updated(_) => "updated",
            Committed::Deleted(_) => "deleted",
            _ => "changed",
        };
        news.send(format!("{what} {}", change.row().name)).map_err(Error::other)?;
        if change.row().name == "sulking" { Err(Error::other("does not like to be told")) } else { Ok(()) }
    }
}

struct Hotel {
    api: Api,
    news: mpsc::UnboundedReceiver<String>,
}

impl Hotel {
    async fn open(database: &TestDatabase) -> Self {
        let (sender, news) = mpsc::unbounded_channel();
        let app = App::new(config(database)).data(News(sender)).api(Reception);
        let api = Api::of(app.resource::<Room>().resource::<Label>().resource::<Entry>()).await;
        Self { api, news }
    }

    async fn entries(&self) -> Vec<String> {
        self.api.column("/entries?sort=id&per_page=100", "text").await
    }

    async fn rooms(&self) -> Vec<String> {
        self.api.column("/rooms?sort=id", "name").await
    }

    async fn told(&mut self) -> String {
        let told = tokio::time::timeout(std::time::Duration::from_secs(10), self.news.recv()).await;
        told.expect("news come in time").expect("the app lives")
    }
}

struct Reception;

#[OpenApi]
impl Reception {
    /// Whether there is a line for news.
    #[oai(path = "/open", method = "get")]
    async fn open(&self, news: Data<&News>, db: Data<&Database>) -> Result<PlainText<String>, Problem> {
        let of_database: &News = db.data()?;
        Ok(PlainText(format!("{}", news.0.0.same_channel(&of_database.0))))
    }
}

on_each_database! {
    async fn hooks_surround_every_write_over_http(database: TestDatabase) {
        let mut hotel = Hotel::open(&database).await;
        let created = hotel.api.create("/rooms", json!({"name": "Sea"})).await;
        assert_eq!(created["/slug"], "sea", "a hook sets what no client may");
        assert_eq!(hotel.told().await, "created Sea");
        let updated = hotel.api.patch("/rooms/1", &json!({"beds": 3})).await.expect(200);
        assert_eq!((&updated["/beds"], &updated["/slug"]), (&json!(3), &json!("sea")));
        assert_eq!(hotel.told().await, "updated Sea");
        hotel.api.put("/rooms/1", &json!({"name": "Lake", "beds": 9})).await.expect(200);
        assert_eq!(hotel.told().await, "updated Lake");
        hotel.api.delete("/rooms/1").await.expect(204);
        assert_eq!(hotel.told().await, "deleted Lake");
        let expected = [
            "created Sea", "told of Sea",
            "before update {\"beds\"}", "updated Sea 3", "told of Sea",
            "before update {\"name\"}", "updated Lake 3", "told of Lake",
            "before delete Lake", "deleted Lake", "told of Lake",
        ];
        assert_eq!(hotel.entries().await, expected);
    }

    async fn typed_writes_run_them_too_for_each_of_many_rows(database: TestDatabase) {
        let mut hotel = Hotel::open(&database).await;
        let db = hotel.api.database().clone();
        let rooms = Room::create_many(["A", "B", "C"].map(NewRoom::new), &db).await.unwrap();
        assert_eq!(rooms.iter().map(|room| room.slug.clone().unwrap()).collect::<Vec<_>>(), ["a", "b", "c"]);
        for name in ["A", "B", "C"] {
            assert_eq!(hotel.told().await, format!("created {name}"));
        }
        assert_eq!(hotel.entries().await[..3], ["created A", "created B", "created C"]);

        let new = ["D", "A", "D", "B"].map(NewRoom::new);
        let Err(Error::Invalid(mistakes)) = Room::create_many(new, &db).await else { panic!("two names are taken") };
        let places: Vec<_> = mistakes.into_iter().map(|mistake| mistake.at).collect();
        let at = |pointer: &str| couplet::error::Location::Pointer(pointer.to_owned());
        assert_eq!(places, [at("/items/1/name"), at("/items/3/name")]);
        assert_eq!(hotel.rooms().await, ["A", "B", "C"]);
    }

    async fn in_a_callers_transaction_news_wait_for_its_commit(database: TestDatabase) {
        let mut hotel = Hotel::open(&database).await;
        let mut transaction = hotel.api.database().begin().await.unwrap();
        Room::create(NewRoom::new("lost"), &mut transaction).await.unwrap();
        transaction.rollback().await.unwrap();
        drop(hotel.api.database().begin().await.unwrap());

        let mut transaction = hotel.api.database().begin().await.unwrap();
        let room = Room::create(NewRoom::new("kept"), &mut transaction).await.unwrap();
        Room::update(room.id, RoomPatch { beds: 2.into(), ..Default::default() }, &mut transaction).await.unwrap();
        assert!(hotel.news.try_recv().is_err(), "nothing is committed");
        transaction.commit().await.unwrap();
        assert_eq!((hotel.told().await, hotel.told().await), ("created kept".to_owned(), "updated kept".to_owned()));
        assert_eq!(hotel.rooms().await, ["kept"]);
    }

    async fn mistakes_of_rules_and_of_hooks_are_answered_together(database: TestDatabase) {
        let hotel = Hotel::open(&database).await;
        hotel.api.create("/rooms", json!({"name": "Sea"})).await;
        let both = hotel.api.post("/rooms", &json!({"name": "Sea", "beds": 10})).await.expect(422);
        assert_mistakes(&both, [("/name", "taken"), ("/beds", "range")]);
        hotel.api.patch("/rooms/1", &json!({"name": "Sea"})).await.expect(200);
        let typed = Room::create(NewRoom { beds: Some(10), ..NewRoom::new("Sea") }, hotel.api.database()).await;
        assert!(matches!(typed, Err(Error::Invalid(mistakes)) if mistakes.len() == 2));
    }

    async fn what_a_hook_sets_is_checked_too(database: TestDatabase) {
        let hotel = Hotel::open(&database).await;
        let long = hotel.api.post("/rooms", &json!({"name": "palace"})).await.expect(422);
        assert_mistakes(&long, [("/slug", "length")]);
        let hidden = hotel.api.post("/rooms", &json!({"name": "secret"})).await.expect(422);
        assert_mistakes(&hidden, [("", "length")]);
        assert!(!hidden.text().contains("/secret"), "{hidden}");
        assert_eq!(hotel.entries().await, [""; 0]);
    }

    async fn a_hook_sets_keys(database: TestDatabase) {
        let hotel = Hotel::open(&database).await;
        for text in ["quiet", "large"] {
            hotel.api.create("/labels", json!({"text": text})).await;
        }
        hotel.api.create("/rooms", json!({"name": "labelled"})).await;
        let room = hotel.api.get("/rooms/1?include=labels").await.expect(200);
        assert_eq!(room["/labels"].as_array().map(Vec::len), Some(2));
        hotel.api.delete("/rooms/1").await.expect(204);
        hotel.api.create("/rooms", json!({"name": "labelled", "label_ids": [2]})).await;
        let room = hotel.api.get("/rooms/2?include=labels").await.expect(200);
        assert_eq!((room["/labels"].as_array().map(Vec::len), &room["/labels/0/id"]), (Some(1), &json!(2)));
    }

    async fn an_error_takes_all_back_and_keeps_its_kind(database: TestDatabase) {
        let mut hotel = Hotel::open(&database).await;
        let conflict = hotel.api.post("/rooms", &json!({"name": "broken"})).await.expect(409);
        assert_mistakes(&conflict, [("/name", "broken")]);
        hotel.api.post("/rooms", &json!({"name": "panic"})).await.expect(500);
        assert_eq!(hotel.rooms().await, [""; 0]);
        hotel.api.create("/rooms", json!({"name": "Sea", "beds": 8})).await;
        let id = Room::query().first(hotel.api.database()).await.unwrap().unwrap().id;
        let forbidden = hotel.api.patch(&format!("/rooms/{id}"), &json!({"beds": 0})).await.expect(403);
        assert_eq!(forbidden["/detail"], "a room without beds is none");
        let in_use = hotel.api.delete(&format!("/rooms/{id}")).await.expect(409);
        assert_mistakes(&in_use, [("", "in_use")]);
        assert_eq!(hotel.entries().await[0], "created Sea");
        assert_eq!(hotel.told().await, "created Sea");
        assert!(hotel.news.try_recv().is_err());

        let mut transaction = hotel.api.database().begin().await.unwrap();
        Room::create(NewRoom::new("broken"), &mut transaction).await.expect_err("the hook refuses");
        let error = transaction.commit().await.expect_err("half of it must not stay").to_string();
        assert!(error.contains("a hook of the transaction failed"), "{error}");
        assert_eq!(hotel.rooms().await, ["Sea"]);
    }

    async fn hooks_are_not_asked_of_rows_that_are_not_there(database: TestDatabase) {
        let (sender, _news) = mpsc::unbounded_channel();
        let app = App::new(config(&database)).data(News(sender)).resource::<Label>().resource::<Entry>();
        let app = app.resource_with::<Room>(|rooms| rooms.filter(Room::NAME.ne("hidden")));
        let api = Api::of(app).await;
        Room::create(NewRoom { beds: Some(8), ..NewRoom::new("hidden") }, api.database()).await.unwrap();
        for id in [1, 7] {
            api.patch(&format!("/rooms/{id}"), &json!({"beds": 0})).await.expect(404);
            api.delete(&format!("/rooms/{id}")).await.expect(404);
        }
    }

    async fn after_commit_changes_no_answer(database: TestDatabase) {
        let mut hotel = Hotel::open(&database).await;
        hotel.api.create("/rooms", json!({"name": "sulking"})).await;
        assert_eq!(hotel.told().await, "created sulking");
        hotel.api.create("/rooms", json!({"name": "merry"})).await;
        assert_eq!(hotel.told().await, "created merry");
        assert_eq!(hotel.rooms().await, ["sulking", "merry"]);
    }

    async fn a_hook_that_writes_its_own_model_without_end_is_stopped(database: TestDatabase) {
        let hotel = Hotel::open(&database).await;
        let error = Room::create(NewRoom::new("deep"), hotel.api.database()).await.expect_err("it has no end");
        assert!(error.to_string().contains("within 4 writes of hooks"), "{error}");
        assert_eq!(hotel.rooms().await, [""; 0]);
    }

    async fn statements_of_hooks_are_counted_and_are_no_reason_to_refuse(database: TestDatabase) {
        let hotel = Hotel::open(&database).await;
        // The insert, and in hooks a query by name and a note.
        assert_eq!(hotel.api.create("/rooms", json!({"name": "Sea"})).await.statements(), 3);
        // The row under lock, the update, and in hooks a query by name and two notes.
        assert_eq!(hotel.api.patch("/rooms/1", &json!({"name": "Lake"})).await.expect(200).statements(), 5);
        // The row under lock, the delete, and in hooks the row and two notes.
        assert_eq!(hotel.api.delete("/rooms/1").await.expect(204).statements(), 5);
        assert_eq!(hotel.api.metric(r#"db_query_budget_exceeded_total{endpoint="/rooms"}"#).await, 0.0);
    }

    async fn data_reaches_endpoints_and_the_database(database: TestDatabase) {
        let hotel = Hotel::open(&database).await;
        assert_eq!(hotel.api.get("/open").await.expect(200).text(), "true");
        let missing = hotel.api.database().data::<Arc<Mutex<i32>>>().expect_err("nobody gave one").to_string();
        assert!(missing.contains("Mutex<i32>") && missing.contains("App::data"), "{missing}");
    }
}

#[tokio::test]
async fn two_values_of_one_type_are_a_mistake() {
    let app = App::new(config(&TestDatabase::sqlite())).data(1_i32).data(2_i32);
    let error = app.start().await.err().expect("the second would hide the first").to_string();
    assert_eq!(error, "two values of type i32 are given to `App::data`; give one a type of its own");
}
