//! The structs of the documentation.
#![deny(missing_docs, unreachable_pub, dead_code)]

use couplet::prelude::*;

/// A person who writes books.
#[derive(Model, Resource)]
pub struct Author {
    /// The key.
    pub id: i64,
    /// The full name.
    #[field(filter, sort, search, length(1..=200))]
    pub name: String,
    /// Where to write to.
    #[field(unique)]
    pub email: Option<String>,
    /// Whether they write.
    #[field(filter, default = AuthorStatus::Active)]
    pub status: AuthorStatus,
    /// When they were entered.
    #[field(created_at, sort)]
    pub created_at: DateTime<Utc>,
    /// What they wrote.
    #[relation(include, through = BookAuthor)]
    pub books: ManyToMany<Book>,
}

/// A book.
#[derive(Model, Resource)]
pub struct Book {
    /// The key.
    pub id: i64,
    /// The title.
    #[field(filter, sort)]
    pub title: String,
    /// Who wrote it.
    #[relation(include, through = BookAuthor)]
    pub authors: ManyToMany<Author>,
    /// What is thought of it.
    #[relation(include, sub_resource)]
    pub reviews: HasMany<Review>,
}

/// Who wrote what.
#[derive(Model)]
pub struct BookAuthor {
    /// The book.
    #[field(key)]
    pub book_id: i64,
    /// The author.
    #[field(key)]
    pub author_id: i64,
    /// The book's row.
    pub book: BelongsTo<Book>,
    /// The author's row.
    pub author: BelongsTo<Author>,
}

/// An opinion.
#[derive(Model, Resource)]
pub struct Review {
    /// The key.
    pub id: i64,
    /// The book.
    #[field(filter)]
    pub book_id: i64,
    /// The book's row.
    #[relation(include)]
    pub book: BelongsTo<Book>,
    /// From 1 to 5.
    #[field(filter, sort, range(1..=5))]
    pub rating: i32,
}

/// Whether an author writes.
#[derive(TextEnum)]
pub enum AuthorStatus {
    /// Writes.
    Active,
    /// Does not.
    Inactive,
}

fn main() {
    let new = NewAuthor { email: Some("ann@example.org".into()), ..NewAuthor::new("Ann") };
    assert_eq!(new.name, "Ann");
    let _ = Author::STATUS.eq(AuthorStatus::Active);
    let _ = Author::BOOKS.then(Book::REVIEWS);
    assert_eq!(Author::META.table, "authors");
    assert_eq!(Review::RESOURCE.name, "reviews");
}
