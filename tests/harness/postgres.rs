//! A PostgreSQL server for tests.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use reqwest::Url;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// Names a server that is used instead of one that is started; `tests/run` sets it.
const SERVER: &str = "COUPLET_TEST_POSTGRES";

/// The script's exit code where PostgreSQL is not installed.
const NOT_INSTALLED: i32 = 69;

/// A PostgreSQL server that these tests started or were given.
///
/// A started one hangs on a pipe that this process holds, so that it is gone when the process is, however that ends.
#[derive(Debug)]
pub struct Postgres {
    url: Url,
    keeper: Option<Child>,
}

impl Postgres {
    /// The server that the tests of this process share: the one that `COUPLET_TEST_POSTGRES` names, or one that is
    /// started now. `None` where PostgreSQL is not installed; the tests that need it say so once and are skipped.
    ///
    /// # Panics
    ///
    /// PostgreSQL is installed and does not start.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Postgres>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| {
            let server = match std::env::var(SERVER) {
                Ok(url) => Some(Self { url: url.parse().expect("COUPLET_TEST_POSTGRES is a URL"), keeper: None }),
                Err(_) => Self::start(),
            };
            if server.is_none() {
                // Past the test runner, which keeps what a passing test prints to itself.
                let _ = writeln!(std::io::stderr(), "PostgreSQL is not installed: its tests are skipped");
            }
            server
        });
        shared.as_ref()
    }

    /// Starts a server of the test's own, which ends when this is dropped. `None` where PostgreSQL is not installed.
    ///
    /// # Panics
    ///
    /// PostgreSQL is installed and does not start.
    pub fn start() -> Option<Self> {
        let mut keeper = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/harness/postgres.sh"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("bash runs the script");
        let mut line = String::new();
        let stdout = keeper.stdout.take().expect("stdout is piped");
        BufReader::new(stdout).read_line(&mut line).expect("the script prints UTF-8");
        if line.is_empty() {
            let status = keeper.wait().expect("the script ends");
            assert_eq!(status.code(), Some(NOT_INSTALLED), "PostgreSQL is installed and does not start");
            return None;
        }
        let url = line.trim_end().parse().expect("the script prints a URL");
        Some(Self { url, keeper: Some(keeper) })
    }

    /// The URL of the server's maintenance database, as its superuser.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Creates an empty database and answers its URL.
    ///
    /// # Panics
    ///
    /// The server refuses, as all below.
    pub async fn create_database(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        self.execute(format!(r#"create database "{name}""#)).await;
        let mut url = self.url.clone();
        url.set_path(&name);
        url.into()
    }

    /// Drops the database at `url`, whoever is connected to it.
    pub async fn drop_database(&self, url: &str) {
        let url: Url = url.parse().expect("a URL of create_database");
        let name = url.path().trim_start_matches('/');
        self.execute(format!(r#"drop database if exists "{name}" with (force)"#)).await;
    }

    async fn execute(&self, sql: String) {
        let mut connection = PgConnection::connect(self.url()).await.expect("the server answers");
        connection.execute(AssertSqlSafe(sql)).await.expect("the server does as told");
        connection.close().await.expect("the server says goodbye");
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(keeper) = &mut self.keeper {
            drop(keeper.stdin.take());
            let _ = keeper.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_started_server_answers_until_it_is_dropped() {
        let Some(server) = Postgres::start() else { return };
        let url = server.create_database().await;
        let mut connection = PgConnection::connect(&url).await.unwrap();
        let name: String = sqlx::query_scalar("select current_database()").fetch_one(&mut connection).await.unwrap();
        assert!(url.ends_with(&name), "{url} leads to {name}");

        drop(server);
        assert!(connection.ping().await.is_err(), "the server is gone");
    }

    #[tokio::test]
    async fn a_database_is_dropped_under_its_connections() {
        let Some(server) = Postgres::shared() else { return };
        let url = server.create_database().await;
        let _connection = PgConnection::connect(&url).await.unwrap();
        server.drop_database(&url).await;
        let gone = PgConnection::connect(&url).await.unwrap_err().to_string();
        assert!(gone.contains("does not exist"), "{gone}");
    }
}
