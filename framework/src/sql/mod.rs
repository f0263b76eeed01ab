//! From a [`ListQuery`](crate::query::ListQuery) or [`Changes`](crate::model::Changes) to statements. Pure: no I/O.

pub mod count;
pub mod include;
pub mod migration;
pub mod schema;
pub mod select;
pub mod statement;
pub mod write;

pub use migration::Migration;
pub use statement::{Dialect, Statement, Verb};
