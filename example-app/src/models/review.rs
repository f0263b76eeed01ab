use couplet::prelude::*;

use super::book::Book;
use super::reader::Reader;

/// What a reader thinks of a book, once.
#[derive(Debug, Clone, Model, Resource)]
#[model(unique(reader_id, book_id))]
#[resource(deleted, bulk)]
pub struct Review {
    pub id: i64,
    /// The book that the review is about.
    #[field(filter)]
    pub book_id: i64,
    /// The reader who has written it.
    #[field(filter)]
    pub reader_id: i64,
    /// From 1 to 5 stars.
    #[field(filter, sort, index, range(1..=5), example = 5)]
    pub rating: i32,
    /// The reader's words, where there are any.
    #[field(search, length(1..=10_000), example = "I could not put it down.")]
    pub body: Option<String>,
    /// When it was written.
    #[field(created_at, filter, sort, index)]
    pub created_at: DateTime<Utc>,
    /// When it was taken back; such a review can be restored.
    #[field(deleted_at)]
    pub deleted_at: Option<DateTime<Utc>>,
    /// The book that the review is about.
    #[relation(include, on_delete = cascade)]
    pub book: BelongsTo<Book>,
    /// The reader who has written it.
    #[relation(include, on_delete = cascade)]
    pub reader: BelongsTo<Reader>,
}
