use couplet::prelude::*;

use super::book::{Book, BookAuthor};

/// A person who writes books.
#[derive(Debug, Clone, Model, Resource)]
pub struct Author {
    pub id: i64,
    /// The name as it stands on the cover.
    #[field(filter, sort, search, index, length(1..=200), example = "Ursula K. Le Guin")]
    pub name: String,
    /// Where letters reach the author; no two authors share one.
    #[field(filter, unique, length(3..=254), pattern = "^[^@ ]+@[^@ ]+$", example = "ursula@example.org")]
    pub email: Option<String>,
    /// Whether the author still writes.
    #[field(filter, default = AuthorStatus::Active)]
    pub status: AuthorStatus,
    /// When the author came into the catalogue.
    #[field(created_at, filter, sort, index)]
    pub created_at: DateTime<Utc>,
    /// The books that the author has written.
    #[relation(include, through = BookAuthor, sub_resource)]
    pub books: ManyToMany<Book>,
}

/// Whether an author still writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, TextEnum)]
pub enum AuthorStatus {
    Active,
    Inactive,
}
