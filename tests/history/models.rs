//! As much of the book catalogue as the histories need, for apps in this process.

use couplet::prelude::*;

#[derive(Debug, Clone, Model, Resource)]
#[resource(filter = ["authors.status", "reviews.rating"])]
pub struct Book {
    pub id: i64,
    pub title: String,
    #[field(filter, index)]
    pub language: Option<String>,
    #[field(default = 0.0)]
    pub average_rating: f64,
    #[field(default = 0)]
    pub ratings_count: i32,
    #[field(created_at)]
    pub created_at: DateTime<Utc>,
    #[field(version)]
    pub version: i32,
    #[relation(through = BookAuthor)]
    pub authors: ManyToMany<Author>,
    #[relation]
    pub reviews: HasMany<Review>,
}

#[derive(Debug, Clone, Model, Resource)]
pub struct Author {
    pub id: i64,
    pub name: String,
    #[field(filter, default = "active")]
    pub status: String,
    #[field(created_at)]
    pub created_at: DateTime<Utc>,
    #[relation(through = BookAuthor)]
    pub books: ManyToMany<Book>,
}

#[derive(Debug, Clone, Model)]
pub struct BookAuthor {
    #[field(key)]
    pub book_id: i64,
    #[field(key)]
    pub author_id: i64,
    #[relation(on_delete = cascade)]
    pub book: BelongsTo<Book>,
    #[relation(on_delete = cascade)]
    pub author: BelongsTo<Author>,
}

#[derive(Debug, Clone, Model, Resource)]
#[resource(deleted)]
pub struct Review {
    pub id: i64,
    pub book_id: i64,
    pub reader_id: i64,
    #[field(filter, index)]
    pub rating: i32,
    #[field(created_at)]
    pub created_at: DateTime<Utc>,
    #[field(deleted_at)]
    pub deleted_at: Option<DateTime<Utc>>,
    #[relation(on_delete = cascade)]
    pub book: BelongsTo<Book>,
    #[relation(on_delete = cascade)]
    pub reader: BelongsTo<Reader>,
}

#[derive(Debug, Clone, Model, Resource)]
pub struct Reader {
    pub id: i64,
    pub name: String,
    pub email: String,
    #[field(created_at)]
    pub created_at: DateTime<Utc>,
}
