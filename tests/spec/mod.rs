//! The specification and the server against each other, and against input that is wrong in every way.

#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic)]

mod answers;
mod bad_input;
mod document;
mod models;
mod raw;
mod schema;
mod support;
