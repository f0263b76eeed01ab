//! What the tests stand on: throw-away servers on private ports, a fresh database for each test, the binaries of this
//! workspace as processes, and an HTTP client whose failures say what was asked and what came back.

#![expect(clippy::panic, reason = "a panic is how a test fails")]

mod client;
mod database;
mod postgres;
mod program;
mod proxy;
mod redis;

pub use client::{Answer, Client};
pub use database::TestDatabase;
pub use postgres::Postgres;
pub use program::{Finished, Program, Service};
pub use proxy::{Fault, Proxy};
pub use redis::RedisServer;
