//! How a PostgreSQL database is reached.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Executor as _, PgConnection};

use super::connection::Connection;
use crate::error::{Error, Result};

/// The first version that looks whether the client is still there while it executes a statement.
const CHECKS_CLIENTS: u32 = 140_000;

/// A notice, such as that a table exists already, would be a line of the log at every start.
const WARNINGS_ONLY: &str = "SET client_min_messages = warning";

/// How the connections of a pool are opened.
pub(super) struct PostgresOpener {
    options: PgConnectOptions,
    statement_timeout: Duration,
}

impl PostgresOpener {
    pub(super) fn new(url: &str, statement_timeout: Duration) -> Result<Self> {
        let options = PgConnectOptions::from_str(url).map_err(|error| {
            Error::Configuration(format!(
                "database.url cannot be read: {error}; write `postgres://user:password@host/name`"
            ))
        })?;
        let options = match options.get_application_name() {
            None => options.application_name("couplet"),
            Some(_) => options,
        };
        Ok(Self { options: options.disable_statement_logging(), statement_timeout })
    }

    pub(super) async fn open(&self) -> sqlx::Result<Connection> {
        let mut connection = self.options.connect().await?;
        connection.execute(AssertSqlSafe(settings(self.statement_timeout))).await?;
        if connection.server_version_num().is_some_and(|version| version >= CHECKS_CLIENTS) {
            // Not every platform can look; there a statement that nobody waits for ends by its timeout.
            match connection.execute("SET client_connection_check_interval = '100ms'").await {
                Ok(_) | Err(sqlx::Error::Database(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Connection::postgres(connection))
    }

    /// A connection without timeouts, for migrations.
    pub(super) async fn open_unlimited(&self) -> sqlx::Result<PgConnection> {
        let mut connection = self.options.connect().await?;
        connection.execute(WARNINGS_ONLY).await?;
        Ok(connection)
    }

    /// The server, for messages.
    pub(super) fn server(&self) -> String {
        match self.options.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => format!("{}:{}", self.options.get_host(), self.options.get_port()),
        }
    }
}

/// Settings of the session, by SET and not at connect, which connection poolers refuse.
fn settings(statement_timeout: Duration) -> String {
    let statement = statement_timeout.as_millis().max(1);
    let lock = (statement / 2).max(1);
    let idle_in_transaction = statement.saturating_mul(2);
    format!(
        "{WARNINGS_ONLY}; SET statement_timeout = {statement}; SET lock_timeout = {lock}; \
         SET idle_in_transaction_session_timeout = {idle_in_transaction}; SET TimeZone = 'UTC'; \
         SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"
    )
}
