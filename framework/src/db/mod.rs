//! The only module that names sqlx: connections, statements, transactions.
//!
//! [`Database`] is the handle that an app holds; a [`Session`] is what one request reads through, on at most one
//! connection; a [`Transaction`] is how rows change. Every statement passes [`execute`], where it is counted and timed.

pub mod advice;
pub mod cache_secret;
pub mod check;
mod connection;
mod data;
pub mod database;
mod error;
pub mod execute;
pub mod framework;
mod frequent;
mod full_text;
mod inspect;
mod lease;
pub mod meter;
pub mod migrate;
mod pool;
mod postgres;
mod row;
pub mod session;
mod sqlite;
pub mod sqlite_build;
mod statistics;
mod surplus;
pub mod tokens;
pub mod transaction;
mod unique;

pub use cache_secret::CacheSecret;
pub use database::{Database, DatabaseOptions};
pub use meter::Meter;
pub use session::{Executor, Session};
pub use transaction::Transaction;

#[cfg(test)]
#[allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]
mod tests;
