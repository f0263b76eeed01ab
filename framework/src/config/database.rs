//! The section `[database]`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

use super::{Secret, units};

/// Where the rows are: the section `[database]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct DatabaseConfig {
    /// `sqlite://path`, `sqlite::memory:` or `postgres://user:password@host/name`. Default: `sqlite://data/app.db`.
    #[serde(deserialize_with = "url")]
    pub url: Secret,
    /// Connections that are kept however long they are idle. Default: 20.
    #[serde(deserialize_with = "units::at_least_one")]
    pub pool_size: usize,
    /// Connections beyond `pool_size` that are opened under load. Default: 10.
    pub max_overflow: usize,
    /// Time that a request waits for a connection. Default: 1 s.
    #[serde(deserialize_with = "units::duration")]
    pub pool_timeout: Duration,
    /// Time that an idle connection beyond `pool_size` is kept, at least; at most twice as long. Default: 30 s.
    #[serde(deserialize_with = "units::duration")]
    pub pool_idle_timeout: Duration,
    /// Age at which a connection is closed when it comes back. Default: 3600 s.
    #[serde(deserialize_with = "units::duration")]
    pub pool_recycle: Duration,
    /// Statements that take longer are logged and counted. Default: 100 ms.
    #[serde(deserialize_with = "units::duration")]
    pub slow_query_threshold: Duration,
    /// Time for one statement. Default: 5 s.
    #[serde(deserialize_with = "units::duration")]
    pub statement_timeout: Duration,
    /// Statements that one request to an endpoint written by hand may execute. Default: 20.
    pub query_budget: u32,
}

fn url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    let url = String::deserialize(deserializer)?;
    let known = ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme));
    if known {
        return Ok(Secret::from(url));
    }
    let expected = "`sqlite://path`, `sqlite::memory:` or `postgres://user:password@host/name`";
    Err(de::Error::invalid_value(de::Unexpected::Other("another URL"), &expected))
}
