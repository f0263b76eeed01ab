//! `/health/live`: the process is up. `/health/ready`: it may take traffic.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use poem::http::{Method, StatusCode, header};
use poem::{Endpoint, EndpointExt, Request, Response};
use serde_json::{Map, Value, json};

use super::Shutdown;
use super::routes::Route;
use crate::cache::redis::Redis;
use crate::db::Database;
use crate::error::Result;

const PATIENCE: Duration = Duration::from_secs(1);

/// Something that an app needs.
pub struct Dependency {
    name: &'static str,
    is_dispensable: bool,
    check: Box<dyn Fn() -> BoxFuture<'static, Result<()>> + Send + Sync>,
}

impl Dependency {
    /// A dependency whose `check` says whether it is there.
    pub fn new<F>(name: &'static str, check: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        Self { name, is_dispensable: false, check: Box::new(move || Box::pin(check())) }
    }

    /// The same as one that the app serves without, if less well: it never makes the app unready.
    #[must_use]
    pub fn dispensable(self) -> Self {
        Self { is_dispensable: true, ..self }
    }

    /// The database, asked by a ping.
    #[must_use]
    pub fn database(database: &Database) -> Self {
        let database = database.clone();
        Self::new("database", move || {
            let database = database.clone();
            async move { database.ping().await }
        })
    }

    /// The Redis that instances share, asked by a ping. Every request is answered without it, too.
    #[must_use]
    pub fn redis(redis: &Redis) -> Self {
        let redis = redis.clone();
        let dependency = Self::new("redis", move || {
            let redis = redis.clone();
            async move { redis.ping().await }
        });
        dependency.dispensable()
    }

    async fn state(&self) -> &'static str {
        match tokio::time::timeout(PATIENCE, (self.check)()).await {
            Ok(Ok(())) => "up",
            // Its own log says so, and not at every question.
            Ok(Err(_)) if self.is_dispensable => "down",
            Ok(Err(error)) => {
                tracing::warn!(dependency = self.name, %error, "a dependency is down");
                "down"
            }
            Err(_) => "silent",
        }
    }
}

/// The routes of both questions.
pub fn routes(dependencies: Vec<Dependency>, shutdown: Shutdown) -> [Route; 2] {
    let get = |path: &str, endpoint| Route { method: Method::GET, path: path.to_owned(), endpoint };
    let live = poem::endpoint::make_sync(|_| answer(StatusCode::OK, &json!({"status": "up"})));
    let ready = Ready { dependencies: Arc::new(dependencies), shutdown };
    [get("/health/live", live.map_to_response().boxed()), get("/health/ready", ready.boxed())]
}

struct Ready {
    dependencies: Arc<Vec<Dependency>>,
    shutdown: Shutdown,
}

impl Endpoint for Ready {
    type Output = Response;

    async fn call(&self, _: Request) -> poem::Result<Response> {
        let states = join_all(self.dependencies.iter().map(Dependency::state)).await;
        let all_up = states.iter().all(|state| *state == "up");
        let mut asked = self.dependencies.iter().zip(&states);
        let needed_up = asked.all(|(dependency, state)| dependency.is_dispensable || *state == "up");
        let dependencies: Map<String, Value> =
            self.dependencies.iter().zip(states).map(|(it, state)| (it.name.to_owned(), json!(state))).collect();
        let (status, word) = match (needed_up, all_up) {
            _ if self.shutdown.has_begun() => (StatusCode::SERVICE_UNAVAILABLE, "shutting down"),
            (false, _) => (StatusCode::SERVICE_UNAVAILABLE, "not ready"),
            (true, false) => (StatusCode::OK, "degraded"),
            (true, true) => (StatusCode::OK, "ready"),
        };
        Ok(answer(status, &json!({"status": word, "dependencies": dependencies})))
    }
}

fn answer(status: StatusCode, body: &Value) -> Response {
    let response = Response::builder().status(status).content_type("application/json");
    response.header(header::CACHE_CONTROL, "no-store").body(body.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    async fn ready(dependencies: Vec<Dependency>, shutdown: &Shutdown) -> (StatusCode, Value) {
        let [_, ready] = routes(dependencies, shutdown.clone());
        let response = ready.endpoint.get_response(Request::default()).await;
        let status = response.status();
        (status, serde_json::from_slice(&response.into_body().into_bytes().await.expect("a body")).expect("JSON"))
    }

    fn up() -> Dependency {
        Dependency::new("database", || async { Ok(()) })
    }

    fn down(name: &'static str) -> Dependency {
        Dependency::new(name, || async { Err(Error::Unavailable("gone".to_owned())) })
    }

    #[tokio::test]
    async fn an_app_without_what_it_can_do_without_is_ready_and_says_so() {
        let (status, body) = ready(vec![up(), down("redis").dispensable()], &Shutdown::default()).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(body, json!({"status": "degraded", "dependencies": {"database": "up", "redis": "down"}}));
        let (status, body) = ready(vec![down("tables"), down("redis").dispensable()], &Shutdown::default()).await;
        assert_eq!((status, &body["status"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("not ready")));
    }

    #[tokio::test]
    async fn ready_names_each_dependency_and_its_state() {
        let (status, body) = ready(vec![up(), down("tables")], &Shutdown::default()).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(body, json!({"status": "not ready", "dependencies": {"database": "up", "tables": "down"}}));
        assert_eq!(ready(vec![up()], &Shutdown::default()).await.0, StatusCode::OK);
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_dependency_does_not_hold_up_the_answer() {
        let silent = Dependency::new("database", std::future::pending);
        let (status, body) = ready(vec![silent], &Shutdown::default()).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(body["dependencies"]["database"], "silent");
    }

    #[tokio::test]
    async fn an_app_that_shuts_down_is_not_ready() {
        let shutdown = Shutdown::default();
        shutdown.begin();
        let (status, body) = ready(vec![up()], &shutdown).await;
        assert_eq!((status, &body["status"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("shutting down")));
    }
}
