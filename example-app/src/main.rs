//! A book catalogue on couplet.
#![allow(missing_docs, dead_code)]

mod import;
mod models;
mod seed;

fn main() {}
