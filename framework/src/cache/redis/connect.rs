//! From settings to a connection.

use std::time::Duration;

use rustis::client::{Client, Config, CustomReconnectionPolicy, ReconnectionConfig};
use rustis::commands::ConnectionCommands;
use rustis::{ErrorKind, TimeoutKind};

use super::{RedisOptions, value};
use crate::error::{Error, Result};

/// Elements of a reply at most; the map of a large cluster is the longest that is asked for.
const MOST_ELEMENTS: usize = 1 << 16;

/// What a connection is made with.
///
/// # Errors
///
/// A URL that is none. It is not repeated, since it holds a password.
pub(super) fn config(options: &RedisOptions) -> Result<Config> {
    let mut config: Config = options.url.parse().map_err(|_| {
        Error::Configuration(
            "redis.url: expected `redis://:password@host:6379/0`, `rediss://..` with TLS, \
             `redis+sentinel://host:26379/service/0` or `redis+cluster://host:6379,host:6379`"
                .to_owned(),
        )
    })?;
    config.command_timeout = options.command_timeout;
    config.connect_timeout = options.connect_timeout;
    config.retry_on_error = false;
    // A connection is not mended but made again, by us: rustis would keep one to a peer that has gone silent.
    config.reconnection =
        ReconnectionConfig::Custom(CustomReconnectionPolicy::new(|_: u32| -> Option<Duration> { None }));
    // What breaks these limits is no reply to anything that is asked here.
    config.limits.max_bulk_length = 2 * value::LARGEST;
    config.limits.max_collection_length = MOST_ELEMENTS;
    if config.connection_name.is_empty() {
        config.connection_name = "couplet".to_owned();
    }
    Ok(config)
}

/// A connection that has answered a ping.
pub(super) async fn connect(config: &Config) -> rustis::Result<Client> {
    let connecting = async {
        let client = Client::connect(config.clone()).await?;
        ping(&client).await?;
        Ok(client)
    };
    // Names, handshake and all: rustis gives each part of it the whole time.
    let connected = tokio::time::timeout(config.connect_timeout, connecting).await;
    connected.unwrap_or_else(|_| Err(ErrorKind::Timeout(TimeoutKind::Connect).into()))
}

pub(super) async fn ping(client: &Client) -> rustis::Result<()> {
    client.ping::<()>(None::<&str>).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(url: &str) -> RedisOptions {
        let second = Duration::from_secs(1);
        RedisOptions {
            url: url.to_owned(),
            max_connections: 1,
            command_timeout: second,
            connect_timeout: second,
            health_check_interval: second,
        }
    }

    #[test]
    fn every_kind_of_url_is_taken() {
        for url in [
            "redis://localhost",
            "redis://me:hunter2@localhost:6380/3",
            "rediss://localhost",
            "redis+sentinel://a:26379,b:26379/main/0",
            "rediss+sentinel://a:26379/main",
            "redis+cluster://a:6379,b:6379",
            "rediss+cluster://a:6379",
        ] {
            assert_eq!(config(&options(url)).expect(url).command_timeout, Duration::from_secs(1));
        }
    }

    #[test]
    fn a_url_that_is_none_is_not_repeated() {
        let error = config(&options("redis://:hunter2@localhost/zero")).expect_err("not a number").to_string();
        assert!(error.starts_with("redis.url: expected `redis://"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}
