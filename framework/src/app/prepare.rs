//! From a database to one that the app can work with.

use super::App;
use super::command::Seed;
use crate::cache::TieredCache;
use crate::config::Profile;
use crate::crud;
use crate::db::advice::{Unserved, unserved_sorts};
use crate::db::sqlite_build::missing_flags;
use crate::db::{Database, check, migrate, tokens};
use crate::error::Result;
use crate::model::{Catalog, ModelMeta, Operation, ResourceMeta};
use crate::query::{CountMode, ListQuery};
use crate::sql::Migration;

/// What has to be done with a database before requests are answered from it.
pub(super) struct Preparation {
    catalog: Catalog,
    migrations: Vec<Migration>,
    creates_tables: bool,
    /// The models whose rows are listed.
    listed: Vec<&'static ModelMeta>,
    /// The resources whose answers are kept.
    cached: Vec<&'static ResourceMeta>,
    advises: bool,
    seed: Option<Seed>,
    unsealed: Option<TieredCache>,
}

impl Preparation {
    /// Takes what it needs out of the app.
    pub(super) fn of(app: &mut App) -> Self {
        let mut catalog = Catalog::default();
        app.catalog.models().iter().for_each(|model| catalog.add(model));
        Self {
            catalog,
            migrations: std::mem::take(&mut app.migrations),
            creates_tables: app.config.profile != Profile::Production,
            listed: app
                .resources
                .iter()
                .filter(|exposed| exposed.operations.contains(&Operation::List))
                .map(|exposed| (exposed.resource.model)())
                .collect(),
            cached: app.resources.iter().map(|it| it.resource).filter(|it| it.cache.is_some()).collect(),
            advises: app.config.is_development(),
            seed: app.seed.take(),
            unsealed: app.unsealed.take(),
        }
    }

    /// Makes the framework's own tables, migrates, creates missing tables outside production, compares the tables with the
    /// models, and makes the triggers that keep tokens.
    pub(super) async fn tables(&self, database: &Database) -> Result<()> {
        database.own_tables().await?;
        database.cursor_keys().await?;
        database.cache_secret().await?;
        if let Some(cache) = &self.unsealed {
            cache.seal_with(&database.shared_secret("cache_key").await?);
        }
        migrate::run(database, &self.migrations).await?;
        if self.creates_tables {
            let created = migrate::create_missing(database, self.catalog.models()).await?;
            if !created.is_empty() {
                tracing::info!(tables = created.join(", "), "created");
            }
        }
        check::check(database, &self.catalog).await?;
        tokens::sync(database, &self.catalog).await?;
        self.name_uncached(database);
        Ok(())
    }

    /// Names the resources whose answers are to be kept and cannot be.
    fn name_uncached(&self, database: &Database) {
        let known = database.tokens();
        let has_tokens =
            |it: &&ResourceMeta| known.as_ref().is_some_and(|it_is| it_is.tables.contains_key((it.model)().name));
        let names: Vec<&str> = self.cached.iter().filter(|it| !has_tokens(it)).map(|it| it.name).collect();
        if !names.is_empty() {
            tracing::warn!(resources = names.join(", "), "these tables have no tokens; their answers are not cached");
        }
    }

    /// Names the sorts that no index serves, and the flags that SQLite was built without, to the one who can add them.
    pub(super) async fn advise(&self, database: &Database) -> Result<()> {
        if !self.advises {
            return Ok(());
        }
        for Unserved { model, sort, statement } in self.unserved_sorts(database).await? {
            tracing::info!(index = statement, "no index serves the sort {model}.{sort}");
        }
        let flags = missing_flags(database).await?.join(" ");
        if !flags.is_empty() {
            tracing::info!(
                LIBSQLITE3_FLAGS = flags,
                "readers of SQLite wait for each other; set this under [env] in .cargo/config.toml"
            );
        }
        Ok(())
    }

    pub(super) async fn unserved_sorts(&self, database: &Database) -> Result<Vec<Unserved>> {
        unserved_sorts(database, &self.listed).await
    }

    /// Seeds a database without a row, and lets it see what it holds then. A second call seeds nothing.
    pub(super) async fn seed(&mut self, database: &Database) -> Result<()> {
        self.fill(database).await?;
        database.optimize().await;
        Ok(())
    }

    async fn fill(&mut self, database: &Database) -> Result<()> {
        let Some(seed) = self.seed.take() else { return Ok(()) };
        if !self.is_empty(database).await? {
            return Ok(());
        }
        // Of instances that start together one fills it, and the others find it full.
        let alone = migrate::hold_off_others(database).await?;
        if self.is_empty(database).await? {
            tracing::info!("the database is empty; filling it");
            seed(database.clone()).await?;
        }
        match alone {
            Some(transaction) => transaction.commit().await,
            None => Ok(()),
        }
    }

    async fn is_empty(&self, database: &Database) -> Result<bool> {
        for model in self.catalog.models().iter().filter(|model| model.creates_table()) {
            let mut query = ListQuery::new(model);
            query.page.per_page = 1;
            query.count = CountMode::None;
            if !crud::list(&query, &mut database.session()).await?.loaded.is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
