//! How rows change.

use super::session::Session;
use crate::error::Result;

/// A transaction. Dropped without a commit it rolls back.
pub struct Transaction {}

impl Transaction {
    /// A session on the transaction's connection.
    #[must_use]
    pub fn session(&mut self) -> Session<'_> {
        todo!()
    }

    /// Makes the changes visible to others.
    ///
    /// # Errors
    ///
    /// The database refuses, or the connection is lost: the changes may or may not be there.
    pub async fn commit(self) -> Result<()> {
        todo!()
    }

    /// Takes the changes back.
    ///
    /// # Errors
    ///
    /// The connection is lost; the database then takes them back itself.
    pub async fn rollback(self) -> Result<()> {
        todo!()
    }
}
