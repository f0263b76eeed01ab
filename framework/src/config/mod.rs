//! Settings: the defaults of `reference.toml`, then `Couplet.toml`, then the environment.
//!
//! The only module that names figment. A mistake is reported with its key, the file or variable that it comes from and
//! what would be accepted; all mistakes at once, and nothing secret among them.

mod cache;
mod database;
mod docs;
mod idempotency;
mod load;
mod log;
mod pagination;
mod profile;
mod redis;
mod secret;
mod server;
mod source;
mod units;

use serde::Deserialize;

pub use cache::CacheConfig;
pub use database::DatabaseConfig;
pub use docs::DocsConfig;
pub use idempotency::IdempotencyConfig;
pub use load::Sources;
pub use log::{LogConfig, LogFormat};
pub use pagination::PaginationConfig;
pub use profile::Profile;
pub use redis::RedisConfig;
pub use secret::Secret;
pub use server::ServerConfig;

use crate::error::Result;

/// Every setting with its default, documented.
pub const REFERENCE: &str = include_str!("reference.toml");

/// The settings of an app.
///
/// # Examples
///
/// ```
/// use couplet::config::Config;
///
/// let mut config = Config::default();
/// config.database.url = "sqlite::memory:".into();
/// assert_eq!(config.server.bind.port(), 8000);
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Config {
    /// Where the app runs.
    #[serde(skip, default = "Profile::of_build")]
    pub profile: Profile,
    /// How the API is served.
    pub server: ServerConfig,
    /// Where the rows are.
    pub database: DatabaseConfig,
    /// How lists are walked.
    pub pagination: PaginationConfig,
    /// Where values are shared between instances.
    pub redis: RedisConfig,
    /// What is kept, and for how long.
    pub cache: CacheConfig,
    /// How writes are made safe to repeat.
    pub idempotency: IdempotencyConfig,
    /// What is logged.
    pub log: LogConfig,
    /// The pages that explain the API.
    pub docs: DocsConfig,
}

impl Config {
    /// Reads `Couplet.toml` and the environment.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`](crate::Error::Configuration) with every mistake, one a line.
    pub fn from_env() -> Result<Self> {
        Sources::of_process()?.load()
    }

    /// Whether missing tables are created and a broken query budget is an error.
    #[must_use]
    pub fn is_development(&self) -> bool {
        self.profile == Profile::Development
    }
}

/// The settings of `reference.toml` in the profile of the build.
impl Default for Config {
    fn default() -> Self {
        Sources::default().load().expect("a test reads reference.toml")
    }
}
