//! Whole apps in tests: over a real socket, on a database of their own.

use crate::app::{App, Running};
use crate::cache::redis::Redis;
use crate::config::{Config, Profile};
use crate::db::Database;
use crate::error::Result;

/// An app that serves on a free port of this machine, with a broken query budget as an error.
///
/// # Examples
///
/// ```
/// use couplet::prelude::*;
/// use couplet::testing::TestApp;
///
/// /// A label that books carry.
/// #[derive(Model, Resource)]
/// pub struct Tag {
///     pub id: i64,
///     pub name: String,
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> couplet::Result<()> {
/// let app = TestApp::start(|app| app.resource::<Tag>()).await?;
/// Tag::create(NewTag::new("poetry"), app.database()).await?;
/// // Ask app.url() with any HTTP client.
/// assert!(app.url().starts_with("http://127.0.0.1:"));
/// app.stop().await
/// # }
/// ```
pub struct TestApp {
    running: Running,
}

impl TestApp {
    /// Starts an app on an empty SQLite database in memory.
    ///
    /// # Errors
    ///
    /// As [`App::start`].
    pub async fn start(build: impl FnOnce(App) -> App) -> Result<Self> {
        Self::start_on("sqlite::memory:", build).await
    }

    /// Starts an app on the database of that URL.
    ///
    /// # Errors
    ///
    /// As [`App::start`].
    pub async fn start_on(url: &str, build: impl FnOnce(App) -> App) -> Result<Self> {
        // In development missing tables are made, and the query budget is enforced.
        let mut config = Config { profile: Profile::Development, ..Config::default() };
        config.database.url = url.into();
        Self::start_with(config, build).await
    }

    /// Starts an app with these settings, on a free port.
    ///
    /// # Errors
    ///
    /// As [`App::start`].
    pub async fn start_with(mut config: Config, build: impl FnOnce(App) -> App) -> Result<Self> {
        config.server.bind.set_port(0);
        Ok(Self { running: build(App::new(config)).start().await? })
    }

    /// The Redis that the app shares with other instances, if its settings name one.
    #[must_use]
    pub fn redis(&self) -> Option<&Redis> {
        self.running.redis()
    }

    /// Where the app is served: `http://127.0.0.1:49152`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.running.address())
    }

    /// The app's database.
    #[must_use]
    pub fn database(&self) -> &Database {
        self.running.database()
    }

    /// Lets requests in flight finish and closes the database.
    ///
    /// # Errors
    ///
    /// As [`Running::wait`].
    pub async fn stop(self) -> Result<()> {
        self.running.stop().await
    }
}
