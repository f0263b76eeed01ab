//! What an API does, asked from Rust and over HTTP, on each database.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic)]

mod body;
mod budget;
mod bulk;
mod bulk_blame;
mod composite;
mod conflict;
mod cors;
mod cost;
mod cursor;
mod database_columns;
mod errors;
mod events;
mod fields;
mod filter;
mod full_text;
mod hooks;
mod idempotency;
mod include;
mod include_options;
mod joined;
mod keys;
mod list;
mod metrics;
mod models;
mod mutation;
mod nested;
mod notes;
mod own;
mod plain;
mod relation_filter;
mod row_budget;
mod seams;
mod search;
mod search_body;
mod soft_delete;
mod sort;
mod statements;
mod support;
mod together;
mod typed;
mod upsert;
mod versions;
mod walk;
mod write;
