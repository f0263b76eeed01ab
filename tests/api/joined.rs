//! Deletes that leave the row, upserts, children, versions, hooks, bulk, keys of requests and change notices, together.

use std::sync::Arc;

use couplet::App;
use couplet::error::InputError;
use couplet::events::{ChangeKind, Notice, Subscription};
use couplet::model::Value;
use couplet::prelude::*;
use couplet_tests::{Answer, TestDatabase, on_each_database};
use reqwest::Method;
use serde_json::{Value as JsonValue, json};
use tokio::sync::Notify;

use super::support::*;

/// What is sent around; its code is written in small letters.
#[derive(Debug, Clone, Model, Resource)]
#[model(hooks)]
#[resource(bulk, deleted, upsert(code))]
pub struct Parcel {
    pub id: i64,
    #[field(filter, sort, unique, length(1..=20))]
    pub code: String,
    #[field(default = 1, range(0..=100))]
    pub weight: i32,
    #[field(read_only)]
    pub origin: Option<String>,
    #[field(version)]
    pub version: i64,
    #[field(deleted_at)]
    pub deleted_at: Option<DateTime<Utc>>,
    #[relation(include, nested)]
    pub contents: HasMany<Content>,
    #[relation(include, through = ParcelStamp)]
    pub stamps: ManyToMany<Stamp>,
}

/// What lies in a parcel.
#[derive(Debug, Clone, Model, Resource)]
#[model(hooks)]
#[resource(operations(list, bulk_create))]
pub struct Content {
    pub id: i64,
    pub parcel_id: i64,
    #[field(unique, length(1..=20))]
    pub name: String,
    #[relation(include, on_delete = cascade)]
    pub parcel: BelongsTo<Parcel>,
}

/// No hooks, so that nothing but its own statements is counted.
#[derive(Debug, Clone, Model, Resource)]
#[resource(bulk, deleted, upsert(name))]
pub struct Stamp {
    pub id: i64,
    #[field(filter, sort, unique)]
    pub name: String,
    pub color: Option<String>,
    #[field(version)]
    pub version: i32,
    #[field(deleted_at)]
    pub deleted_at: Option<DateTime<Utc>>,
    #[relation(include, through = ParcelStamp)]
    pub parcels: ManyToMany<Parcel>,
    #[relation(include, nested)]
    pub prints: HasMany<Print>,
}

/// Which stamps are on which parcel; a row stays when it is taken off.
#[derive(Debug, Clone, Model)]
pub struct ParcelStamp {
    #[field(key)]
    pub parcel_id: i64,
    #[field(key)]
    pub stamp_id: i64,
    #[field(deleted_at)]
    pub deleted_at: Option<DateTime<Utc>>,
    #[field(version)]
    pub version: i32,
    #[relation(on_delete = cascade)]
    pub parcel: BelongsTo<Parcel>,
    #[relation(on_delete = cascade)]
    pub stamp: BelongsTo<Stamp>,
}

#[derive(Debug, Clone, Model, Resource)]
pub struct Print {
    pub id: i64,
    pub stamp_id: i64,
    #[field(sort, unique)]
    pub number: i32,
    #[relation(on_delete = cascade)]
    pub stamp: BelongsTo<Stamp>,
}

/// Where the create of a parcel of this weight waits, once.
const SLOW: i32 = 77;

#[derive(Clone, Default)]
struct Gate {
    waits: Arc<Notify>,
    opens: Arc<Notify>,
}

/// What the hooks have done.
#[derive(Debug, Clone, Model, Resource)]
pub struct Log {
    pub id: i64,
    #[field(sort)]
    pub text: String,
}

async fn log(text: String, context: &mut HookContext<'_>) -> Result<()> {
    Log::create(NewLog::new(text), &mut *context).await.map(drop)
}

impl Hooks for Parcel {
    async fn validate(draft: &Draft<Self>, _: &mut HookContext<'_>) -> Result<Vec<InputError>> {
        let is_lost = draft.get(Parcel::CODE).is_some_and(|code| code == "lost");
        Ok(is_lost.then(|| Parcel::CODE.mistake("lost", "no parcel is called so")).into_iter().collect())
    }

    async fn before_create(draft: &mut Draft<Self>, context: &mut HookContext<'_>) -> Result<()> {
        if let (Ok(gate), Some(SLOW)) = (context.data::<Gate>(), draft.get(Parcel::WEIGHT)) {
            gate.waits.notify_one();
            gate.opens.notified().await;
        }
        let code = draft.get(Parcel::CODE).unwrap_or_default().to_lowercase();
        log(format!("before create {code}"), context).await?;
        draft.set(Parcel::CODE, code);
        draft.set(Parcel::ORIGIN, "here".to_owned());
        Ok(())
    }

    async fn before_update(key: &i64, draft: &mut Draft<Self>, context: &mut HookContext<'_>) -> Result<()> {
        let current = draft.current().map(|parcel| (parcel.weight, parcel.deleted_at.is_some()));
        let Some((weight, is_deleted)) = current else { return Err(Error::other("an update has a row")) };
        if weight == 100 {
            return Err(Error::Conflict(vec![InputError::request("sealed", "nobody lifts it")]));
        }
        if is_deleted {
            draft.set(Parcel::ORIGIN, "back".to_owned());
        }
        log(format!("before update {key} of {weight}"), context).await
    }

    async fn before_delete(key: &i64, context: &mut HookContext<'_>) -> Result<()> {
        log(format!("before delete {key}"), context).await
    }

    async fn after_create(row: &Self, context: &mut HookContext<'_>) -> Result<()> {
        log(format!("created {}", row.code), context).await
    }

    async fn after_update(row: &Self, context: &mut HookContext<'_>) -> Result<()> {
        log(format!("updated {} {}", row.code, row.version), context).await
    }

    async fn after_delete(row: &Self, context: &mut HookContext<'_>) -> Result<()> {
        log(format!("deleted {} {}", row.code, row.deleted_at.is_some()), context).await
    }
}

impl Hooks for Content {
    async fn validate(draft: &Draft<Self>, _: &mut HookContext<'_>) -> Result<Vec<InputError>> {
        let is_bomb = draft.get(Content::NAME).is_some_and(|name| name == "bomb");
        Ok(is_bomb.then(|| Content::NAME.mistake("forbidden", "not by post")).into_iter().collect())
    }

    async fn before_create(draft: &mut Draft<Self>, context: &mut HookContext<'_>) -> Result<()> {
        let parcel = draft.get(Content::PARCEL_ID).unwrap_or_default();
        log(format!("before content of {parcel}"), context).await
    }

    async fn after_create(row: &Self, context: &mut HookContext<'_>) -> Result<()> {
        log(format!("content {}", row.name), context).await
    }
}

fn app(database: &TestDatabase) -> App {
    App::new(config(database)).resource::<Content>().resource::<Stamp>().resource::<Print>().resource::<Log>()
}

async fn start(database: &TestDatabase) -> Api {
    Api::of(app(database).resource::<Parcel>()).await
}

/// What the hooks have done since they were asked last.
async fn logged(api: &Api) -> Vec<String> {
    let texts = api.column("/logs?sort=id&per_page=100", "text").await;
    let all: Vec<i64> = Log::query().fetch(api.database()).await.unwrap().items.iter().map(|log| log.id).collect();
    Log::delete_many(all, api.database()).await.unwrap();
    texts
}

fn items(rows: impl Into<JsonValue>) -> JsonValue {
    json!({"items": rows.into()})
}

fn of_items(answer: &Answer, member: &str) -> Vec<JsonValue> {
    answer["/items"].as_array().unwrap().iter().map(|item| item[member].clone()).collect()
}

async fn next(changes: &mut Subscription) -> (&'static str, ChangeKind, Vec<i64>) {
    let Some(Notice::Change(change)) = changes.next().await else { panic!("there is a change") };
    let key = |key: &Vec<Value>| if let [Value::I64(key)] = key[..] { key } else { 0 };
    (change.model, change.kind, change.keys.iter().map(key).collect())
}

/// SQLite is asked what is there before an upsert.
fn of_upsert(database: &TestDatabase) -> u32 {
    u32::from(is_sqlite(database))
}

on_each_database! {
    async fn an_upsert_runs_the_hooks_of_what_it_does(database: TestDatabase) {
        let api = start(&database).await;
        let put = async |body: JsonValue| api.post("/parcels?on_conflict=code", &body).await;
        let created = put(json!({"code": "a"})).await.expect(201);
        assert_eq!((&created["/origin"], created.header("etag")), (&json!("here"), Some("\"1\"")));
        assert_eq!(logged(&api).await, ["before create a", "created a"]);

        let updated = put(json!({"code": "a", "weight": 3})).await.expect(200);
        assert_eq!((&updated["/version"], updated.header("etag")), (&json!(2), Some("\"2\"")));
        assert_eq!(logged(&api).await, ["before update 1 of 1", "updated a 2"]);
        assert_mistakes(&put(json!({"code": "lost", "weight": 101})).await.expect(422), [
            ("/code", "lost"),
            ("/weight", "range"),
        ]);

        // The hook of a create finds the row that is there.
        let moved = put(json!({"code": "A", "weight": 100})).await.expect(200);
        assert_eq!((&moved["/id"], &moved["/code"], &moved["/origin"]), (&json!(1), &json!("a"), &json!("here")));
        assert_eq!(logged(&api).await, ["before create a", "before update 1 of 3", "updated a 3"]);
        assert_mistakes(&put(json!({"code": "a", "weight": 1})).await.expect(409), [("", "sealed")]);
        assert_eq!(logged(&api).await, [""; 0], "an update that is refused leaves nothing");
    }

    async fn a_row_that_comes_between_is_updated_with_the_hooks_of_an_update(database: TestDatabase) {
        if is_sqlite(&database) {
            // Whoever writes there writes alone.
            return;
        }
        let gate = Gate::default();
        let api = Api::of(app(&database).data(gate.clone()).resource::<Parcel>()).await;
        let body = json!({"code": "a", "weight": SLOW});
        let slow = api.post("/parcels?on_conflict=code", &body);
        let fast = async {
            gate.waits.notified().await;
            api.create("/parcels", json!({"code": "a"})).await;
            gate.opens.notify_one();
        };
        let (updated, ()) = tokio::join!(slow, fast);
        assert_eq!(updated.expect(200)["/version"], 2);
        let expected = ["before create a", "created a", "before update 1 of 1", "updated a 2"];
        assert_eq!(logged(&api).await, expected);
    }

    async fn restores_and_deletes_of_every_kind_run_hooks(database: TestDatabase) {
        let api = start(&database).await;
        api.create("/parcels", json!({"code": "a"})).await;
        api.delete("/parcels/1").await.expect(204);
        let restored = api.post("/parcels/1/restore", &json!({})).await.expect(200);
        assert_eq!((&restored["/origin"], &restored["/version"]), (&json!("back"), &json!(3)), "a hook sets more");
        assert_eq!(api.post("/parcels/1/restore", &json!({})).await.expect(200)["/version"], 3, "no change, no hook");
        Parcel::purge(1, api.database()).await.unwrap();
        let expected = [
            "before create a", "created a",
            "before delete 1", "deleted a true",
            "before update 1 of 1", "updated a 3",
            "before delete 1", "deleted a false",
        ];
        assert_eq!(logged(&api).await, expected);
        api.create("/parcels", json!({"code": "sealed", "weight": 100})).await;
        api.delete("/parcels/2").await.expect(204);
        assert_mistakes(&api.post("/parcels/2/restore", &json!({})).await.expect(409), [("", "sealed")]);
    }

    async fn a_bulk_write_runs_each_hook_for_all_rows_before_the_next(database: TestDatabase) {
        let api = start(&database).await;
        let created = api.post("/parcels/bulk", &items([json!({"code": "A"}), json!({"code": "b"})])).await.expect(201);
        assert_eq!(of_items(&created, "code"), ["a", "b"]);
        assert_eq!(logged(&api).await, ["before create a", "before create b", "created a", "created b"]);

        let change = items([json!({"id": 2, "weight": 5}), json!({"id": 1, "weight": 6, "version": 1})]);
        let updated = api.patch("/parcels/bulk", &change).await.expect(200);
        assert_eq!((of_items(&updated, "version"), updated.statements()), (vec![json!(2), json!(2)], 6));
        let expected = ["before update 2 of 1", "before update 1 of 1", "updated b 2", "updated a 2"];
        assert_eq!(logged(&api).await, expected);

        let gone = api.post("/parcels/bulk/delete", &items([json!({"id": 2}), json!({"id": 1})])).await.expect(204);
        assert_eq!(gone.statements(), 6, "one statement finds the rows, one marks them, and four log");
        assert_eq!(logged(&api).await, ["before delete 2", "before delete 1", "deleted b true", "deleted a true"]);

        let wrong = items([json!({"code": "c"}), json!({"code": "lost", "weight": -1}), json!({"code": "lost"})]);
        assert_mistakes(&api.post("/parcels/bulk", &wrong).await.expect(422), [
            ("/items/1/weight", "range"),
            ("/items/1/code", "lost"),
            ("/items/2/code", "lost"),
        ]);
        assert_eq!(logged(&api).await, [""; 0]);
    }

    async fn hooks_are_asked_of_no_row_that_is_missing_or_has_another_version(database: TestDatabase) {
        let api = start(&database).await;
        api.post("/parcels/bulk", &items([json!({"code": "a", "weight": 100}), json!({"code": "b"})])).await.expect(201);
        let stale = items([json!({"id": 1, "version": 7, "weight": 1}), json!({"id": 2, "version": 1, "weight": 1})]);
        assert_mistakes(&api.patch("/parcels/bulk", &stale).await.expect(412), [("/items/0/version", "stale")]);
        let missing = items([json!({"id": 1, "weight": 1}), json!({"id": 8}), json!({"id": 9})]);
        let missing = api.patch("/parcels/bulk", &missing).await.expect(404);
        assert_mistakes(&missing, [("/items/1/id", "not_found"), ("/items/2/id", "not_found")]);
        let one = api.patch("/parcels/bulk", &items([json!({"id": 1, "version": 7, "weight": 1})])).await.expect(412);
        assert_mistakes(&one, [("/items/0/version", "stale")]);
        let sealed = items([json!({"id": 2, "weight": 1}), json!({"id": 1, "weight": 1})]);
        assert_mistakes(&api.patch("/parcels/bulk", &sealed).await.expect(409), [("/items/1", "sealed")]);
    }

    async fn many_rows_are_marked_by_one_statement_and_versions_are_compared(database: TestDatabase) {
        let api = start(&database).await;
        let rows: Vec<_> = (0..1_500).map(|number| json!({"name": format!("s{number}")})).collect();
        api.post("/stamps/bulk", &items(rows)).await.expect(201);
        let stale = items([json!({"id": 1, "version": 1}), json!({"id": 2, "version": 2}), json!({"id": 3})]);
        let stale = api.post("/stamps/bulk/delete", &stale).await.expect(412);
        assert_mistakes(&stale, [("/items/1/version", "stale")]);

        let all: Vec<_> = (1..=1_500).map(|id| json!({"id": id, "version": 1})).collect();
        let gone = api.post("/stamps/bulk/delete", &items(all)).await.expect(204);
        assert_eq!(gone.statements(), 1);
        assert_eq!(api.get("/stamps").await["/meta/total"], 0);
        assert_eq!(api.get("/stamps/7?deleted=only").await["/version"], 2, "a delete is a change");
        let again = api.post("/stamps/bulk/delete", &items([json!({"id": 1}), json!({"id": 2})])).await.expect(404);
        assert_mistakes(&again, [("/items/0/id", "not_found"), ("/items/1/id", "not_found")]);
        assert_eq!(api.patch("/stamps/bulk", &items([json!({"id": 1}), json!({"id": 2})])).await.status(), 404);

        let stamp = Stamp::restore(7, api.database()).await.unwrap();
        assert_eq!((stamp.version, stamp.deleted_at), (3, None));
        assert!(matches!(Stamp::delete_if(7, 2, api.database()).await, Err(Error::Stale(_))));
        Stamp::delete_if(7, 3, api.database()).await.unwrap();
    }

    async fn a_restore_may_name_the_version_that_it_is_meant_for(database: TestDatabase) {
        let api = start(&database).await;
        api.create("/stamps", json!({"name": "a"})).await;
        api.delete("/stamps/1").await.expect(204);
        let restore = async |tag: &str| {
            let request = api.request(Method::POST, "/stamps/1/restore").header("if-match", tag);
            api.send(request).await
        };
        assert_mistakes(&restore("\"1\"").await.expect(412), [("", "stale")]);
        let restored = restore("\"2\"").await.expect(200);
        assert_eq!((restored.header("etag"), restored.statements()), (Some("\"3\""), 1));
        assert_eq!(restore("\"3\"").await.expect(200).header("etag"), Some("\"3\""), "it is there as it is");
        assert_mistakes(&restore("\"2\"").await.expect(412), [("", "stale")]);
    }

    async fn many_rows_are_created_or_changed_by_a_unique_key(database: TestDatabase) {
        let api = start(&database).await;
        let put = async |rows: JsonValue| api.post("/stamps/bulk?on_conflict=name", &items(rows)).await;
        api.post("/stamps/bulk", &items([json!({"name": "b", "color": "red"}), json!({"name": "gone"})])).await.expect(201);
        api.delete("/stamps/2").await.expect(204);

        let rows = json!([{"name": "c"}, {"name": "b", "color": "blue"}, {"name": "a"}, {"name": "gone", "color": null}]);
        let written = put(rows).await.expect(200);
        assert_eq!(of_items(&written, "name"), ["c", "b", "a", "gone"]);
        assert_eq!(of_items(&written, "version"), [1, 2, 1, 1]);
        assert_eq!(written["/items/1/id"], 1);
        assert_ne!(written["/items/3/id"], 2, "a deleted row has given its name back");
        assert_eq!(written.statements(), 2 + 2 * of_upsert(&database), "one for the rows that name the same columns");

        let many: Vec<_> = (0..1_500).map(|number| json!({"name": format!("{}", 7_919 * number % 1_500)})).collect();
        for _ in 0..2 {
            let written = put(json!(many)).await.expect(200);
            assert_eq!(written.statements(), 2 + 2 * of_upsert(&database));
            let names: Vec<_> = many.iter().map(|row| row["name"].clone()).collect();
            assert_eq!(of_items(&written, "name"), names);
        }
        assert_eq!(api.get("/stamps?name=42").await["/items/0/version"], 2);

        let twice = put(json!([{"name": "x"}, {"name": "y"}, {"name": "x"}])).await.expect(422);
        assert_mistakes(&twice, [("/items/2/name", "duplicate")]);
        let wrong = put(json!([{"color": "x"}, {"name": "y", "prints": []}])).await.expect(422);
        assert_mistakes(&wrong, [("/items/0/name", "required"), ("/items/1/prints", "read_only")]);
        let unknown = api.post("/stamps/bulk?on_conflict=color", &json!({"items": []})).await.expect(400);
        assert_mistakes(&unknown, [("on_conflict", "unknown_field")]);
        assert_eq!(put(json!([])).await.expect(200)["/items"], json!([]));
    }

    async fn a_bulk_upsert_runs_the_hooks_of_each_row_and_changes_no_hidden_one(database: TestDatabase) {
        let shown = |api: couplet::App| api.resource_with::<Parcel>(|parcels| parcels.filter(Parcel::WEIGHT.gt(1)));
        let api = Api::of(shown(app(&database))).await;
        Parcel::create_many(["hidden", "a"].map(NewParcel::new), api.database()).await.unwrap();
        Parcel::update(2, ParcelPatch { weight: 2.into(), ..Default::default() }, api.database()).await.unwrap();
        logged(&api).await;
        let put = async |rows: JsonValue| api.post("/parcels/bulk?on_conflict=code", &items(rows)).await;
        let written = put(json!([{"code": "B", "weight": 3}, {"code": "A", "weight": 4}, {"code": "c", "weight": 5}])).await;
        assert_eq!(of_items(&written.expect(200), "code"), ["b", "a", "c"]);
        let expected = [
            "before create b", "before create a", "before create c", "before update 2 of 2",
            "created b", "updated a 3", "created c",
        ];
        assert_eq!(logged(&api).await, expected);
        let taken = put(json!([{"code": "d", "weight": 3}, {"code": "hidden", "weight": 4}])).await.expect(409);
        assert_mistakes(&taken, [("/items/1/code", "unique")]);
        // A hook gives two rows one key.
        let twice = put(json!([{"code": "e", "weight": 3}, {"code": "E", "weight": 4}])).await.expect(422);
        assert_mistakes(&twice, [("/items/1/code", "duplicate")]);
        let one = put(json!([{"code": "hidden", "weight": 4}])).await.expect(409);
        assert_mistakes(&one, [("/items/0/code", "unique")]);
    }

    async fn rust_code_upserts_many_rows(database: TestDatabase) {
        let api = start(&database).await;
        let new = |name: &str| NewStamp { color: Some(name.to_uppercase()), ..NewStamp::new(name) };
        let one = Stamp::upsert_many([new("b")], Stamp::NAME, api.database()).await.unwrap();
        assert!(one[0].1);
        let mut transaction = api.database().begin().await.unwrap();
        let many = Stamp::upsert_many(["c", "b", "a"].map(new), Stamp::NAME, &mut transaction).await.unwrap();
        transaction.commit().await.unwrap();
        let told: Vec<_> = many.iter().map(|(stamp, is_new)| (stamp.name.as_str(), stamp.version, *is_new)).collect();
        assert_eq!(told, [("c", 1, true), ("b", 2, false), ("a", 1, true)]);
        let none: [NewStamp; 0] = [];
        assert!(Stamp::upsert_many(none, Stamp::NAME, api.database()).await.unwrap().is_empty());
        let twice = Stamp::upsert_many(["x", "x"].map(new), Stamp::NAME, api.database()).await.unwrap_err();
        assert_eq!(twice.to_string(), "/items/1/name: item 0 has this key already; each row is named once");
    }

    async fn children_of_many_rows_share_their_statements(database: TestDatabase) {
        let api = start(&database).await;
        let rows: Vec<_> = (0..900)
            .map(|number| json!({"name": format!("s{number}"), "prints": [{"number": 2 * number + 1}, {"number": 2 * number}]}))
            .collect();
        let created = api.post("/stamps/bulk", &items(rows)).await.expect(201);
        assert_eq!(created.statements(), 3, "one for the rows, one for each thousand of children");
        for (place, prints) in of_items(&created, "prints").iter().enumerate() {
            assert_eq!((&prints[0]["number"], &prints[1]["number"]), (&json!(2 * place + 1), &json!(2 * place)));
            assert_eq!(prints[0]["stamp_id"], place + 1);
        }
        let some = items([json!({"name": "x"}), json!({"name": "y", "prints": [{"number": 9_000}]})]);
        let created = api.post("/stamps/bulk", &some).await.expect(201);
        assert_eq!((&created["/items/0/prints"], created["/items/1/prints"].as_array().map(Vec::len)), (&json!([]), Some(1)));

        let taken = items([
            json!({"name": "v", "prints": [{"number": 9_001}]}),
            json!({"name": "w", "prints": [{"number": 9_002}, {"number": 7}]}),
        ]);
        let taken = api.post("/stamps/bulk", &taken).await.expect(409);
        assert_mistakes(&taken, [("/items/1/prints/1/number", "unique")]);
        let wrong = items([json!({"name": "v", "prints": [{"number": "one"}, 7]}), json!({"prints": [{}]})]);
        assert_mistakes(&api.post("/stamps/bulk", &wrong).await.expect(422), [
            ("/items/0/prints/0/number", "invalid_value"),
            ("/items/0/prints/1", "invalid_value"),
            ("/items/1/name", "required"),
            ("/items/1/prints/0/number", "required"),
        ]);
        let one = items([json!({"name": "v", "prints": [{"number": 9_003}, {"number": 9_003}]})]);
        let one = api.post("/stamps/bulk", &one).await.expect(409);
        assert_mistakes(&one, [("/items/0/prints/1/number", "unique")]);
        assert_eq!(api.get("/stamps").await["/meta/total"], 902);
    }

    async fn children_run_the_hooks_of_their_own_model(database: TestDatabase) {
        let api = start(&database).await;
        let body = json!({"code": "a", "contents": [{"name": "tea"}, {"name": "cups"}]});
        let created = api.create("/parcels", body).await;
        assert_eq!(created["/contents/1/name"], "cups");
        let expected = [
            "before create a", "before content of 1", "before content of 1", "content tea", "content cups", "created a",
        ];
        assert_eq!(logged(&api).await, expected);

        let refused = json!({"code": "b", "contents": [{"name": "tea 2"}, {"name": "bomb"}]});
        assert_mistakes(&api.post("/parcels", &refused).await.expect(422), [("/contents/1/name", "forbidden")]);
        let refused = json!({"code": "b", "contents": [{"name": "bomb"}]});
        assert_mistakes(&api.post("/parcels", &refused).await.expect(422), [("/contents/0/name", "forbidden")]);
        let refused = items([json!({"code": "b"}), json!({"code": "c", "contents": [{"name": "x"}, {"name": "bomb"}]})]);
        let refused = api.post("/parcels/bulk", &refused).await.expect(422);
        assert_mistakes(&refused, [("/items/1/contents/1/name", "forbidden")]);
        let long = json!({"code": "b", "contents": [{"name": "a name that is far too long"}]});
        assert_mistakes(&api.post("/parcels", &long).await.expect(422), [("/contents/0/name", "length")]);
        assert_eq!(logged(&api).await, [""; 0]);
        assert_eq!(api.get("/parcels").await["/meta/total"], 1);
    }

    async fn values_of_deleted_rows_are_nobodys_in_bulk(database: TestDatabase) {
        let api = start(&database).await;
        api.post("/stamps/bulk", &items([json!({"name": "a"}), json!({"name": "b"}), json!({"name": "c"})])).await.expect(201);
        api.post("/stamps/bulk/delete", &items([json!({"id": 1}), json!({"id": 2})])).await.expect(204);
        let taken = items([json!({"name": "a"}), json!({"name": "d"}), json!({"name": "c"})]);
        let taken = api.post("/stamps/bulk", &taken).await.expect(409);
        assert_mistakes(&taken, [("/items/2/name", "unique")]);
        let again = api.post("/stamps/bulk", &items([json!({"name": "a"}), json!({"name": "d"})])).await.expect(201);
        let last = &again["/items/1/id"];
        let moved = items([json!({"id": 3, "name": "b"}), json!({"id": last, "name": "a"})]);
        let moved = api.patch("/stamps/bulk", &moved).await.expect(409);
        assert_mistakes(&moved, [("/items/1/name", "unique")]);
        // What hooks have made of the items is looked for.
        api.create("/parcels", json!({"code": "taken"})).await;
        let taken = api.post("/parcels/bulk", &items([json!({"code": "free"}), json!({"code": "TAKEN"})])).await.expect(409);
        assert_mistakes(&taken, [("/items/1/code", "unique")]);
        // The columns of an upsert that are no part of its key are looked at too.
        let upsert = items([json!({"code": "p"}), json!({"code": "q"})]);
        api.post("/parcels/bulk?on_conflict=code", &upsert).await.expect(200);
        let linked = items([json!({"code": "p", "stamp_ids": [3]}), json!({"code": "q", "stamp_ids": [99]})]);
        let linked = api.post("/parcels/bulk?on_conflict=code", &linked).await.expect(409);
        assert_mistakes(&linked, [("/items/1/stamp_ids", "foreign_key")]);
    }

    async fn links_that_stay_are_marked_and_come_back_in_bulk(database: TestDatabase) {
        let api = start(&database).await;
        api.post("/stamps/bulk", &items([json!({"name": "x"}), json!({"name": "y"})])).await.expect(201);
        let rows = items([json!({"code": "a", "stamp_ids": [1, 2]}), json!({"code": "b", "stamp_ids": [2]})]);
        api.post("/parcels/bulk", &rows).await.expect(201);
        let stamps = async |id: i64| {
            let parcel = api.get(&format!("/parcels/{id}?include=stamps")).await.expect(200);
            let mut ids: Vec<i64> = parcel["/stamps"].as_array().unwrap().iter().filter_map(|one| one["id"].as_i64()).collect();
            ids.sort_unstable();
            ids
        };
        let change = items([json!({"id": 1, "stamp_ids": []}), json!({"id": 2, "stamp_ids": [1]})]);
        api.patch("/parcels/bulk", &change).await.expect(200);
        assert_eq!((stamps(1).await, stamps(2).await), (vec![], vec![1]));
        let gone = ParcelStamp::query().deleted(Deleted::Only).fetch(api.database()).await.unwrap().items;
        assert_eq!(gone.iter().map(|link| link.version).collect::<Vec<_>>(), [2, 2, 2]);
        let upsert = items([json!({"code": "a", "stamp_ids": [2]}), json!({"code": "c", "stamp_ids": [1, 2]})]);
        let written = api.post("/parcels/bulk?on_conflict=code", &upsert).await.expect(200);
        let third = written["/items/1/id"].as_i64().unwrap();
        assert_eq!((stamps(1).await, stamps(third).await), (vec![2], vec![1, 2]));
        let back = ParcelStamp::find((1, 2), api.database()).await.unwrap();
        assert_eq!((back.version, back.deleted_at), (3, None));
    }

    async fn the_same_request_is_answered_the_same(database: TestDatabase) {
        let api = start(&database).await;
        let send = async |key: &str, method: Method, path: &str, body: &JsonValue| {
            let request = api.request(method, path).header("idempotency-key", key).json(body);
            api.send(request).await
        };
        api.create("/stamps", json!({"name": "old"})).await;
        let requests = [
            ("new", Method::POST, "/stamps?on_conflict=name", json!({"name": "new"}), 201),
            ("old", Method::POST, "/stamps?on_conflict=name", json!({"name": "old", "color": "red"}), 200),
            ("bulk", Method::POST, "/stamps/bulk", items([json!({"name": "a", "prints": [{"number": 1}]}), json!({"name": "b"})]), 201),
            ("upsert", Method::POST, "/stamps/bulk?on_conflict=name", items([json!({"name": "a"}), json!({"name": "c"})]), 200),
            ("update", Method::PATCH, "/stamps/bulk", items([json!({"id": 1, "version": 2, "color": "blue"})]), 200),
            ("delete", Method::POST, "/stamps/bulk/delete", items([json!({"id": 1, "version": 3})]), 204),
            ("restore", Method::POST, "/stamps/1/restore", json!({}), 200),
        ];
        for (key, method, path, body, status) in requests {
            let first = send(key, method.clone(), path, &body).await.expect(status);
            let again = send(key, method.clone(), path, &body).await.expect(status);
            assert_eq!(again.header("idempotency-replayed"), Some("true"), "{key}");
            assert_eq!(first.header("idempotency-replayed"), None, "{key}");
            for header in ["etag", "location", "content-type"] {
                assert_eq!(first.header(header), again.header(header), "{key} {header}");
            }
            assert_eq!(first.text(), again.text(), "{key}");
            assert_eq!(again.statements(), 1, "{key}");
        }
        assert_eq!(api.get("/stamps/1").await["/version"], 5);
        assert_eq!(api.get("/stamps?name=a").await["/items/0/version"], 2);
        let other = items([json!({"name": "z"})]);
        send("upsert", Method::POST, "/stamps/bulk?on_conflict=name", &other).await.expect(422);
    }

    async fn a_key_is_free_again_after_a_bulk_write_that_failed(database: TestDatabase) {
        let api = start(&database).await;
        let send = async |body: JsonValue| {
            api.send(api.request(Method::POST, "/stamps/bulk").header("idempotency-key", "k").json(&body)).await
        };
        api.create("/stamps", json!({"name": "a"})).await;
        let taken = send(items([json!({"name": "a"})])).await.expect(409);
        assert_mistakes(&taken, [("/items/0/name", "unique")]);
        let taken = send(items([json!({"name": "b"}), json!({"name": "a"})])).await.expect(409);
        assert_mistakes(&taken, [("/items/1/name", "unique")]);
        send(items([json!({"name": "b"})])).await.expect(201);
        assert_eq!(send(json!({"items": []})).await.status(), 422);
    }

    async fn every_kind_of_write_is_told(database: TestDatabase) {
        let api = start(&database).await;
        let mut changes = api.database().subscribe();
        let (created, updated, deleted) = (ChangeKind::Created, ChangeKind::Updated, ChangeKind::Deleted);
        let rows = items([json!({"name": "a", "prints": [{"number": 1}]}), json!({"name": "b", "prints": [{"number": 2}]})]);
        api.post("/stamps/bulk", &rows).await.expect(201);
        assert_eq!(next(&mut changes).await, ("Stamp", created, vec![1, 2]));
        assert_eq!(next(&mut changes).await, ("Print", created, vec![1, 2]));
        api.post("/stamps?on_conflict=name", &json!({"name": "b"})).await.expect(200);
        assert_eq!(next(&mut changes).await, ("Stamp", updated, vec![2]));
        let written = api.post("/stamps/bulk?on_conflict=name", &items([json!({"name": "c"}), json!({"name": "a"})])).await;
        let id = written.expect(200)["/items/0/id"].as_i64().unwrap();
        assert_eq!(next(&mut changes).await, ("Stamp", created, vec![id]));
        assert_eq!(next(&mut changes).await, ("Stamp", updated, vec![1]));
        api.post("/stamps/bulk/delete", &items([json!({"id": 2}), json!({"id": 1})])).await.expect(204);
        assert_eq!(next(&mut changes).await, ("Stamp", deleted, vec![2, 1]));
        api.post("/stamps/1/restore", &json!({})).await.expect(200);
        assert_eq!(next(&mut changes).await, ("Stamp", updated, vec![1]));
        Stamp::purge(1, api.database()).await.unwrap();
        assert_eq!(next(&mut changes).await, ("Stamp", deleted, vec![1]));

        api.create("/parcels", json!({"code": "a"})).await;
        assert_eq!(next(&mut changes).await, ("Log", created, vec![1]), "what hooks write is told with the rest");
        assert_eq!(next(&mut changes).await, ("Parcel", created, vec![1]));
        assert_eq!(next(&mut changes).await, ("Log", created, vec![2]));
    }

    async fn the_specification_describes_the_joins(database: TestDatabase) {
        let api = start(&database).await;
        let document = api.get("/openapi.json").await.expect(200);
        let of = |path: &str, method: &str| document.json()["paths"][path][method].clone();
        let names = |path: &str, method: &str| {
            let parameters = of(path, method)["parameters"].as_array().cloned().unwrap_or_default();
            parameters.iter().filter_map(|one| one["name"].as_str().map(str::to_owned)).collect::<Vec<_>>()
        };
        assert_eq!(names("/stamps/bulk", "post"), ["on_conflict", "Idempotency-Key"]);
        assert_eq!(names("/stamps/bulk", "patch"), ["Idempotency-Key"]);
        assert_eq!(names("/stamps/bulk/delete", "post"), ["Idempotency-Key"]);
        assert_eq!(names("/stamps/{id}/restore", "post"), ["id", "If-Match", "Idempotency-Key"]);
        let bulk = of("/stamps/bulk", "post")["responses"].clone();
        for status in ["200", "201"] {
            let schema = &bulk[status]["content"]["application/json"]["schema"]["$ref"];
            assert_eq!(schema, "#/components/schemas/StampRows");
            assert!(bulk[status]["headers"].get("Idempotency-Replayed").is_some(), "{status}");
        }
        let item = &document.json()["components"]["schemas"]["NewStamp"]["properties"];
        assert!(item.get("prints").is_some() && item.get("version").is_none() && item.get("deleted_at").is_none());
    }
}
