//! The example app as a process: its first start, its import, its command line, its migrations.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic)]

mod cached;
mod command_line;
mod first_start;
mod import;
mod migrations;
mod support;
