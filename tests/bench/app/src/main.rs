//! The tables of the comparison as resources. The peers serve the same rows.

#![allow(missing_docs, reason = "the columns are those of the peers")]

use couplet::prelude::*;

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

/// What readers think of a book.
#[derive(Model, Resource)]
pub struct Review {
    pub id: i64,
    #[field(filter)]
    pub book_id: i64,
    #[field(filter)]
    pub rating: i32,
    pub body: String,
    pub created_at: DateTime<Utc>,
}

/// The books once more, as a resource whose answers are cached.
#[derive(Model, Resource)]
#[model(table = "books", shared)]
#[resource(path = "/cached-books", cache(ttl = "60s"))]
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

/// And once more, with answers that may be 50 ms old.
#[derive(Model, Resource)]
#[model(table = "books", shared)]
#[resource(path = "/briefly-cached-books", cache(ttl = "60s", max_staleness = "50ms"))]
pub struct BrieflyCachedBook {
    pub id: i64,
    pub author_id: i64,
    pub title: String,
    pub isbn: Option<String>,
    pub language: String,
    pub published_year: i32,
    pub rating: f64,
    pub created_at: DateTime<Utc>,
}

#[tokio::main]
async fn main() -> couplet::Result<()> {
    App::from_env()?
        .title("Comparison")
        .resource::<Author>()
        .resource::<Book>()
        .resource::<Review>()
        .resource::<CachedBook>()
        .resource::<BrieflyCachedBook>()
        .run()
        .await
}
