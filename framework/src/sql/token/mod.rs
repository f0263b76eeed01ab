//! Tokens: how the database itself says whether what was read once still holds.
//!
//! Each [`Class`] has a token in the database, which triggers change with every transaction that may have changed the class. The
//! [`Footprint`] of a query is the classes that it reads; their tokens together are a [`Vector`], and what was read under a
//! vector holds for as long as the vector is the same. Pure, as all of `sql`: `db::tokens` makes what is described here.

pub mod advance;
pub mod class;
pub mod expression;
pub mod footprint;
pub mod known;
pub mod postgres;
pub mod sqlite;
pub mod tracked;

pub use advance::{advance, exist};
pub use class::Class;
pub use expression::{fence, read};
pub use footprint::Footprint;
pub use known::{Known, KnownTable, Vector};
pub use tracked::{FORMAT, Tracked, tracked};
