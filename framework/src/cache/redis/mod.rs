//! A Redis that may be gone at any time.
//!
//! All commands go over one connection, which multiplexes them; a task makes it, watches it and makes it again. A command
//! is given its time and no more, and every failure is a miss: the caller does the work itself.

mod conditional;
mod connect;
mod link;
mod log;
mod slots;
mod value;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rustis::client::{BatchPreparedCommand, Client, Config};
use rustis::commands::{GenericCommands, SetExpiration, StringCommands};
use rustis::{ClientError, ErrorKind, RedisErrorKind};

use self::link::Link;
use self::slots::Slots;
use self::value::Argument;
use crate::error::{Error, Result};
use crate::metrics::{BreakerState, Metrics};
use crate::resilience::{BreakerOptions, CircuitBreaker};

/// How a Redis is reached.
#[derive(Clone)]
pub struct RedisOptions {
    /// `redis://`, `rediss://`, `redis+sentinel://` or `redis+cluster://`.
    pub url: String,
    /// Commands in flight at a time.
    pub max_connections: usize,
    /// How long a command may take.
    pub command_timeout: Duration,
    /// How long it may take to make a connection.
    pub connect_timeout: Duration,
    /// Time between two pings.
    pub health_check_interval: Duration,
}

/// Without the URL, which holds a password.
impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisOptions")
            .field("max_connections", &self.max_connections)
            .field("command_timeout", &self.command_timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("health_check_interval", &self.health_check_interval)
            .finish_non_exhaustive()
    }
}

/// The handle of a Redis; cheap to clone.
///
/// No call fails, and none takes longer than [`RedisOptions::command_timeout`]: a server that is gone, slow, full or
/// confused is a miss. A value has 1 byte to 1 MiB.
///
/// # Examples
///
/// ```
/// # use std::{sync::Arc, time::Duration};
/// # use couplet::{cache::redis::{Redis, RedisOptions}, metrics::Metrics};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> couplet::Result<()> {
/// let options = RedisOptions {
///     url: "redis://127.0.0.1:1".to_owned(),
///     max_connections: 50,
///     command_timeout: Duration::from_millis(50),
///     connect_timeout: Duration::from_millis(500),
///     health_check_interval: Duration::from_millis(250),
/// };
/// let redis = Redis::new(options, Arc::new(Metrics::new("1.0.0")?))?;
/// // Nobody listens on that port.
/// assert!(!redis.set("greeting", b"hello", Duration::from_secs(60)).await);
/// assert_eq!(redis.get("greeting").await, None);
/// redis.close().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    options: RedisOptions,
    link: Arc<Link>,
    slots: Slots,
}

/// Failures that open the circuit breaker, and within which time.
const FAILURES: usize = 3;
const WINDOW: Duration = Duration::from_secs(30);

impl Redis {
    /// The handle of a Redis that is connected to in the background, whether it is there or not. Takes a tokio runtime.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] for a URL that is none.
    pub fn new(options: RedisOptions, metrics: Arc<Metrics>) -> Result<Self> {
        let config = connect::config(&options)?;
        let breaker = BreakerOptions {
            failures: FAILURES,
            window: WINDOW,
            patience: options.command_timeout,
            probe_interval: link::FIRST_WAIT,
        };
        let breaker = CircuitBreaker::new(breaker, metrics.breaker("redis"));
        let slots = Slots::new(options.max_connections, Arc::clone(&metrics));
        let link = Link::keep(config, &options, breaker, metrics);
        Ok(Self(Arc::new(Inner { options, link, slots })))
    }

    /// The value of `key`; `None` if there is none or it cannot be had in time.
    pub async fn get(&self, key: &str) -> Option<Bytes> {
        let read = async |client: &Client| client.getrange::<Bytes>(key, 0, value::LAST).await;
        // Redis answers an empty text for a key that is not there.
        self.run(read).await.filter(is_value)
    }

    /// The value of `key` and the time that is left of it, read in one step.
    pub async fn get_with_ttl(&self, key: &str) -> Option<(Bytes, Duration)> {
        let read = async |client: &Client| {
            let mut transaction = client.create_transaction();
            transaction.getrange::<Bytes>(key, 0, value::LAST).queue();
            transaction.pttl(key).queue();
            transaction.execute::<(Bytes, i64)>().await
        };
        let (bytes, left) = self.run(read).await?;
        // Negative for a value without an end, which nothing here has stored.
        let left = u64::try_from(left).ok()?;
        Some((bytes, Duration::from_millis(left))).filter(|(bytes, _)| is_value(bytes))
    }

    /// Stores a value under `key` for the time `ttl`. Answers whether it is known to be stored; a command that has timed out
    /// may still have been executed.
    pub async fn set(&self, key: &str, value: &[u8], ttl: Duration) -> bool {
        let Some(milliseconds) = value::milliseconds(ttl) else { return false };
        if value.is_empty() || value.len() > value::LARGEST {
            return false;
        }
        let write = async |client: &Client| {
            let expiration = SetExpiration::Px(milliseconds);
            client.set_with_options(key, Argument(value), None, expiration).await
        };
        self.run(write).await.unwrap_or(false)
    }

    /// Removes `keys`. Answers whether they are known to be gone.
    pub async fn delete(&self, keys: &[&str]) -> bool {
        if keys.is_empty() {
            return true;
        }
        self.run(async |client: &Client| client.unlink(keys).await).await.is_some()
    }

    /// Asks whether it is there; for health checks.
    ///
    /// # Errors
    ///
    /// It is not, or does not answer in time.
    pub async fn ping(&self) -> Result<()> {
        self.0.link.ping().await.map_err(Error::other)
    }

    /// Whether commands are sent at all: there is a connection, and the circuit breaker is closed.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.0.link.client().is_some() && self.0.link.breaker().state() == BreakerState::Closed
    }

    /// How it is reached.
    #[must_use]
    pub fn options(&self) -> &RedisOptions {
        &self.0.options
    }

    /// What a connection is made with, for one that is needed beside that of the commands.
    #[must_use]
    pub(crate) fn config(&self) -> Config {
        self.0.link.config().clone()
    }

    /// Gives the connection up; every call from now on is a miss.
    pub async fn close(&self) {
        self.0.link.close().await;
    }

    /// Runs one command, which must be one that may be executed twice or late.
    async fn run<T>(&self, command: impl AsyncFnOnce(&Client) -> rustis::Result<T>) -> Option<T> {
        let Inner { link, slots, .. } = &*self.0;
        let client = link.client()?;
        let _slot = slots.take()?;
        let permit = link.breaker().call()?;
        match command(&client).await {
            Ok(answer) => {
                permit.succeeded();
                Some(answer)
            }
            Err(error) => {
                match is_out_of_service(&error) {
                    true => permit.failed(),
                    // It has answered.
                    false => permit.succeeded(),
                }
                link.failed(&error);
                None
            }
        }
    }
}

fn is_value(bytes: &Bytes) -> bool {
    (1..=value::LARGEST).contains(&bytes.len())
}

/// Whether the server cannot serve other commands either. One key of another type is none of its business, and one that
/// refuses writes (full, read-only, cannot save) still answers reads.
fn is_out_of_service(error: &rustis::Error) -> bool {
    use RedisErrorKind as Kind;
    match error.kind() {
        ErrorKind::Redis(refused) => matches!(
            refused.kind,
            Kind::Busy
                | Kind::ClusterDown
                | Kind::Loading
                | Kind::MasterDown
                | Kind::NoAuth
                | Kind::NoPerm
                | Kind::TryAgain
                | Kind::WrongPass
        ),
        ErrorKind::Client(
            ClientError::DisconnectedFromServer | ClientError::MaxCommandAttemptsReached | ClientError::SendQueueFull,
        ) => true,
        _ => error.is_connection_error() || error.is_timeout(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &[u8]) -> rustis::Error {
        rustis::Error::from(rustis::RedisError::try_from(line).expect("an error"))
    }

    #[test]
    fn a_server_that_cannot_serve_is_told_from_a_key_or_a_write_that_is_refused() {
        for line in ["LOADING Redis is loading", "NOAUTH Authentication required.", "CLUSTERDOWN The cluster is down"] {
            assert!(is_out_of_service(&refused(line.as_bytes())), "{line}");
        }
        for line in ["WRONGTYPE Operation against", "OOM command not allowed", "READONLY You can't", "MISCONF Redis is"]
        {
            assert!(!is_out_of_service(&refused(line.as_bytes())), "{line}");
        }
        assert!(is_out_of_service(&ErrorKind::DisconnectedByPeer.into()));
        assert!(is_out_of_service(&ErrorKind::Timeout(rustis::TimeoutKind::Command).into()));
    }
}
