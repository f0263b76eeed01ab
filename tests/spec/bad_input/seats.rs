//! What is written many at once, by version, beside what is there, with children and with hooks; and kept when it is deleted.

use couplet::error::InputError;
use couplet::prelude::*;
use couplet_tests::Client;
use reqwest::Method;
use serde_json::json;

use super::super::models::Owner;

/// A place to sit.
#[derive(Debug, Clone, Model, Resource)]
#[model(hooks, unique(aisle, place))]
#[resource(bulk, require_if_match, deleted, upsert(code, (aisle, place)), filter = ["guests.name", "guests.age"])]
pub struct Seat {
    pub id: i64,
    #[field(filter, sort, unique, length(1..=8))]
    pub code: String,
    #[field(filter, sort)]
    pub aisle: i32,
    pub place: Option<i32>,
    #[field(range(1..=9), default = 1)]
    pub price: i32,
    #[field(generated = "price * 2", filter, sort)]
    pub doubled: i32,
    #[field(version)]
    pub version: i32,
    #[field(deleted_at)]
    pub deleted_at: Option<DateTime<Utc>>,
    pub owner_id: Option<Uuid>,
    #[relation(include)]
    pub owner: BelongsTo<Owner>,
    #[relation(include, sub_resource, nested)]
    pub guests: HasMany<Guest>,
}

/// Someone who sits.
#[derive(Debug, Clone, Model, Resource)]
#[resource(upsert(name))]
pub struct Guest {
    pub id: i64,
    #[field(filter)]
    pub seat_id: i64,
    #[field(filter, sort, unique, length(1..=10))]
    pub name: String,
    #[field(filter(eq, gte, isnull), range(0..=150))]
    pub age: Option<i32>,
    #[field(hidden)]
    pub note: Option<String>,
    #[relation(include)]
    pub seat: BelongsTo<Seat>,
}

impl Hooks for Seat {
    async fn validate(draft: &Draft<Self>, _: &mut HookContext<'_>) -> Result<Vec<InputError>> {
        let is_wrong = draft.get(Seat::CODE).is_some_and(|code| code.starts_with("no"));
        Ok(is_wrong.then(|| Seat::CODE.mistake("refused", "no seat is called so")).into_iter().collect())
    }

    async fn before_create(draft: &mut Draft<Self>, _: &mut HookContext<'_>) -> Result<()> {
        match draft.get(Seat::CODE).as_deref() {
            Some("mine") => Err(Error::Forbidden("only the house may have this seat".to_owned())),
            _ => Ok(()),
        }
    }

    async fn before_update(_: &i64, draft: &mut Draft<Self>, _: &mut HookContext<'_>) -> Result<()> {
        match draft.get(Seat::PRICE) {
            Some(9) => Err(Error::Forbidden("a seat never costs 9".to_owned())),
            _ => Ok(()),
        }
    }

    async fn before_delete(key: &i64, context: &mut HookContext<'_>) -> Result<()> {
        let seat = Seat::find(*key, &mut *context).await?;
        match seat.code.as_str() {
            "kept" => Err(Error::Conflict(vec![InputError::request("in_use", "someone sits there")])),
            _ => Ok(()),
        }
    }
}

/// Four seats, of which the last is deleted; Ann sits on the first. A ticket is created by a key that is used once.
pub async fn fill(client: &Client) {
    let guests = json!([{"name": "Ann", "age": 30}]);
    client.post("/seats", &json!({"code": "a1", "aisle": 1, "place": 1, "guests": guests})).await.expect(201);
    for (code, place) in [("a2", 2), ("kept", 3), ("gone", 4)] {
        client.post("/seats", &json!({"code": code, "aisle": 1, "place": place})).await.expect(201);
    }
    client.send(client.request(Method::DELETE, "/seats/4").header("if-match", "\"1\"")).await.expect(204);
    let ticket =
        client.request(Method::POST, "/tickets").header("idempotency-key", "used").json(&json!({"text": "by key"}));
    client.send(ticket).await.expect(201);
}
