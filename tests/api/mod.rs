//! What an API does, asked from Rust and over HTTP, on each database.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic)]

mod models;
mod support;
mod typed;
