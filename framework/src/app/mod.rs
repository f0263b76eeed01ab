//! The composition root: settings, database, resources, commands and the server, put together.
//!
//! An [`App`] is built from what its `main` names. [`App::run`] reads the command line: to serve, or to run one of the
//! commands. Nothing is global, so two apps live in one process.

mod banner;
mod cache;
mod cli;
mod command;
mod data;
mod log;
mod log_fields;
mod prepare;
mod running;
mod tokens;

use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::sync::Arc;

pub use clap;
pub use command::CommandContext;
pub use running::Running;

use command::{Command, Seed};

use crate::cache::redis::{Redis, RedisOptions};
use crate::cache::{Limits, TieredCache};
use crate::config::{Config, Secret, ServerConfig};
use crate::crud::answers::Answers;
use crate::crud::count_cache::{CountCache, CountCacheOptions};
use crate::db::{Database, DatabaseOptions};
use crate::error::{Error, Result};
use crate::http::api::{Mounted, idempotency};
use crate::http::assemble::{OwnApi, add_own, assemble};
use crate::http::openapi::{Info, License, Specification};
use crate::http::{self, Routes, Shutdown, health};
use crate::metrics::Metrics;
use crate::model::{Catalog, Model, Operation, Resource, ResourceMeta};
use crate::query::parse::{ListOptions, broken_paths};
use crate::query::{Condition, CursorKeys, Filter};
use crate::sql::Migration;

/// An app: what it serves, and what else it can do.
///
/// # Examples
///
/// ```no_run
/// use couplet::prelude::*;
///
/// /// A label that books carry.
/// #[derive(Model, Resource)]
/// pub struct Tag {
///     pub id: i64,
///     pub name: String,
/// }
///
/// #[tokio::main]
/// async fn main() -> couplet::Result<()> {
///     App::from_env()?.resource::<Tag>().run().await
/// }
/// ```
#[must_use = "an app does nothing until it is run"]
pub struct App {
    config: Config,
    info: Info,
    catalog: Catalog,
    resources: Vec<Exposure>,
    apis: Vec<OwnApi>,
    migrations: Vec<Migration>,
    commands: Vec<Command>,
    seed: Option<Seed>,
    data: Vec<data::Value>,
    /// The cache, until the secret that it needs is read.
    unsealed: Option<TieredCache>,
    mistakes: Vec<String>,
}

/// A resource, and what of it is exposed.
struct Exposure {
    resource: &'static ResourceMeta,
    filter: Filter,
    operations: Vec<Operation>,
}

/// What of a resource is exposed, as [`App::resource_with`] narrows it.
pub struct Exposed<R> {
    filter: Filter,
    operations: Vec<Operation>,
    of: PhantomData<fn() -> R>,
}

impl<R: Resource> Exposed<R> {
    /// Shows only rows for which `condition` holds: in lists, to every operation on one row, and where other resources
    /// include them. A create is not narrowed.
    #[must_use]
    pub fn filter(mut self, condition: Condition<R>) -> Self {
        self.filter = self.filter.and(condition.into_filter());
        self
    }

    /// Leaves operations out, and what does the same to many rows at once. Without the list there is no search either, which is
    /// a list too.
    #[must_use]
    pub fn without(mut self, operations: impl IntoIterator<Item = Operation>) -> Self {
        let mut left_out: Vec<Operation> = operations.into_iter().collect();
        if left_out.contains(&Operation::List) {
            left_out.push(Operation::Search);
        }
        let is_left_out = |operation: &Operation| {
            left_out.contains(operation) || operation.of_one().is_some_and(|it| left_out.contains(&it))
        };
        self.operations.retain(|operation| !is_left_out(operation));
        self
    }
}

impl App {
    /// An app with the settings of `Couplet.toml` and the environment.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] with every mistake in the settings.
    pub fn from_env() -> Result<Self> {
        Ok(Self::new(Config::from_env()?))
    }

    /// An app with these settings.
    pub fn new(config: Config) -> Self {
        let info =
            Info { title: cli::program_name(), version: "0.1.0".to_owned(), description: String::new(), license: None };
        Self {
            config,
            info,
            catalog: Catalog::default(),
            resources: Vec::new(),
            apis: Vec::new(),
            migrations: Vec::new(),
            commands: Vec::new(),
            seed: None,
            data: Vec::new(),
            unsealed: None,
            mistakes: Vec::new(),
        }
    }

    /// Names the app, as the pages and the specification do. Default: the program's name.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.info.title = title.into();
        self
    }

    /// The version of the API in the specification. Default: `0.1.0`.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.info.version = version.into();
        self
    }

    /// What the API is about, in Markdown.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.info.description = description.into();
        self
    }

    /// The terms under which the API is used: their name, and where they can be read.
    pub fn license(mut self, name: impl Into<String>, url: impl Into<String>) -> Self {
        self.info.license = Some(License { name: name.into(), url: url.into() });
        self
    }

    /// Exposes a resource with the operations that it declares.
    pub fn resource<R: Resource>(self) -> Self {
        self.resource_with::<R>(|exposed| exposed)
    }

    /// Exposes a part of a resource: fewer operations, or fewer rows.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use couplet::model::Operation;
    /// use couplet::prelude::*;
    ///
    /// /// Something for sale.
    /// #[derive(Model, Resource)]
    /// pub struct Product {
    ///     pub id: i64,
    ///     pub listed: bool,
    /// }
    ///
    /// # async fn run() -> couplet::Result<()> {
    /// App::from_env()?
    ///     .resource_with::<Product>(|products| products.filter(Product::LISTED.eq(true)).without([Operation::Delete]))
    ///     .run()
    ///     .await
    /// # }
    /// ```
    pub fn resource_with<R: Resource>(mut self, part: impl FnOnce(Exposed<R>) -> Exposed<R>) -> Self {
        let resource = R::RESOURCE;
        if self.resources.iter().any(|known| known.resource.name == resource.name) {
            self.mistakes.push(format!("two resources are named `{}`; rename one of them", resource.name));
        }
        let (filter, operations) = (Filter::everything(), resource.operations.to_vec());
        let Exposed { filter, operations, .. } = part(Exposed { filter, operations, of: PhantomData });
        self.resources.push(Exposure { resource, filter, operations });
        self.model::<R>()
    }

    /// Adds a model that has a table and no endpoints; models that relations lead to come by themselves.
    pub fn model<M: Model>(mut self) -> Self {
        self.catalog.add(M::META);
        self
    }

    /// Adds endpoints that were written by hand with poem-openapi. One that has the method and path of a derived endpoint
    /// replaces it.
    pub fn api<A: poem_openapi::OpenApi + 'static>(mut self, api: A) -> Self {
        match OwnApi::new(api, &self.config.server.prefix) {
            Ok(api) => self.apis.push(api),
            Err(error) => self.mistakes.push(error.to_string()),
        }
        self
    }

    /// Hands a value to the app, one of each type: hooks ask for it by [`HookContext::data`](crate::crud::HookContext::data),
    /// endpoints written by hand take it as `poem::web::Data<&T>`, and [`Database::data`] answers it to commands.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use couplet::prelude::*;
    ///
    /// /// Sends letters.
    /// #[derive(Clone)]
    /// struct Mailer;
    ///
    /// impl Mailer {
    ///     async fn welcome(&self, _address: &str) -> couplet::Result<()> {
    ///         Ok(())
    ///     }
    /// }
    ///
    /// #[derive(Model, Resource)]
    /// #[model(hooks)]
    /// pub struct Member {
    ///     pub id: i64,
    ///     pub email: String,
    /// }
    ///
    /// impl Hooks for Member {
    ///     async fn after_commit(change: &Committed<Self>, context: &mut HookContext<'_>) -> Result<()> {
    ///         if let Committed::Created(member) = change {
    ///             context.data::<Mailer>()?.welcome(&member.email).await?;
    ///         }
    ///         Ok(())
    ///     }
    /// }
    ///
    /// # async fn run() -> couplet::Result<()> {
    /// App::from_env()?.data(Mailer).resource::<Member>().run().await
    /// # }
    /// ```
    pub fn data<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        let value = data::Value::new(value);
        if self.data.iter().any(|known| known.of == value.of) {
            let name = std::any::type_name::<T>();
            self.mistakes
                .push(format!("two values of type {name} are given to `App::data`; give one a type of its own"));
        }
        self.data.push(value);
        self
    }

    /// Adds migrations, as [`migrations!`](crate::migrations) embeds them.
    pub fn migrations(mut self, migrations: &[Migration]) -> Self {
        self.migrations.extend_from_slice(migrations);
        self
    }

    /// Adds a command to the command line. It runs once the database is ready, and gets it.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use couplet::app::CommandContext;
    /// use couplet::app::clap::{Arg, Command};
    /// use couplet::prelude::*;
    ///
    /// async fn import(context: CommandContext) -> couplet::Result<()> {
    ///     let folder = context.arguments.get_one::<String>("folder").map(String::as_str).unwrap_or(".");
    ///     println!("importing {folder} into {:?}", context.database.dialect());
    ///     Ok(())
    /// }
    ///
    /// # async fn run() -> couplet::Result<()> {
    /// let command = Command::new("import").about("Imports books").arg(Arg::new("folder").long("goodbooks"));
    /// App::from_env()?.command(command, import).run().await
    /// # }
    /// ```
    pub fn command<F>(mut self, command: clap::Command, run: impl FnOnce(CommandContext) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let name = command.get_name();
        if cli::BUILT_IN.contains(&name) || self.commands.iter().any(|known| known.command.get_name() == name) {
            self.mistakes.push(format!("two commands are named `{name}`; rename one of them"));
        } else {
            self.commands.push(Command::new(command, run));
        }
        self
    }

    /// Fills the database at the first start: `seed` runs when no model has a row.
    pub fn seed<F>(mut self, seed: impl FnOnce(Database) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        self.seed = Some(Box::new(move |database| Box::pin(seed(database))));
        self
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Does what the command line says: serves until SIGTERM or SIGINT, or runs one of the commands.
    ///
    /// # Errors
    ///
    /// Settings, command line or database that cannot be used, with a text that says what to do; `main` returns it, and
    /// the process ends with exit code 1.
    pub async fn run(self) -> Result<()> {
        cli::run(self, std::env::args_os()).await
    }

    /// Starts to serve and comes back once requests are answered; for tests and for programs that do more than serve.
    ///
    /// # Errors
    ///
    /// As [`App::run`].
    pub async fn start(self) -> Result<Running> {
        running::start(self).await
    }

    /// Where everything that the app serves comes together.
    fn assemble(&mut self, database: &Database, metrics: &Arc<Metrics>) -> Result<(Routes, Specification)> {
        let ServerConfig { prefix, json_depth, ignored_parameters, .. } = &self.config.server;
        let narrowed = self.resources.iter().filter(|exposed| !exposed.filter.is_everything());
        let shown = narrowed.map(|exposed| ((exposed.resource.model)().name, exposed.filter.clone())).collect();
        let shown = Arc::new(shown);
        let keys = idempotency::keys(self.config.idempotency.ttl);
        let answers = Arc::new(self.answers(metrics));
        let mounted = self.resources.iter().map(|exposed| {
            let ignored = ignored_parameters.clone();
            Arc::new(Mounted {
                database: database.clone(),
                options: ListOptions { resource: exposed.resource, ignored, shown: Arc::clone(&shown) },
                filter: exposed.filter.clone(),
                operations: exposed.operations.clone(),
                prefix: prefix.clone(),
                json_depth: *json_depth,
                keys: Arc::clone(&keys),
                answers: Arc::clone(&answers),
            })
        });
        let mounted: Vec<Arc<Mounted>> = mounted.collect();
        let apis = std::mem::take(&mut self.apis).into_iter().map(|api| api.with_data(data::inserts(&self.data)));
        assemble(&self.info, &self.catalog, &mounted, apis.collect(), database, prefix, self.config.docs.enabled)
    }

    /// Answers that are kept, of this version of the app.
    fn answers(&self, metrics: &Arc<Metrics>) -> Answers {
        let cache = &self.config.cache;
        let limits = Limits {
            entries: NonZeroUsize::new(cache.max_memory_entries).unwrap_or(NonZeroUsize::MIN),
            bytes: cache.max_memory_bytes,
        };
        // Answers have cursors in them, and computed fields as this version of this app computes them.
        let keys = self.config.pagination.cursor_keys.iter().map(Secret::expose);
        let signature: Vec<&str> = [&*self.info.title, &*self.info.version].into_iter().chain(keys).collect();
        Answers::new(self.catalog.models(), signature.join("\0").as_bytes(), limits, Arc::clone(metrics))
    }

    /// The routes of the public listener and, where there is one, of the private one.
    fn routes(
        &mut self,
        database: &Database,
        metrics: &Arc<Metrics>,
        shutdown: &Shutdown,
        dependencies: Vec<health::Dependency>,
    ) -> Result<(Routes, Option<Routes>)> {
        let (mut public, _) = self.assemble(database, metrics)?;
        let mut private = self.config.server.admin_bind.map(|_| Routes::default());
        for route in health::routes(dependencies, shutdown.clone()) {
            add_own(&mut public, route)?;
        }
        if self.config.docs.enabled {
            // An app may have a page of its own there.
            public.add(http::home_route());
        }
        add_own(private.as_mut().unwrap_or(&mut public), http::metrics_route(metrics))?;
        Ok((public, private))
    }

    /// Mistakes in how the app is put together.
    fn check(&self) -> Result<()> {
        let mut mistakes = self.mistakes.clone();
        mistakes.extend(self.catalog.clashes());
        mistakes.extend(self.resources.iter().flat_map(|exposed| broken_paths(exposed.resource)));
        for model in self.catalog.models() {
            for column in model.columns {
                if let Some(error) = column.broken_pattern() {
                    let (model, field) = (model.name, column.field);
                    mistakes.push(format!("the pattern of {model}.{field} is no regular expression: {error}"));
                }
            }
        }
        if mistakes.is_empty() { Ok(()) } else { Err(Error::Startup(mistakes.join("\n"))) }
    }

    /// Connects to the database.
    async fn connect(&self, metrics: Arc<Metrics>) -> Result<Database> {
        Ok(self.equipped(Database::connect(self.database_options(), metrics).await?))
    }

    /// The database before there is a connection.
    fn lazy_database(&self, metrics: Arc<Metrics>) -> Result<Database> {
        Ok(self.equipped(Database::lazy(self.database_options(), metrics)?))
    }

    /// Gives a database the app's data and, if the settings have some, the keys that it signs cursors with.
    fn equipped(&self, database: Database) -> Database {
        let mut keys = self.config.pagination.cursor_keys.iter().map(|key| key.expose().as_bytes());
        if let Some(first) = keys.next() {
            database.sign_cursors_with(CursorKeys::new(first, keys));
        }
        data::attach(&self.data, database)
    }

    /// The Redis of the settings, if they name one. It need not be there.
    fn redis(&self, metrics: &Arc<Metrics>) -> Result<Option<Redis>> {
        let redis = &self.config.redis;
        let Some(url) = &redis.url else { return Ok(None) };
        let options = RedisOptions {
            url: url.expose().to_owned(),
            max_connections: redis.max_connections,
            command_timeout: redis.command_timeout,
            connect_timeout: redis.connect_timeout,
            health_check_interval: redis.health_check_interval,
        };
        Redis::new(options, Arc::clone(metrics)).map(Some)
    }

    /// Where the totals of the app's models are kept.
    fn count_cache(&self, redis: Option<Redis>, metrics: &Arc<Metrics>) -> CountCache {
        CountCache::new(CountCacheOptions::of(&self.config.cache), self.catalog.models(), redis, Arc::clone(metrics))
    }

    fn metrics(&self) -> Result<Arc<Metrics>> {
        Metrics::new(&self.info.version).map(Arc::new)
    }

    fn database_options(&self) -> DatabaseOptions {
        let database = &self.config.database;
        DatabaseOptions {
            url: database.url.expose().to_owned(),
            pool_size: database.pool_size,
            max_overflow: database.max_overflow,
            pool_timeout: database.pool_timeout,
            pool_idle_timeout: database.pool_idle_timeout,
            pool_recycle: database.pool_recycle,
            slow_query_threshold: database.slow_query_threshold,
            statement_timeout: database.statement_timeout,
        }
    }
}

#[cfg(test)]
mod tests;
