use couplet::prelude::*;

use super::author::Author;
use super::review::Review;
use super::series::Series;
use super::tag::Tag;

/// A book of the catalogue.
#[derive(Debug, Clone, Model, Resource)]
#[model(full_text)]
#[resource(fields, bulk, filter = ["authors.status", "reviews.rating"])]
pub struct Book {
    pub id: i64,
    /// The book's number in the goodbooks data set, by which a second import finds it again; other books have none.
    #[field(unique, filter, read_only)]
    pub goodbooks_id: Option<i64>,
    /// The title as it is sold.
    #[field(filter, sort, search, index, length(1..=500), example = "The Left Hand of Darkness")]
    pub title: String,
    /// The title in the language that the book was written in.
    #[field(filter, sort, search, index, length(1..=500), example = "La sombra del viento")]
    pub original_title: Option<String>,
    /// ISBN-10: ten characters, leading zeros included, the last one may be an `X`.
    #[field(filter, sort, index, pattern = "^[0-9]{9}[0-9X]$", example = "0441478123")]
    pub isbn: Option<String>,
    /// ISBN-13: thirteen digits without hyphens.
    #[field(filter, sort, index, pattern = "^[0-9]{13}$", example = "9780441478125")]
    pub isbn13: Option<String>,
    /// A language code, as in `eng`.
    #[field(filter, sort, index, length(2..=10), example = "eng")]
    pub language: Option<String>,
    /// The year of the first edition; years before 1 are negative.
    #[field(filter, sort, index, range(-3000..=2100), example = 1969)]
    pub published_year: Option<i32>,
    /// The mean of all its ratings: 0 to 5 stars.
    #[field(filter, sort, index, range(0.0..=5.0), default = 0.0, example = 4.1)]
    pub average_rating: f64,
    /// How many readers have rated it; more than have written a review.
    #[field(filter, sort, index, range(0..), default = 0, example = 182_314)]
    pub ratings_count: i32,
    /// Where a picture of the cover is.
    #[field(length(..=2000), example = "https://example.org/cover.jpg")]
    pub image_url: Option<String>,
    /// The series that the book is part of.
    #[field(filter)]
    pub series_id: Option<i64>,
    /// When the book came into the catalogue.
    #[field(created_at, filter, sort, index)]
    pub created_at: DateTime<Utc>,
    /// How often the book was changed: 1 at first.
    #[field(version)]
    pub version: i32,
    /// Who has written the book.
    #[relation(include, through = BookAuthor)]
    pub authors: ManyToMany<Author>,
    /// What readers think of the book.
    #[relation(include, sub_resource)]
    pub reviews: HasMany<Review>,
    /// The words that the book is found by.
    #[relation(include, through = BookTag)]
    pub tags: ManyToMany<Tag>,
    /// The series, where the book is part of one.
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
