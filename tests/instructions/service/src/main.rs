//! A service of books whose requests cost the same instructions each time: one worker, the same rows in every database.
//!
//! `fill` writes the rows, `serve` answers.

#![allow(missing_docs, reason = "the columns say what they are")]

use couplet::app::CommandContext;
use couplet::app::clap::Command;
use couplet::prelude::*;

const AUTHORS: i64 = 1000;
const BOOKS: i64 = 10_000;
const STATUSES: [&str; 3] = ["active", "inactive", "retired"];
const LANGUAGES: [&str; 5] = ["eng", "fra", "deu", "spa", "jpn"];

/// A person who writes books.
#[derive(Model, Resource)]
pub struct Author {
    pub id: i64,
    pub name: String,
    #[field(unique)]
    pub email: String,
    #[field(filter)]
    pub status: String,
    pub created_at: DateTime<Utc>,
    #[relation(include)]
    pub books: HasMany<Book>,
}

/// A book.
#[derive(Model, Resource)]
pub struct Book {
    pub id: i64,
    pub author_id: i64,
    pub title: String,
    pub isbn: Option<String>,
    #[field(filter)]
    pub language: String,
    pub published_year: i32,
    #[field(sort)]
    pub rating: f64,
    pub created_at: DateTime<Utc>,
    #[relation(include)]
    pub author: BelongsTo<Author>,
}

/// The books as a resource whose answers are cached and as fresh as the rows.
#[derive(Model, Resource)]
#[model(table = "books", shared)]
#[resource(path = "/cached-books", cache(ttl = "1h"))]
pub struct CachedBook {
    pub id: i64,
    pub author_id: i64,
    pub title: String,
    pub isbn: Option<String>,
    pub language: String,
    pub published_year: i32,
    pub rating: f64,
    pub created_at: DateTime<Utc>,
}

/// And as one whose answers need no proof while the instructions are counted, however long that takes.
#[derive(Model, Resource)]
#[model(table = "books", shared)]
#[resource(path = "/stale-books", cache(ttl = "1h", max_staleness = "1h"))]
pub struct StaleBook {
    pub id: i64,
    pub author_id: i64,
    pub title: String,
    pub isbn: Option<String>,
    pub language: String,
    pub published_year: i32,
    pub rating: f64,
    pub created_at: DateTime<Utc>,
}

// With two workers it is up to chance who wakes whom.
#[tokio::main(worker_threads = 1)]
async fn main() -> couplet::Result<()> {
    App::from_env()?
        .title("Instructions")
        .command(Command::new("fill").about("Write the rows"), fill)
        .resource::<Author>()
        .resource::<Book>()
        .resource::<CachedBook>()
        .resource::<StaleBook>()
        .run()
        .await
}

async fn fill(context: CommandContext) -> couplet::Result<()> {
    let mut transaction = context.database.begin().await?;
    Author::create_many((1..=AUTHORS).map(author), &mut transaction).await?;
    Book::create_many((1..=BOOKS).map(book), &mut transaction).await?;
    transaction.commit().await
}

fn author(i: i64) -> NewAuthor {
    NewAuthor::new(format!("Author {i}"), format!("author{i}@example.org"), one_of(&STATUSES, i), at(60 * i))
}

fn book(i: i64) -> NewBook {
    let small = |number: i64| i32::try_from(number).expect("a remainder");
    NewBook {
        isbn: (i % 10 != 0).then(|| format!("{:010}", i * 104_729)),
        ..NewBook::new(
            1 + i * 7919 % AUTHORS,
            format!("Book number {i} of the long series"),
            one_of(&LANGUAGES, i),
            1900 + small(i % 125),
            1.0 + f64::from(small(i * 31 % 400)) / 100.0,
            at(10 * i),
        )
    }
}

fn one_of(texts: &[&str], i: i64) -> String {
    texts[usize::try_from(i).expect("counted from 1") % texts.len()].to_owned()
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_600_000_000 + seconds, 0).expect("in this century")
}
