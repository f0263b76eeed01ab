//! A book catalogue on couplet.
#![allow(missing_docs, dead_code)]
mod models;
fn main() {}
