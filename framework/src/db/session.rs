//! What a request reads through.

use super::database::Database;
use super::transaction::Transaction;
use crate::error::Result;
use crate::model::RowSet;
use crate::sql::{Dialect, Statement};

/// Executes statements one after the other on one connection: a transaction's, or one of the pool that is taken with the
/// first statement and given back when the session is dropped.
pub struct Session<'a> {
    of: std::marker::PhantomData<&'a ()>,
}

impl Session<'_> {
    /// The database's language.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        todo!()
    }

    /// Executes a statement that answers with rows.
    ///
    /// # Errors
    ///
    /// No connection can be had, or the database refuses the statement; see [`Error`](crate::Error).
    pub async fn fetch(&mut self, statement: &Statement) -> Result<Box<dyn RowSet>> {
        todo!()
    }

    /// Executes a statement and answers how many rows it changed.
    ///
    /// # Errors
    ///
    /// As [`Session::fetch`].
    pub async fn execute(&mut self, statement: &Statement) -> Result<u64> {
        todo!()
    }

    /// Whether statements run in the caller's transaction.
    #[must_use]
    pub fn in_transaction(&self) -> bool {
        todo!()
    }
}

/// What statements can run on: `&Database` or `&mut Transaction`. The last argument of every call.
pub trait Executor<'a>: Send {
    /// The session that the statements of one call share.
    fn session(self) -> Session<'a>;
    /// The database handle, where the call may open a transaction of its own; `None` inside the caller's.
    fn database(&self) -> Option<Database>;
}

impl<'a> Executor<'a> for &'a Database {
    fn session(self) -> Session<'a> {
        self.session()
    }

    fn database(&self) -> Option<Database> {
        Some((*self).clone())
    }
}

impl<'a> Executor<'a> for &'a mut Transaction {
    fn session(self) -> Session<'a> {
        self.session()
    }

    fn database(&self) -> Option<Database> {
        None
    }
}
