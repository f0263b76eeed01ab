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
mod hooks;
mod idempotency;
mod include;
mod joined;
mod keys;
mod list;
mod metrics;
mod models;
mod mutation;
mod nested;
mod notes;
mod own;
mod row_budget;
mod search;
mod soft_delete;
mod sort;
mod statements;
mod support;
mod typed;
mod upsert;
mod versions;
mod write;
