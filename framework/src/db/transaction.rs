//! How rows change.

use futures_util::future::BoxFuture;
use tokio::runtime::Handle;
use tracing::Instrument;

use super::database::Database;
use super::lease::Lease;
use super::session::Session;
use crate::error::Result;
use crate::events::Change;
use crate::sql::Dialect;

/// A transaction. Dropped without a commit it rolls back.
///
/// After a statement or a write failed it can only be rolled back, on every database. A write of one row that is not there, or
/// has another version than it must have, has changed nothing and leaves the transaction as it was.
pub struct Transaction {
    database: Database,
    lease: Option<Lease>,
    follow_ups: Vec<FollowUp>,
    /// What is published with the commit.
    changes: Vec<Change>,
}

/// Work that a commit sets off.
type FollowUp = Box<dyn FnOnce(Database) -> BoxFuture<'static, ()> + Send + Sync>;

impl Transaction {
    pub(super) async fn begin(database: Database) -> Result<Self> {
        let mut lease = database.acquire(true).await?;
        lease.begin().await?;
        Ok(Self { database, lease: Some(lease), changes: Vec::new(), follow_ups: Vec::new() })
    }

    /// A session on the transaction's connection.
    #[must_use]
    pub fn session(&mut self) -> Session<'_> {
        Session::of_transaction(self)
    }

    /// Makes the changes visible to others, and tells of them those who [subscribed](Database::subscribe).
    ///
    /// # Errors
    ///
    /// The database refuses, a statement or a write failed before, or the connection is lost: then the changes may or may not be
    /// there.
    pub async fn commit(mut self) -> Result<()> {
        match self.lease.take() {
            Some(mut lease) => lease.commit().await?,
            None => return Ok(()),
        }
        for change in self.changes.drain(..) {
            self.database.changes().publish(change);
        }
        self.follow_up();
        Ok(())
    }

    /// Sets work off when the transaction is committed, and never if it is not: one piece after the other, in a task that
    /// nobody waits for but [`Database::close`].
    pub(crate) fn after_commit<F: Future<Output = ()> + Send + 'static>(
        &mut self,
        work: impl FnOnce(Database) -> F + Send + Sync + 'static,
    ) {
        self.follow_ups.push(Box::new(|database| Box::pin(work(database))));
    }

    fn follow_up(&mut self) {
        let follow_ups = std::mem::take(&mut self.follow_ups);
        if follow_ups.is_empty() {
            return;
        }
        let database = self.database.clone();
        let work = async move {
            for follow_up in follow_ups {
                follow_up(database.clone()).await;
            }
        };
        drop(self.database.carry_through(work.in_current_span()));
    }

    /// Takes the changes back.
    ///
    /// # Errors
    ///
    /// The connection is lost; the database then takes them back itself.
    pub async fn rollback(mut self) -> Result<()> {
        match self.lease.take() {
            Some(mut lease) => lease.rollback().await,
            None => Ok(()),
        }
    }

    /// The database that it is a transaction of.
    pub(crate) fn handle(&self) -> &Database {
        &self.database
    }

    /// Lets it be rolled back only, after something failed that belongs to it and is no statement.
    pub(crate) fn fail(&mut self) {
        if let Some(lease) = &mut self.lease {
            lease.fail();
        }
    }

    pub(super) fn note(&mut self, change: Change) {
        self.changes.push(change);
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.database.dialect()
    }

    pub(super) fn parts(&mut self) -> (&Database, &mut Lease) {
        (&self.database, self.lease.as_mut().expect("commit and rollback take the transaction with it"))
    }

    /// Executes statements without values, which are not counted.
    pub(super) async fn batch(&mut self, sql: &str) -> Result<()> {
        self.parts().1.batch(sql).await
    }

    /// Takes the time limit from the statements to come.
    pub(super) fn without_time_limit(&mut self) {
        self.parts().1.without_time_limit();
    }
}

/// The connection comes back to the pool when it is rolled back, and is closed where that cannot be done.
impl Drop for Transaction {
    fn drop(&mut self) {
        let Some(mut lease) = self.lease.take() else { return };
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = lease.rollback().await {
                    tracing::debug!(%error, "a transaction was not rolled back, so its connection is closed");
                }
            });
        }
    }
}
