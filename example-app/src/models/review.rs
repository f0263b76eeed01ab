use couplet::prelude::*;

use super::book::Book;
use super::reader::Reader;

/// What a reader thinks of a book.
#[derive(Debug, Clone, Model, Resource)]
pub struct Review {
    pub id: i64,
    #[field(filter)]
    pub book_id: i64,
    #[field(filter)]
    pub reader_id: i64,
    /// From 1 to 5 stars.
    #[field(filter, sort, range(1..=5))]
    pub rating: i32,
    #[field(search, length(1..=10_000), example = "I could not put it down.")]
    pub body: Option<String>,
    #[field(created_at, filter, sort)]
    pub created_at: DateTime<Utc>,
    #[relation(include, on_delete = cascade)]
    pub book: BelongsTo<Book>,
    #[relation(include, on_delete = cascade)]
    pub reader: BelongsTo<Reader>,
}
