//! An app that serves.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::App;
use super::prepare::Preparation;
use crate::cache::redis::Redis;
use crate::config::Config;
use crate::db::Database;
use crate::error::{Error, Result};
use crate::http::health::Dependency;
use crate::http::serve::{bind, serve};
use crate::http::{Routes, Shutdown, service};
use crate::metrics::Metrics;

/// How long to wait before a database that was not there is asked again.
const RETRY: Duration = Duration::from_secs(1);

/// An app that serves. Dropped it stops at once; [`Running::stop`] lets requests finish.
pub struct Running {
    config: Config,
    title: String,
    address: SocketAddr,
    private: Option<SocketAddr>,
    database: Database,
    redis: Option<Redis>,
    shutdown: Shutdown,
    tasks: JoinSet<Result<()>>,
}

/// Addresses first, so that a port in use is seen before anything is done; then the database; then requests.
pub(super) async fn start(mut app: App) -> Result<Running> {
    app.check()?;
    let config = app.config.clone();
    let listener = bind(config.server.bind).await?;
    let private = match config.server.admin_bind {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    let metrics = app.metrics()?;
    let redis = app.redis(&metrics)?;
    app.with_cache(redis.as_ref(), &metrics);
    let mut preparation = Preparation::of(&mut app);
    let (database, is_prepared) = match prepared_database(&app, &metrics, &mut preparation).await {
        Ok(database) => (database, true),
        Err(Error::Unavailable(reason)) => {
            tracing::warn!(reason, "the database is not there yet; serving without it until it is");
            (app.lazy_database(Arc::clone(&metrics))?, false)
        }
        Err(error) => return Err(error),
    };
    let database = match &redis {
        Some(redis) => database.with_data(redis.clone()),
        None => database,
    };
    let database = database.with_data(app.count_cache(redis.clone(), &metrics));
    let shutdown = Shutdown::default();
    let prepared = Arc::new(AtomicBool::new(is_prepared));
    let mut dependencies = vec![Dependency::database(&database), tables(&prepared)];
    dependencies.extend(redis.as_ref().map(Dependency::redis));
    let (routes, private_routes) = app.routes(&database, &metrics, &shutdown, dependencies)?;

    let mut running = Running {
        title: app.info.title,
        address: listener.local_addr()?,
        private: private.as_ref().map(TcpListener::local_addr).transpose()?,
        database: database.clone(),
        redis,
        shutdown,
        tasks: JoinSet::new(),
        config,
    };
    running.listen(listener, routes, &metrics)?;
    if let (Some(listener), Some(routes)) = (private, private_routes) {
        running.listen(listener, routes, &metrics)?;
    }
    if !is_prepared {
        running.tasks.spawn(prepare_until_done(database, preparation, prepared, running.shutdown.clone()));
    }
    Ok(running)
}

async fn prepared_database(app: &App, metrics: &Arc<Metrics>, preparation: &mut Preparation) -> Result<Database> {
    let database = app.connect(Arc::clone(metrics)).await?;
    preparation.tables(&database).await?;
    preparation.advise(&database).await?;
    preparation.seed(&database).await?;
    Ok(database)
}

/// What `/health/ready` says of a database that was not there when the app started.
fn tables(prepared: &Arc<AtomicBool>) -> Dependency {
    let prepared = Arc::clone(prepared);
    Dependency::new("tables", move || {
        let is_prepared = prepared.load(Ordering::Relaxed);
        async move {
            match is_prepared {
                true => Ok(()),
                false => Err(Error::Unavailable("the tables are not checked yet".to_owned())),
            }
        }
    })
}

async fn prepare_until_done(
    database: Database,
    mut preparation: Preparation,
    prepared: Arc<AtomicBool>,
    shutdown: Shutdown,
) -> Result<()> {
    let attempts = async {
        loop {
            match preparation.tables(&database).await {
                Ok(()) => break preparation.seed(&database).await,
                Err(Error::Unavailable(reason)) => tracing::debug!(reason, "the database is not there yet"),
                Err(error) => break Err(error),
            }
            tokio::time::sleep(RETRY).await;
        }
    };
    tokio::select! {
        result = attempts => result?,
        () = shutdown.begun() => return Ok(()),
    }
    tracing::info!("the database is there");
    prepared.store(true, Ordering::Relaxed);
    Ok(())
}

impl Running {
    /// Where the API is served; with port 0 in the settings this is the one that was free.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the metrics are served, if apart from the API.
    #[must_use]
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.private
    }

    /// The app's database.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The Redis that the app shares with other instances, if the settings name one.
    #[must_use]
    pub fn redis(&self) -> Option<&Redis> {
        self.redis.as_ref()
    }

    /// The switch that ends it.
    #[must_use]
    pub fn shutdown(&self) -> Shutdown {
        self.shutdown.clone()
    }

    /// Stops to accept, lets requests in flight finish and closes the database.
    ///
    /// # Errors
    ///
    /// As [`Running::wait`].
    pub async fn stop(self) -> Result<()> {
        self.shutdown.begin();
        self.wait().await
    }

    /// Waits until the app has ended.
    ///
    /// # Errors
    ///
    /// The database came late and does not fit the models.
    pub async fn wait(mut self) -> Result<()> {
        let mut outcome = Ok(());
        while let Some(task) = self.tasks.join_next().await {
            let result = task.unwrap_or_else(|panic| Err(Error::other(panic)));
            if result.is_err() {
                self.shutdown.begin();
                outcome = outcome.and(result);
            }
        }
        // A write whose client has gone may still be under way.
        if tokio::time::timeout(self.config.server.shutdown_drain, self.database.close()).await.is_err() {
            tracing::warn!("writes were cut off, the time to finish them is over");
        }
        if let Some(redis) = &self.redis {
            redis.close().await;
        }
        outcome
    }

    pub(super) fn banner(&self) -> String {
        super::banner::banner(&self.config, &self.title, self.address, self.private)
    }

    fn listen(&mut self, listener: TcpListener, routes: Routes, metrics: &Arc<Metrics>) -> Result<()> {
        let endpoint = Arc::new(service(routes, &self.config, metrics)?);
        let (config, shutdown) = (self.config.server.clone(), self.shutdown.clone());
        self.tasks.spawn(async move {
            serve(listener, endpoint, &config, shutdown).await;
            Ok(())
        });
        Ok(())
    }
}
