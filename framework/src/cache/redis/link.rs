//! The one connection: made, watched, and made again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use rustis::client::{Client, Config};
use rustis::{ErrorKind, RedisErrorKind};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

use super::log::{Log, shown};
use super::{RedisOptions, connect};
use crate::metrics::Metrics;
use crate::resilience::CircuitBreaker;

/// Time before the second attempt to connect. It doubles with each one.
pub(super) const FIRST_WAIT: Duration = Duration::from_millis(100);

/// Time between two attempts at most: with the time of an attempt less than a second, so that a server that is back is used
/// within one.
const LONGEST_WAIT: Duration = Duration::from_millis(400);

/// So many signs of silence in a row open the circuit breaker: a command that timed out and a ping, or two pings.
const IN_DOUBT: u32 = 2;

/// So many, and the connection is made again, since its peer may be gone without a word.
const GIVEN_UP: u32 = 6;

/// So many pings, and a server that refuses writes is connected to again: a name may lead to its new primary by now.
const READ_ONLY_FOR: u32 = 40;

/// What keeps the connection.
pub(super) struct Link {
    shared: Arc<Shared>,
    keeper: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    config: Config,
    health_check_interval: Duration,
    breaker: CircuitBreaker,
    metrics: Arc<Metrics>,
    log: Log,
    client: RwLock<Option<Arc<Client>>>,
    /// Told when a command failed: the next ping need not wait.
    doubt: Notify,
    /// Whether a command had no answer since that was last looked at.
    is_unanswered: AtomicBool,
    /// Whether a write was refused since the last ping, as the server is a replica.
    is_read_only: AtomicBool,
}

impl Link {
    /// Connects in the background, and keeps at it.
    pub(super) fn keep(
        config: Config,
        options: &RedisOptions,
        breaker: CircuitBreaker,
        metrics: Arc<Metrics>,
    ) -> Arc<Self> {
        let shared = Arc::new(Shared {
            config,
            health_check_interval: options.health_check_interval,
            breaker,
            metrics,
            log: Log::default(),
            client: RwLock::new(None),
            doubt: Notify::new(),
            is_unanswered: AtomicBool::new(false),
            is_read_only: AtomicBool::new(false),
        });
        let keeper = tokio::spawn(Arc::clone(&shared).run());
        Arc::new(Self { shared, keeper: Mutex::new(Some(keeper)) })
    }

    pub(super) fn config(&self) -> &Config {
        &self.shared.config
    }

    pub(super) fn breaker(&self) -> &CircuitBreaker {
        &self.shared.breaker
    }

    /// The connection, if there is one.
    pub(super) fn client(&self) -> Option<Arc<Client>> {
        self.shared.client.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A command failed.
    pub(super) fn failed(&self, error: &rustis::Error) {
        self.shared.log.failed(error);
        if error.is_timeout() || error.is_connection_error() {
            self.shared.is_unanswered.store(true, Ordering::Relaxed);
            self.shared.doubt.notify_one();
        }
        if let ErrorKind::Redis(refused) = error.kind()
            && refused.kind == RedisErrorKind::Readonly
        {
            self.shared.is_read_only.store(true, Ordering::Relaxed);
        }
    }

    /// Asks the server for a sign of life.
    pub(super) async fn ping(&self) -> Result<(), String> {
        let client = self.client().ok_or("there is no connection to Redis")?;
        connect::ping(&client).await.map_err(|error| format!("Redis: {}", shown(&error)))
    }

    pub(super) async fn close(&self) {
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(keeper) = keeper {
            keeper.abort();
            // Cancelled, as it should be.
            let _ = keeper.await;
        }
        self.shared.publish(None);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let keeper = self.keeper.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(keeper) = keeper.take() {
            keeper.abort();
        }
    }
}

impl Shared {
    fn publish(&self, client: Option<Arc<Client>>) {
        *self.client.write().unwrap_or_else(PoisonError::into_inner) = client;
    }

    async fn run(self: Arc<Self>) {
        let mut wait = FIRST_WAIT;
        loop {
            // Open, this is the probe: a connection that is made has answered a ping.
            let permit = self.breaker.call().or_else(|| self.breaker.probe());
            match connect::connect(&self.config).await {
                Ok(client) => {
                    wait = FIRST_WAIT;
                    self.metrics.redis_pool_connections_created_total.inc();
                    let client = Arc::new(client);
                    self.publish(Some(Arc::clone(&client)));
                    if let Some(permit) = permit {
                        permit.succeeded();
                    }
                    let why = self.watch(&client).await;
                    self.publish(None);
                    self.breaker.open();
                    self.log.gone(&why);
                }
                Err(error) => {
                    if let Some(permit) = permit {
                        permit.failed();
                    }
                    self.breaker.open();
                    self.log.gone(&shown(&error));
                }
            }
            sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// Watches a connection until it is lost, and says why it is.
    async fn watch(&self, client: &Client) -> String {
        let mut silence = 0;
        let since = Instant::now();
        let mut next = Instant::now();
        loop {
            tokio::select! {
                () = sleep_until(next) => {}
                () = self.doubt.notified() => {}
            }
            silence = self.heard(silence);
            if client.is_terminated() {
                return "the connection was closed".to_owned();
            }
            let is_read_only = self.is_read_only.swap(false, Ordering::Relaxed);
            if is_read_only && since.elapsed() >= self.health_check_interval * READ_ONLY_FOR {
                return "the server is a replica".to_owned();
            }
            let Some(permit) = self.breaker.call().or_else(|| self.breaker.probe()) else {
                next = Instant::now() + FIRST_WAIT;
                continue;
            };
            let answer = tokio::select! {
                biased;
                answer = connect::ping(client) => answer.map_err(|error| shown(&error)),
                () = self.doubted(silence) => Err("neither a command nor a ping is answered".to_owned()),
            };
            let Err(error) = answer else {
                permit.succeeded();
                self.log.is_back();
                self.is_unanswered.store(false, Ordering::Relaxed);
                silence = 0;
                next = Instant::now() + self.health_check_interval;
                continue;
            };
            permit.failed();
            silence = self.heard(silence) + 1;
            if silence >= IN_DOUBT {
                self.breaker.open();
            }
            if client.is_terminated() || silence >= GIVEN_UP {
                return error;
            }
            self.log.gone(&error);
            next = if silence < IN_DOUBT { Instant::now() } else { Instant::now() + self.health_check_interval };
        }
    }

    /// So many signs of silence, with that of a command.
    fn heard(&self, silence: u32) -> u32 {
        silence.max(u32::from(self.is_unanswered.swap(false, Ordering::Relaxed)))
    }

    /// Waits for half the time of a command from when one has failed, before the ping or while it is under way: with a
    /// command in vain already, half the time will do.
    async fn doubted(&self, silence: u32) {
        match silence {
            0 => self.doubt.notified().await,
            1 => {}
            // It is known to be silent.
            _ => std::future::pending().await,
        }
        sleep(self.config.command_timeout / 2).await;
    }
}
