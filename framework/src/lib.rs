//! **couplet** derives a production REST API from structs.
//!
//! Write a struct, derive [`Model`] and [`Resource`], hand it to an [`App`]: the result is a documented, paginated,
//! filterable REST API with eager loading on SQLite or PostgreSQL.
//!
//! The modules are rows of a house; imports point down only (see `docs/ARCHITECTURE.md`).

pub mod app;
pub mod cache;
pub mod config;
pub mod crud;
pub mod db;
pub mod error;
pub mod events;
pub mod http;
pub mod metrics;
pub mod model;
pub mod prelude;
pub mod query;
pub mod resilience;
pub mod sql;
pub mod testing;

// Generated code says `::couplet`, inside this crate too.
extern crate self as couplet;

#[doc(hidden)]
pub mod __private;

#[cfg(test)]
mod fixtures;

pub use app::App;
pub use couplet_macros::{Model, Resource, TextEnum, migrations};
pub use crud::{invalidate_count_cache, sql, sql_unchecked};
pub use error::{Error, Result};

/// Compiles the examples of the README and of the guide.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../../README.md")]
    struct Readme;
    #[doc = include_str!("../../docs/guide/README.md")]
    struct Guide;
    #[doc = include_str!("../../docs/reference/hooks.md")]
    struct Hooks;
    #[doc = include_str!("../../docs/reference/cache.md")]
    struct Cache;
}
