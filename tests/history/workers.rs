//! Who writes and who reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use couplet_tests::TestDatabase;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval};

use super::instance::{Answered, Instance, Serving};
use super::lists::{LANGUAGES, LISTS, RATINGS, Rows};
use super::random::Random;
use super::record::History;
use super::sql::Sql;
use super::write::Change;

/// Between two changes of one writer.
const PACE: Duration = Duration::from_millis(15);

/// Writers write for so long and are still for as long: a class that is written all the time is never cached.
const BURST: Duration = Duration::from_millis(250);

/// Rows come more than they go for so long, then they go.
const TIDE: Duration = Duration::from_secs(4);

/// What all workers share.
pub struct Stage {
    pub history: History,
    pub instances: Vec<Instance>,
    pub over: AtomicBool,
}

/// A writer through an instance, or with plain SQL.
pub struct Writer {
    stage: Arc<Stage>,
    who: &'static str,
    reader: i64,
    instance: Option<usize>,
    sql: Sql,
    rows: Rows,
    random: Random,
}

impl Writer {
    pub async fn new(
        stage: Arc<Stage>,
        who: &'static str,
        instance: Option<usize>,
        mut sql: Sql,
        random: Random,
    ) -> Self {
        let rows = sql.owned(who).await;
        let [reader] = sql.rows(format!("SELECT id FROM readers WHERE name = '{who}'")).await[0];
        Self { stage, who, reader, instance, sql, rows, random }
    }

    /// Writes until it is over.
    pub async fn run(mut self) {
        let mut pace = interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !self.stage.over.load(Ordering::Relaxed) {
            pace.tick().await;
            let now = self.stage.history.now();
            let still = !(now.as_millis() / BURST.as_millis()).is_multiple_of(2);
            if still && !self.random.percent(3) {
                continue;
            }
            let grow = (now.as_millis() / TIDE.as_millis()).is_multiple_of(2);
            let change = Change::choose(&self.rows, grow, self.instance.is_none(), &mut self.random);
            match self.instance {
                Some(instance) => self.ask(instance, change).await,
                None => self.execute(change).await,
            }
        }
    }

    async fn ask(&mut self, instance: usize, change: Change) {
        let stage = Arc::clone(&self.stage);
        let serving = stage.instances[instance].serving().await;
        let (request, expected) = self.request(&serving, change);
        let after = change.applied(&self.rows);
        let write = stage.history.begin(self.rows.effects(&after));
        match stage.instances[instance].ask(serving, request).await {
            Answered::Status(status, body) if status == expected => {
                stage.history.acknowledge(write);
                self.rows = with_key(after, &body);
            }
            // The write goes on when a request has been given up, so nobody knows; it ends the history, which has failed.
            Answered::Status(status, body) => {
                stage.history.fail(format!("{} {change:?}: {status} {body}", self.who));
                stage.over.store(true, Ordering::Relaxed);
            }
            Answered::Killed(serving) => self.settle(write, &serving, &after).await,
            Answered::Broken(error) => {
                stage.history.fail(format!("{} {change:?}: {error}", self.who));
                stage.over.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Finds out whether a write was done whose process was killed: once its connections are gone, nothing more can happen.
    async fn settle(&mut self, write: usize, serving: &Serving, after: &Rows) {
        let mut pace = interval(PACE);
        while self.sql.connections(&serving.name).await > 0 {
            pace.tick().await;
        }
        let rows = self.sql.owned(self.who).await;
        if rows.totals() == after.totals() && rows.totals() != self.rows.totals() {
            self.stage.history.acknowledge(write);
        } else {
            assert_eq!(rows.totals(), self.rows.totals(), "a write is done or not");
            self.stage.history.refuse(write);
        }
        self.rows = rows;
    }

    fn request(&self, serving: &Serving, change: Change) -> (RequestBuilder, u16) {
        let ask = |method, path: String| serving.client.request(method, &path);
        let send = |method, path: String, body: Value| ask(method, path).json(&body);
        let rows = &self.rows;
        match change {
            Change::AddBook { language } => {
                let body = json!({"title": self.who, "language": LANGUAGES[language]});
                (send(Method::POST, "/books".to_owned(), body), 201)
            }
            Change::MoveBook { place } => {
                let (book, language) = rows.books[place];
                (send(Method::PATCH, format!("/books/{book}"), json!({"language": LANGUAGES[1 - language]})), 200)
            }
            Change::DropBook { place } => (ask(Method::DELETE, format!("/books/{}", rows.books[place].0)), 204),
            Change::Toggle { slot } => {
                let status = if rows.shelf[slot].inactive { "active" } else { "inactive" };
                (send(Method::PATCH, format!("/authors/{}", rows.shelf[slot].author), json!({"status": status})), 200)
            }
            Change::AddReview { slot, rating } => {
                let body =
                    json!({"book_id": rows.shelf[slot].book, "reader_id": self.reader, "rating": RATINGS[rating]});
                (send(Method::POST, "/reviews".to_owned(), body), 201)
            }
            Change::MoveReview { slot } => {
                let (review, rating) = rows.shelf[slot].review.unwrap();
                (send(Method::PATCH, format!("/reviews/{review}"), json!({"rating": RATINGS[1 - rating]})), 200)
            }
            Change::DropReview { slot } => {
                (ask(Method::DELETE, format!("/reviews/{}", rows.shelf[slot].review.unwrap().0)), 204)
            }
            Change::Relink { .. } | Change::MoveAll { .. } | Change::AddBooks { .. } => unreachable!("only with SQL"),
        }
    }

    /// One transaction with SQL; one in five is rolled back, and one in five holds a savepoint that is.
    async fn execute(&mut self, change: Change) {
        let after = change.applied(&self.rows);
        let rolled_back = self.random.percent(20);
        let effects = if rolled_back { Rows::default().totals() } else { self.rows.effects(&after) };
        let stage = Arc::clone(&self.stage);
        let write = stage.history.begin(effects);
        self.sql.begin().await;
        if self.random.percent(20) {
            self.sql.run("SAVEPOINT before").await;
            self.sql.book(self.who, LANGUAGES[0]).await;
            self.sql.run("ROLLBACK TO SAVEPOINT before").await;
        }
        self.statement(change).await;
        self.sql.run(if rolled_back { "ROLLBACK" } else { "COMMIT" }).await;
        if rolled_back {
            stage.history.refuse(write);
        } else {
            stage.history.acknowledge(write);
            self.rows = self.sql.owned(self.who).await;
            assert_eq!(self.rows.totals(), after.totals(), "{change:?} does what it says");
        }
    }

    async fn statement(&mut self, change: Change) {
        let (who, reader) = (self.who, self.reader);
        let Rows { books, shelf } = &self.rows;
        let sql = match change {
            Change::AddBook { language } => {
                self.sql.book(who, LANGUAGES[language]).await;
                return;
            }
            Change::AddBooks { number } => {
                for book in 0..number {
                    self.sql.book(who, LANGUAGES[book % LANGUAGES.len()]).await;
                }
                return;
            }
            Change::AddReview { slot, rating } => {
                self.sql.review(shelf[slot].book, reader, RATINGS[rating]).await;
                return;
            }
            Change::MoveBook { place } => {
                let (book, language) = books[place];
                format!("UPDATE books SET language = '{}' WHERE id = {book}", LANGUAGES[1 - language])
            }
            Change::MoveAll { from } => format!(
                "UPDATE books SET language = '{}' WHERE title = '{who}' AND language = '{}'",
                LANGUAGES[1 - from],
                LANGUAGES[from]
            ),
            Change::DropBook { place } => format!("DELETE FROM books WHERE id = {}", books[place].0),
            Change::Toggle { slot } => {
                let status = if shelf[slot].inactive { "active" } else { "inactive" };
                format!("UPDATE authors SET status = '{status}' WHERE id = {}", shelf[slot].author)
            }
            Change::MoveReview { slot } => {
                let (review, rating) = shelf[slot].review.unwrap();
                format!("UPDATE reviews SET rating = {} WHERE id = {review}", RATINGS[1 - rating])
            }
            Change::DropReview { slot } => format!("DELETE FROM reviews WHERE id = {}", shelf[slot].review.unwrap().0),
            Change::Relink { slot } if shelf[slot].linked => {
                format!("DELETE FROM book_authors WHERE book_id = {}", shelf[slot].book)
            }
            Change::Relink { slot } => format!(
                "INSERT INTO book_authors (book_id, author_id) VALUES ({}, {})",
                shelf[slot].book, shelf[slot].author
            ),
        };
        self.sql.run(sql).await;
    }
}

/// Reads totals until it is over.
pub async fn read(stage: Arc<Stage>, instance: usize, mut random: Random) {
    while !stage.over.load(Ordering::Relaxed) {
        let list = random.below(LISTS.len());
        ask_total(&stage, instance, list).await;
    }
}

/// Reads one total.
pub async fn ask_total(stage: &Stage, instance: usize, list: usize) {
    let serving = stage.instances[instance].serving().await;
    let who = format!("{}, life {}", ["A", "B"][instance], serving.life);
    let path = format!("{}per_page=1", LISTS[list].path);
    let request = serving.client.request(Method::GET, &path);
    let began = stage.history.now();
    match stage.instances[instance].ask(serving, request).await {
        Answered::Status(200, body) => match body["meta"]["total"].as_i64() {
            Some(total) => stage.history.read(who, list, began, total),
            None if body["meta"].is_object() => stage.history.unknown(),
            None => stage.history.fail(format!("{who} {path}: no total in {body}")),
        },
        Answered::Status(status, body) => stage.history.fail(format!("{who} {path}: {status} {body}")),
        Answered::Killed(_) => {}
        Answered::Broken(error) => stage.history.fail(format!("{who} {path}: {error}")),
    }
}

/// A database with the rows of those writers, and their base.
pub async fn furnish(database: &TestDatabase, writers: &[&str]) -> History {
    let mut sql = Sql::connect(database).await;
    sql.furnish().await;
    for who in writers {
        sql.move_in(who).await;
    }
    History::new(sql.totals().await)
}

fn with_key(mut rows: Rows, body: &Value) -> Rows {
    let key = body["id"].as_i64().unwrap_or_default();
    rows.books.iter_mut().filter(|book| book.0 == 0).for_each(|book| book.0 = key);
    let reviews = rows.shelf.iter_mut().filter_map(|slot| slot.review.as_mut());
    reviews.filter(|review| review.0 == 0).for_each(|review| review.0 = key);
    rows
}
