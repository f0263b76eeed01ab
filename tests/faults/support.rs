//! A Redis handle in front of a server that things happen to.

use std::sync::Arc;
use std::time::Duration;

use couplet::cache::redis::{Redis, RedisOptions};
use couplet::metrics::Metrics;
use tokio::time::{sleep, timeout};

/// The defaults of the settings.
pub(crate) fn options(url: String) -> RedisOptions {
    RedisOptions {
        url,
        max_connections: 50,
        command_timeout: Duration::from_millis(50),
        connect_timeout: Duration::from_millis(500),
        health_check_interval: Duration::from_millis(250),
    }
}

/// A value's time to live, longer than any test.
pub(crate) const LONG: Duration = Duration::from_secs(3600);

/// A handle and its metrics.
pub(crate) struct Client {
    pub(crate) redis: Redis,
    pub(crate) metrics: Arc<Metrics>,
}

impl Client {
    pub(crate) fn new(options: RedisOptions) -> Self {
        let metrics = Arc::new(Metrics::new("1.0.0").expect("the table is valid"));
        Self { redis: Redis::new(options, Arc::clone(&metrics)).expect("a URL"), metrics }
    }

    /// A handle that is connected.
    pub(crate) async fn connected(url: String) -> Self {
        let client = Self::new(options(url));
        client.becomes_up().await;
        client
    }

    /// `circuit_breaker_state`: 0 closed, 1 half-open, 2 open.
    pub(crate) fn breaker(&self) -> i64 {
        self.metrics.circuit_breaker_state.with_label_values(&["redis"]).get()
    }

    pub(crate) fn connections(&self) -> u64 {
        self.metrics.redis_pool_connections_created_total.get()
    }

    /// Stores `value`, as often as it takes on a machine that is busy.
    pub(crate) async fn stores(&self, key: &str, value: &[u8]) {
        until("a value is stored", async || self.redis.set(key, value, LONG).await).await;
    }

    /// Asks until there is a hit, which must be `value`.
    pub(crate) async fn hits(&self, key: &str, value: &[u8]) {
        let hit = async || match self.redis.get(key).await {
            Some(found) => found == value || panic!("{key} is {found:?}"),
            None => false,
        };
        until("there are hits", hit).await;
    }

    /// Asks, which must be a miss each time, until the circuit breaker is open.
    pub(crate) async fn opens(&self, key: &str) {
        let opens = async || {
            assert_eq!(self.redis.get(key).await, None);
            self.breaker() == 2
        };
        until("the circuit breaker is open", opens).await;
    }

    pub(crate) async fn becomes_up(&self) {
        until("there is a connection", async || self.redis.is_up()).await;
    }
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !is_so().await {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(30), waiting).await.unwrap_or_else(|_| panic!("it is not so: {what}"));
}
