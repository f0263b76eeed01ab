//! A fresh database for a test, on each database that the framework speaks.

use std::io::Write;
use std::thread;

use tempfile::TempDir;

use super::postgres::Postgres;

/// An empty database that one test has to itself. It is removed with this value, and kept when the test fails.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Folder(TempDir),
    Server(&'static Postgres),
}

impl TestDatabase {
    /// A SQLite file in a folder of its own.
    ///
    /// # Panics
    ///
    /// The folder for temporary files cannot be written.
    pub fn sqlite() -> Self {
        let folder = TempDir::with_prefix("couplet-sqlite.").expect("a temporary folder");
        Self { url: format!("sqlite://{}", folder.path().join("test.db").display()), place: Place::Folder(folder) }
    }

    /// A database on the shared PostgreSQL; `None` where there is none, which has then been said.
    ///
    /// # Panics
    ///
    /// The server refuses.
    pub async fn postgres() -> Option<Self> {
        let server = Postgres::shared()?;
        Some(Self { url: server.create_database().await, place: Place::Server(server) })
    }

    /// The URL that `DATABASE_URL` takes.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if thread::panicking() {
            let _ = writeln!(std::io::stderr(), "kept: {}", self.url);
            if let Place::Folder(folder) = &mut self.place {
                folder.disable_cleanup(true);
            }
        } else if let Place::Server(server) = self.place {
            let url = std::mem::take(&mut self.url);
            // The test's own runtime cannot be waited for from here.
            let dropping = thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                runtime.block_on(server.drop_database(&url));
            });
            let _ = dropping.join();
        }
    }
}

/// Writes each test once for every database: `name::sqlite` and, where a server can be had, `name::postgres`.
///
/// # Examples
///
/// ```
/// couplet_tests::on_each_database! {
///     async fn a_fresh_database_has_a_url(database: TestDatabase) {
///         assert!(database.url().contains("://"));
///     }
/// }
/// ```
#[macro_export]
macro_rules! on_each_database {
    ($($(#[$attribute:meta])* async fn $name:ident($database:ident: TestDatabase) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            $(#[$attribute])*
            async fn on($database: $crate::TestDatabase) $body

            #[tokio::test]
            async fn sqlite() {
                on($crate::TestDatabase::sqlite()).await;
            }

            #[tokio::test]
            async fn postgres() {
                if let Some(database) = $crate::TestDatabase::postgres().await {
                    on(database).await;
                }
            }
        }
    )+};
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use sqlx::{Connection, PgConnection};

    use super::*;

    on_each_database! {
        async fn each_test_has_a_database_of_its_own(database: TestDatabase) {
            let other = if database.url().starts_with("sqlite:") {
                TestDatabase::sqlite()
            } else {
                TestDatabase::postgres().await.unwrap()
            };
            assert_ne!(database.url(), other.url());
        }
    }

    fn folder(database: &TestDatabase) -> PathBuf {
        Path::new(database.url().strip_prefix("sqlite://").unwrap()).parent().unwrap().to_owned()
    }

    #[test]
    fn a_folder_goes_with_a_passing_test_and_stays_with_a_failing_one() {
        let database = TestDatabase::sqlite();
        let passing = folder(&database);
        assert!(passing.exists());
        drop(database);
        assert!(!passing.exists());

        let database = TestDatabase::sqlite();
        let failing = folder(&database);
        let failed = thread::spawn(move || {
            let _database = database;
            std::panic::resume_unwind(Box::new("a failing test"));
        });
        assert!(failed.join().is_err());
        assert!(failing.exists());
        std::fs::remove_dir_all(failing).unwrap();
    }

    #[tokio::test]
    async fn a_database_on_a_server_goes_with_a_passing_test() {
        let Some(database) = TestDatabase::postgres().await else { return };
        let url = database.url().to_owned();
        drop(database);
        assert!(PgConnection::connect(&url).await.is_err());
    }
}
