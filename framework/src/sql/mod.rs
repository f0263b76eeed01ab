//! From a [`ListQuery`](crate::query::ListQuery) or [`Changes`](crate::model::Changes) to statements. Pure: no I/O.

mod bind;
pub mod bulk;
pub mod count;
mod filter;
mod full_text;
pub mod idempotency;
pub mod include;
mod link;
mod link_many;
mod lock;
pub mod migration;
pub mod plain;
pub(crate) mod quote;
mod rows;
pub mod schema;
mod seek;
pub mod select;
pub mod soft_delete;
mod sort;
pub mod statement;
mod table;
pub mod token;
pub mod upsert;
pub mod version;
pub mod write;
mod written_out;

pub use migration::Migration;
pub use statement::{Dialect, Statement, Verb};
