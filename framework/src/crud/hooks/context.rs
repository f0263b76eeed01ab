//! What a hook works with.

use super::Action;
use crate::db::{Database, Executor, Session, Transaction};
use crate::error::{Error, Result};

/// What a hook works with: an executor over the transaction of the write, and the app's data. Calls take it as
/// `&mut *context`. After the commit it is an executor over the database.
///
/// Statements that it executes are measured, and do not count against the query budget of the endpoint.
pub struct HookContext<'a> {
    source: Source<'a>,
    action: Action,
    depth: u8,
}

enum Source<'a> {
    Transaction(&'a mut Transaction),
    Database(&'a Database),
}

impl<'a> HookContext<'a> {
    /// The context of a hook of a write through `session`.
    pub(super) fn within(session: &'a mut Session<'_>, action: Action) -> Result<Self> {
        let depth = session.depth() + 1;
        let transaction = session.transaction().ok_or_else(|| {
            Error::other(
                "a model with hooks is written in a transaction only; hand `&Database` or `&mut Transaction` on",
            )
        })?;
        Ok(Self { source: Source::Transaction(transaction), action, depth })
    }

    /// The context of what follows a commit.
    pub(super) fn after_commit(database: &'a Database, action: Action) -> Self {
        Self { source: Source::Database(database), action, depth: 0 }
    }

    /// The outcome of a hook; where it failed its transaction can only be rolled back.
    pub(super) fn settle<T>(&mut self, outcome: Result<T>) -> Result<T> {
        if outcome.is_err()
            && let Some(transaction) = self.transaction()
        {
            transaction.fail();
        }
        outcome
    }

    pub(super) fn transaction(&mut self) -> Option<&mut Transaction> {
        match &mut self.source {
            Source::Transaction(transaction) => Some(transaction),
            Source::Database(_) => None,
        }
    }

    /// What is done from now on.
    pub(super) fn act(&mut self, action: Action) {
        self.action = action;
    }

    /// What is done.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }

    /// The value of that type that the app was given by [`App::data`](crate::App::data).
    ///
    /// # Errors
    ///
    /// There is none; the text names the type.
    pub fn data<T: Send + Sync + 'static>(&self) -> Result<&T> {
        match &self.source {
            Source::Transaction(transaction) => transaction.handle().data(),
            Source::Database(database) => database.data(),
        }
    }
}

impl<'a> Executor<'a> for &'a mut HookContext<'_> {
    fn session(self) -> Session<'a> {
        match &mut self.source {
            Source::Transaction(transaction) => transaction.session().at_depth(self.depth),
            Source::Database(database) => database.session(),
        }
    }

    fn database(&self) -> Option<Database> {
        match &self.source {
            Source::Transaction(_) => None,
            Source::Database(database) => Some((*database).clone()),
        }
    }
}
