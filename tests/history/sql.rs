//! Plain SQL beside the framework, on both databases.

use couplet_tests::TestDatabase;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, Row, SqliteConnection};
use std::time::Duration;

use super::lists::{LANGUAGES, LISTS, RATINGS, Rows, Slot};
use super::record::Effects;

/// Rows of a writer that stay.
const SHELF: usize = 6;

/// A connection of a writer's own.
pub enum Sql {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

impl Sql {
    pub async fn connect(database: &TestDatabase) -> Self {
        if database.url().starts_with("sqlite:") {
            let options: SqliteConnectOptions = database.url().parse().unwrap();
            Self::Sqlite(options.busy_timeout(Duration::from_secs(30)).foreign_keys(true).connect().await.unwrap())
        } else {
            Self::Postgres(PgConnection::connect(database.url()).await.unwrap())
        }
    }

    /// Runs statements without an answer.
    pub async fn run(&mut self, sql: impl Into<String>) {
        let sql = AssertSqlSafe(sql.into());
        match self {
            Self::Postgres(connection) => drop(connection.execute(sqlx::raw_sql(sql)).await.unwrap()),
            Self::Sqlite(connection) => drop(connection.execute(sqlx::raw_sql(sql)).await.unwrap()),
        }
    }

    /// Rows of whole numbers.
    pub async fn rows<const COLUMNS: usize>(&mut self, sql: impl Into<String>) -> Vec<[i64; COLUMNS]> {
        let sql = AssertSqlSafe(sql.into());
        match self {
            Self::Postgres(connection) => {
                let rows = sqlx::query(sql).fetch_all(connection).await.unwrap();
                rows.iter().map(|row| std::array::from_fn(|column| row.get(column))).collect()
            }
            Self::Sqlite(connection) => {
                let rows = sqlx::query(sql).fetch_all(connection).await.unwrap();
                rows.iter().map(|row| std::array::from_fn(|column| row.get(column))).collect()
            }
        }
    }

    /// Begins a transaction that will write.
    pub async fn begin(&mut self) {
        let begin = if matches!(self, Self::Sqlite(_)) { "BEGIN IMMEDIATE" } else { "BEGIN" };
        self.run(begin).await;
    }

    /// How many connections to PostgreSQL have this name.
    pub async fn connections(&mut self, name: &str) -> i64 {
        self.rows::<1>(format!("SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = '{name}'")).await[0][0]
    }

    /// The true totals.
    pub async fn totals(&mut self) -> Effects {
        let mut totals = [0; LISTS.len()];
        for (total, list) in totals.iter_mut().zip(&LISTS) {
            *total = self.rows::<1>(list.sql).await[0][0];
        }
        totals
    }

    /// Adds a book; its key.
    pub async fn book(&mut self, title: &str, language: &str) -> i64 {
        let sql = format!(
            "INSERT INTO books (title, language, average_rating, ratings_count, created_at, version) \
             VALUES ('{title}', '{language}', 0, 0, '{TIME}', 1) RETURNING id"
        );
        self.rows::<1>(sql).await[0][0]
    }

    /// Makes the rows that a writer's are made of: its reader's key.
    pub async fn move_in(&mut self, who: &str) -> i64 {
        let sql = format!(
            "INSERT INTO readers (name, email, created_at) VALUES ('{who}', '{who}@example.org', '{TIME}') RETURNING id"
        );
        let reader = self.rows::<1>(sql).await[0][0];
        for slot in 0..SHELF {
            let book = self.book(&format!("{who} shelf"), "eng").await;
            // Some of each stay as they are, so that no list is ever a single page.
            let status = if slot < 2 { "inactive" } else { "active" };
            let sql = format!(
                "INSERT INTO authors (name, status, created_at) VALUES ('{who}', '{status}', '{TIME}') RETURNING id"
            );
            let author = self.rows::<1>(sql).await[0][0];
            self.run(format!("INSERT INTO book_authors (book_id, author_id) VALUES ({book}, {author})")).await;
        }
        reader
    }

    /// Rows that nobody writes, so that no list ends on its first page.
    pub async fn furnish(&mut self) {
        let reader = self.move_in("nobody").await;
        for language in LANGUAGES.into_iter().cycle().take(6) {
            self.book("nobody comes", language).await;
        }
        let shelf = self.rows::<1>("SELECT id FROM books WHERE title = 'nobody shelf'").await;
        for ([book], rating) in shelf.into_iter().zip(RATINGS.into_iter().cycle()) {
            self.review(book, reader, rating).await;
        }
    }

    pub async fn review(&mut self, book: i64, reader: i64, rating: i64) -> i64 {
        let sql = format!(
            "INSERT INTO reviews (book_id, reader_id, rating, created_at) VALUES ({book}, {reader}, {rating}, '{TIME}') \
             RETURNING id"
        );
        self.rows::<1>(sql).await[0][0]
    }

    /// Leaves the framework's triggers in their place and takes away what they do. PostgreSQL only.
    pub async fn deafen(&mut self) {
        let functions = "FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid WHERE tgname LIKE '\\_couplet%'";
        assert_ne!(self.rows(format!("SELECT COUNT(*) {functions}")).await, [[0]], "there are triggers");
        self.run(format!(
            "DO $$ DECLARE function record; BEGIN \
             FOR function IN SELECT DISTINCT proname, pronamespace::regnamespace AS schema {functions} LOOP \
             EXECUTE format('CREATE OR REPLACE FUNCTION %s.%I() RETURNS trigger LANGUAGE plpgsql \
             AS ''BEGIN RETURN NULL; END''', function.schema, function.proname); END LOOP; END $$"
        ))
        .await;
    }

    /// The rows of a writer as they are.
    pub async fn owned(&mut self, who: &str) -> Rows {
        let books = self.rows(format!(
            "SELECT id, CAST(language = 'la2' AS INTEGER) + CAST(0 AS BIGINT) FROM books WHERE title = '{who}' ORDER BY id"
        ));
        let books =
            books.await.into_iter().map(|[book, language]| (book, usize::try_from(language).unwrap())).collect();
        let shelf = self.rows(format!(
            "SELECT books.id, authors.id, CAST(status = 'inactive' AS INTEGER) + CAST(0 AS BIGINT), \
             (SELECT COUNT(*) FROM book_authors WHERE book_id = books.id), \
             COALESCE((SELECT id FROM reviews WHERE book_id = books.id AND deleted_at IS NULL), 0), \
             COALESCE((SELECT rating FROM reviews WHERE book_id = books.id AND deleted_at IS NULL), 0) + CAST(0 AS BIGINT) \
             FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place FROM books WHERE title = '{who} shelf') AS books \
             JOIN (SELECT id, status, ROW_NUMBER() OVER (ORDER BY id) AS place FROM authors WHERE name = '{who}') AS authors \
             ON authors.place = books.place ORDER BY books.id"
        ));
        let slot = |[book, author, inactive, linked, review, rating]: [i64; 6]| Slot {
            book,
            author,
            inactive: inactive == 1,
            linked: linked == 1,
            review: (review > 0).then(|| (review, usize::from(rating == RATINGS[1]))),
        };
        Rows { books, shelf: shelf.await.into_iter().map(slot).collect() }
    }
}

/// A time that both databases read.
const TIME: &str = "2026-01-01 00:00:00+00:00";
