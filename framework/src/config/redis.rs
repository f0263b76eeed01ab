//! The section `[redis]`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

use super::{Secret, units};

/// The schemes of URLs that are taken.
const SCHEMES: [&str; 6] =
    ["redis://", "rediss://", "redis+sentinel://", "rediss+sentinel://", "redis+cluster://", "rediss+cluster://"];

/// Where values are shared between instances: the section `[redis]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct RedisConfig {
    /// `redis://:password@host:6379/0`, `rediss://`, `redis+sentinel://` or `redis+cluster://`. Default: none.
    #[serde(deserialize_with = "url")]
    pub url: Option<Secret>,
    /// Commands in flight at a time. Default: 50.
    #[serde(deserialize_with = "units::at_least_one")]
    pub max_connections: usize,
    /// Time for one command. Default: 50 ms.
    #[serde(deserialize_with = "units::duration")]
    pub command_timeout: Duration,
    /// Time for a connection to be made. Default: 500 ms.
    #[serde(deserialize_with = "units::duration")]
    pub connect_timeout: Duration,
    /// Time between two pings. Default: 250 ms.
    #[serde(deserialize_with = "units::duration")]
    pub health_check_interval: Duration,
}

fn url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    let url = String::deserialize(deserializer)?;
    let has_host = |scheme: &str| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty());
    if url.is_empty() || SCHEMES.into_iter().any(has_host) {
        return Ok(Some(url).filter(|url| !url.is_empty()).map(Secret::from));
    }
    let expected = "`redis://:password@host:6379/0`, `rediss://..` with TLS, `redis+sentinel://host:26379/service/0`, \
                    `redis+cluster://host:6379,host:6379`, or an empty text";
    Err(de::Error::invalid_value(de::Unexpected::Other("another URL"), &expected))
}
