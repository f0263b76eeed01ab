//! What an API does, asked from Rust and over HTTP, on each database.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic)]

mod filter;
mod list;
mod metrics;
mod models;
mod mutation;
mod search;
mod sort;
mod support;
mod typed;
