use couplet::prelude::*;

use super::author::Author;
use super::review::Review;
use super::series::Series;
use super::tag::Tag;

/// A book of the catalogue.
#[derive(Debug, Clone, Model, Resource)]
pub struct Book {
    pub id: i64,
    /// The book's number in the goodbooks data set, by which a second import finds it again.
    #[field(unique, filter, read_only)]
    pub goodbooks_id: Option<i32>,
    /// The title as it is sold.
    #[field(filter, sort, search, index, length(1..=500), example = "The Left Hand of Darkness")]
    pub title: String,
    /// The title in the language that the book was written in.
    #[field(filter, sort, search, length(1..=500))]
    pub original_title: Option<String>,
    /// ISBN-10, with its leading zeros.
    #[field(filter, sort, pattern = "^[0-9]{9}[0-9X]$", example = "0441478123")]
    pub isbn: Option<String>,
    /// ISBN-13.
    #[field(filter, sort, pattern = "^[0-9]{13}$", example = "9780441478125")]
    pub isbn13: Option<String>,
    /// A language code, as in `eng`.
    #[field(filter, sort, index, length(2..=10), example = "eng")]
    pub language: Option<String>,
    /// The year of the first edition; years before 1 are negative.
    #[field(filter, sort, index, range(-3000..=2100), example = 1969)]
    pub published_year: Option<i32>,
    /// From 0 to 5.
    #[field(filter, sort, index, range(0.0..=5.0), default = 0.0)]
    pub average_rating: f64,
    #[field(filter, sort, index, range(0..), default = 0)]
    pub ratings_count: i32,
    #[field(length(..=2000), example = "https://example.org/cover.jpg")]
    pub image_url: Option<String>,
    /// The series that the book is part of.
    #[field(filter)]
    pub series_id: Option<i64>,
    #[field(created_at, filter, sort)]
    pub created_at: DateTime<Utc>,
    #[relation(include, through = BookAuthor)]
    pub authors: ManyToMany<Author>,
    #[relation(include, sub_resource)]
    pub reviews: HasMany<Review>,
    #[relation(include, through = BookTag)]
    pub tags: ManyToMany<Tag>,
    #[relation(include, on_delete = set_null)]
    pub series: BelongsTo<Series>,
}

/// Who wrote which book.
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

/// Which book carries which tag.
#[derive(Debug, Clone, Model)]
pub struct BookTag {
    #[field(key)]
    pub book_id: i64,
    #[field(key)]
    pub tag_id: i64,
    #[relation(on_delete = cascade)]
    pub book: BelongsTo<Book>,
    #[relation(on_delete = cascade)]
    pub tag: BelongsTo<Tag>,
}
