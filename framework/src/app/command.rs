//! What an app can do beside serving.

use futures_util::future::BoxFuture;

use crate::config::Config;
use crate::db::Database;
use crate::error::Result;

/// What a command of an app gets.
pub struct CommandContext {
    /// The database, with its tables.
    pub database: Database,
    /// The command's arguments.
    pub arguments: clap::ArgMatches,
    /// The app's settings.
    pub config: Config,
}

type Run = Box<dyn FnOnce(CommandContext) -> BoxFuture<'static, Result<()>> + Send>;

/// Fills an empty database.
pub(super) type Seed = Box<dyn FnOnce(Database) -> BoxFuture<'static, Result<()>> + Send + Sync>;

/// A command of the app's own.
pub(super) struct Command {
    pub(super) command: clap::Command,
    pub(super) run: Run,
}

impl Command {
    pub(super) fn new<F>(command: clap::Command, run: impl FnOnce(CommandContext) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        Self { command, run: Box::new(move |context| Box::pin(run(context))) }
    }
}
