//! A request that is sent again is not carried out again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use couplet::App;
use couplet::error::InputError;
use couplet::prelude::*;
use couplet_tests::{Answer, Client, TestDatabase, on_each_database};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;

use super::support::*;

/// An order of a shop.
#[derive(Debug, Clone, Model, Resource)]
#[model(hooks)]
pub struct Order {
    pub id: i64,
    #[field(filter, unique, length(1..=20))]
    pub number: String,
}

#[derive(Debug, Clone, Model, Resource)]
pub struct Invoice {
    pub id: i64,
    pub number: String,
}

/// How often hooks have run; and a gate at which `slow` waits.
#[derive(Clone, Default)]
struct Counter {
    runs: Arc<AtomicU32>,
    fails: Arc<AtomicU32>,
    waiting: Arc<Notify>,
    gate: Option<Arc<Semaphore>>,
}

impl Hooks for Order {
    async fn before_create(draft: &mut Draft<Self>, context: &mut HookContext<'_>) -> Result<()> {
        let Ok(counter) = context.data::<Counter>().cloned() else { return Ok(()) };
        counter.runs.fetch_add(1, Ordering::Relaxed);
        if draft.get(Order::NUMBER).as_deref() == Some("slow")
            && let Some(gate) = &counter.gate
        {
            counter.waiting.notify_one();
            let _permit = gate.acquire().await.map_err(Error::other)?;
        }
        Ok(())
    }

    async fn after_create(row: &Self, context: &mut HookContext<'_>) -> Result<()> {
        let Ok(counter) = context.data::<Counter>() else { return Ok(()) };
        if row.number == "flaky" && counter.fails.fetch_add(1, Ordering::Relaxed) == 0 {
            return Err(Error::Conflict(vec![InputError::request("flaky", "the first time never works")]));
        }
        Ok(())
    }
}

async fn shop(database: &TestDatabase, counter: &Counter) -> Api {
    Api::of(App::new(config(database)).data(counter.clone()).resource::<Order>().resource::<Invoice>()).await
}

async fn post(api: &Api, path: &str, key: &str, body: &Value) -> Answer {
    api.send(api.request(Method::POST, path).header("idempotency-key", key).json(body)).await
}

fn replayed(answer: &Answer) -> bool {
    answer.header("idempotency-replayed") == Some("true")
}

fn kept(database: &TestDatabase) -> &'static str {
    if is_sqlite(database) { "_couplet_idempotency_keys" } else { "_couplet.idempotency_keys" }
}

on_each_database! {
    async fn a_replay_is_the_same_answer_and_no_second_write(database: TestDatabase) {
        let counter = Counter::default();
        let api = shop(&database, &counter).await;
        let body = json!({"number": "1"});
        let plain = api.create("/orders", json!({"number": "0"})).await;
        assert_eq!((plain.statements(), replayed(&plain)), (1, false), "without a key nothing is added");
        let first = post(&api, "/orders", "a", &body).await.expect(201);
        assert_eq!((first.statements(), replayed(&first)), (3, false));
        let again = post(&api, "/orders", "a", &body).await.expect(201);
        assert_eq!((again.statements(), replayed(&again)), (1, true));
        assert_eq!(again.bytes(), first.bytes());
        for header in ["location", "content-type"] {
            assert_eq!(again.header(header), first.header(header), "{header}");
        }
        assert_eq!(first.header("location"), Some("/orders/2"));
        assert_eq!(api.get("/orders").await["/meta/total"], 2);
        assert_eq!(counter.runs.load(Ordering::Relaxed), 2, "hooks do not run again");
        // The same request, written otherwise.
        let spaced = api.request(Method::POST, "/orders?utm_source=x").header("idempotency-key", "b");
        api.send(spaced.header("content-type", "application/json").body(r#"{ "number": "2" }"#)).await.expect(201);
        assert!(replayed(&post(&api, "/orders?utm_source=x", "b", &json!({"number": "2"})).await.expect(201)));
    }

    async fn a_key_belongs_to_one_request(database: TestDatabase) {
        let api = shop(&database, &Counter::default()).await;
        post(&api, "/orders", "a", &json!({"number": "1"})).await.expect(201);
        let other = post(&api, "/orders", "a", &json!({"number": "2"})).await.expect(422);
        assert_mistakes(&other, [("Idempotency-Key", "idempotency_key_reused")]);
        post(&api, "/orders?utm_source=x", "a", &json!({"number": "1"})).await.expect(422);
        post(&api, "/invoices", "a", &json!({"number": "1"})).await.expect(201);
        assert_eq!(api.get("/orders").await["/meta/total"], 1);
    }

    async fn a_key_is_visible_text(database: TestDatabase) {
        let api = shop(&database, &Counter::default()).await;
        for key in ["", "two words", &"x".repeat(256)] {
            let refused = post(&api, "/orders", key, &json!({"number": "1"})).await.expect(400);
            assert_mistakes(&refused, [("Idempotency-Key", "invalid_value")]);
        }
        post(&api, "/orders", &"x".repeat(255), &json!({"number": "1"})).await.expect(201);
    }

    async fn a_failed_attempt_keeps_nothing(database: TestDatabase) {
        let counter = Counter::default();
        let api = shop(&database, &counter).await;
        let body = json!({"number": "flaky"});
        post(&api, "/orders", "a", &body).await.expect(409);
        let second = post(&api, "/orders", "a", &body).await.expect(201);
        assert!(!replayed(&second));
        assert!(replayed(&post(&api, "/orders", "a", &body).await.expect(201)));
        post(&api, "/orders", "b", &json!({"number": ""})).await.expect(422);
        post(&api, "/orders", "b", &json!({"number": "flaky"})).await.expect(409);
        post(&api, "/orders", "b", &json!({"number": "3"})).await.expect(201);
    }

    async fn of_requests_at_the_same_time_one_is_carried_out(database: TestDatabase) {
        let (one, two) = (shop(&database, &Counter::default()).await, shop(&database, &Counter::default()).await);
        let body = json!({"number": "1"});
        let mut requests = JoinSet::new();
        for number in 0..12 {
            let client = Client::clone(if number % 2 == 0 { &one } else { &two });
            let request = client.request(Method::POST, "/invoices").header("idempotency-key", "a").json(&body);
            requests.spawn(async move { client.send(request).await });
        }
        let answers = requests.join_all().await;
        let fresh: Vec<_> = answers.iter().filter(|answer| answer.status() == 201 && !replayed(answer)).collect();
        assert_eq!(fresh.len(), 1);
        for answer in &answers {
            match answer.status() {
                201 => assert_eq!(answer.bytes(), fresh[0].bytes()),
                _ => assert_mistakes(answer, [("Idempotency-Key", "idempotency_key_in_flight")]),
            }
        }
        assert_eq!(one.get("/invoices").await["/meta/total"], 1);
        assert!(replayed(&post(&two, "/invoices", "a", &body).await.expect(201)));
    }

    async fn a_key_in_flight_is_told_at_once(database: TestDatabase) {
        let gate = Arc::new(Semaphore::new(0));
        let counter = Counter { gate: Some(Arc::clone(&gate)), ..Counter::default() };
        let api = shop(&database, &counter).await;
        let body = json!({"number": "slow"});
        let first = post(&api, "/orders", "a", &body);
        let second = async {
            counter.waiting.notified().await;
            let in_flight = post(&api, "/orders", "a", &body).await.expect(409);
            assert_mistakes(&in_flight, [("Idempotency-Key", "idempotency_key_in_flight")]);
            assert_eq!(in_flight.header("retry-after"), Some("1"));
            if !is_sqlite(&database) {
                let other = shop(&database, &Counter::default()).await;
                post(&other, "/orders", "a", &body).await.expect(409);
            }
            gate.add_permits(1);
        };
        let (first, ()) = tokio::join!(first, second);
        assert!(!replayed(&first.expect(201)));
        assert!(replayed(&post(&api, "/orders", "a", &body).await.expect(201)));
    }

    async fn a_client_that_goes_away_keeps_its_key_until_the_work_is_done(database: TestDatabase) {
        let gate = Arc::new(Semaphore::new(0));
        let counter = Counter { gate: Some(Arc::clone(&gate)), ..Counter::default() };
        let api = shop(&database, &counter).await;
        let body = json!({"number": "slow"});
        tokio::select! {
            _ = post(&api, "/orders", "a", &body) => panic!("the gate is closed"),
            () = counter.waiting.notified() => {}
        }
        post(&api, "/orders", "a", &body).await.expect(409);
        gate.add_permits(1);
        let answered = async {
            loop {
                let answer = post(&api, "/orders", "a", &body).await;
                if answer.status() != 409 {
                    break answer;
                }
            }
        };
        let answer = tokio::time::timeout(std::time::Duration::from_secs(10), answered).await.unwrap();
        assert!(replayed(&answer.expect(201)));
        assert_eq!(counter.runs.load(Ordering::Relaxed), 1);
    }

    async fn answers_outlive_the_app(database: TestDatabase) {
        let first = shop(&database, &Counter::default()).await;
        let body = json!({"number": "1"});
        let answer = post(&first, "/orders", "a", &body).await.expect(201);
        first.stop().await;
        let second = shop(&database, &Counter::default()).await;
        let again = post(&second, "/orders", "a", &body).await.expect(201);
        assert!(replayed(&again));
        assert_eq!(again.bytes(), answer.bytes());
    }

    async fn an_answer_that_has_expired_is_forgotten(database: TestDatabase) {
        let api = shop(&database, &Counter::default()).await;
        let table = kept(&database);
        post(&api, "/invoices", "a", &json!({"number": "1"})).await.expect(201);
        post(&api, "/invoices", "b", &json!({"number": "2"})).await.expect(201);
        execute(&database, &format!("UPDATE {table} SET expires_at = 1")).await;
        // Under the old key a new request is carried out, and its answer takes the place of the old one.
        let fresh = post(&api, "/invoices", "a", &json!({"number": "3"})).await.expect(201);
        assert!(!replayed(&fresh));
        assert!(replayed(&post(&api, "/invoices", "a", &json!({"number": "3"})).await.expect(201)));
        // An app that has just started looks for expired answers with its first key.
        let other = shop(&database, &Counter::default()).await;
        post(&other, "/invoices", "c", &json!({"number": "4"})).await.expect(201);
        let deleted = r#"db_query_duration_seconds_count{model="idempotency",operation="delete"}"#;
        other.until_metric(deleted, 1.0).await;
        other.stop().await;
        let left = if is_sqlite(&database) {
            let mut connection = <sqlx::SqliteConnection as sqlx::Connection>::connect(database.url()).await.unwrap();
            sqlx::query_scalar::<_, i64>("SELECT count(*) FROM _couplet_idempotency_keys").fetch_one(&mut connection).await
        } else {
            let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(database.url()).await.unwrap();
            sqlx::query_scalar::<_, i64>("SELECT count(*) FROM _couplet.idempotency_keys").fetch_one(&mut connection).await
        };
        assert_eq!(left.unwrap(), 2, "of a and c");
    }

    async fn the_specification_tells_of_keys(database: TestDatabase) {
        let api = shop(&database, &Counter::default()).await;
        let document = api.get("/openapi.json").await.expect(200);
        let create = &document["/paths/~1orders/post"];
        assert_eq!(create["parameters"][0]["name"], "Idempotency-Key");
        assert_eq!(create["parameters"][0]["in"], "header");
        assert!(create["responses"]["201"]["headers"]["Idempotency-Replayed"].is_object());
        assert!(create["responses"]["403"].is_object(), "a hook may forbid");
        assert!(document["/paths/~1invoices/post"]["responses"]["403"].is_null());
        assert!(document["/components/responses/Conflict/headers"]["Retry-After"].is_object());
    }
}
