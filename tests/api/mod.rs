//! What an API does, asked from Rust and over HTTP, on each database.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic)]

mod body;
mod budget;
mod bulk;
mod bulk_blame;
mod conflict;
mod cors;
mod errors;
mod events;
mod filter;
mod include;
mod keys;
mod list;
mod metrics;
mod models;
mod mutation;
mod own;
mod row_budget;
mod search;
mod sort;
mod statements;
mod support;
mod typed;
mod versions;
mod write;
