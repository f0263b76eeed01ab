//! The only module that names sqlx: connections, statements, transactions.
//!
//! [`Database`] is the handle that an app holds; a [`Session`] is what one request reads through, on at most one
//! connection; a [`Transaction`] is how rows change. Every statement passes [`execute`], where it is counted and timed.

pub mod database;
pub mod execute;
pub mod meter;
pub mod session;
pub mod transaction;

pub use database::{Database, DatabaseOptions};
pub use meter::Meter;
pub use session::{Executor, Session};
pub use transaction::Transaction;
