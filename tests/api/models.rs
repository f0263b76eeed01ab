//! A small catalogue with every kind of relation, key and column.

use couplet::prelude::*;

/// A person who writes books.
#[derive(Debug, Clone, Model, Resource)]
#[resource(
    fields,
    filter = ["books.title", "books.year", "books.reviews.rating", "books.authors.name", "profile.text"],
)]
pub struct Author {
    pub id: i64,
    #[field(filter(eq, ne, in, not_in, contains, icontains, startswith, istartswith), sort, search, length(1..=50))]
    pub name: String,
    #[field(filter, unique, search)]
    pub email: Option<String>,
    #[field(filter, sort, default = Status::Active)]
    pub status: Status,
    #[field(created_at, filter, sort)]
    pub created_at: DateTime<Utc>,
    #[field(updated_at)]
    pub updated_at: DateTime<Utc>,
    #[field(hidden)]
    pub note: Option<String>,
    #[field(write_only, length(8..))]
    pub password: Option<String>,
    #[field(computed = Self::initial)]
    pub initial: String,
    #[relation(include, through = BookAuthor, sub_resource)]
    pub books: ManyToMany<Book>,
    #[relation(include)]
    pub profile: HasOne<Profile>,
    #[relation(sub_resource)]
    pub essays: HasMany<Essay>,
}

impl Author {
    fn initial(&self) -> String {
        self.name.chars().take(1).collect()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, TextEnum)]
pub enum Status {
    Active,
    OnLeave,
}

/// What is told of an author.
#[derive(Debug, Clone, Model, Resource)]
pub struct Profile {
    pub id: Uuid,
    #[field(filter, unique)]
    pub author_id: i64,
    #[field(filter)]
    pub text: String,
    #[relation(include, on_delete = cascade)]
    pub author: BelongsTo<Author>,
}

#[derive(Debug, Clone, Model, Resource)]
#[resource(filter = [
    "authors.name",
    "authors.email",
    "authors.status",
    "reviews.rating",
    "tags.name",
    "series.name",
    "series.parent.name",
    "series.parent.parent.name",
])]
pub struct Book {
    pub id: i64,
    #[field(filter, sort, search, length(1..=200))]
    pub title: String,
    #[field(filter(eq, ne, gt, gte, lt, lte, in, not_in, isnull), sort)]
    pub year: Option<i32>,
    #[field(filter, sort, default = 0.0, range(0.0..=5.0))]
    pub rating: f64,
    #[field(filter)]
    pub series_id: Option<i64>,
    #[relation(include, through = BookAuthor)]
    pub authors: ManyToMany<Author>,
    #[relation(include, sub_resource)]
    pub reviews: HasMany<Review>,
    #[relation(include, through = BookTag, through(own = book_id, target = tag_name))]
    pub tags: ManyToMany<Tag>,
    #[relation(include, on_delete = set_null)]
    pub series: BelongsTo<Series>,
}

/// Who wrote which book, and how.
#[derive(Debug, Clone, Model, Resource)]
pub struct BookAuthor {
    #[field(key, filter)]
    pub book_id: i64,
    #[field(key, filter)]
    pub author_id: i64,
    pub role: Option<String>,
    #[relation(include, on_delete = cascade)]
    pub book: BelongsTo<Book>,
    #[relation(include, on_delete = cascade)]
    pub author: BelongsTo<Author>,
}

#[derive(Debug, Clone, Model)]
pub struct BookTag {
    #[field(key)]
    pub book_id: i64,
    #[field(key)]
    pub tag_name: String,
    #[relation(on_delete = cascade)]
    pub book: BelongsTo<Book>,
    #[relation(on_delete = cascade, foreign_key = tag_name)]
    pub tag: BelongsTo<Tag>,
}

/// A word that books are found by; the word itself is the key.
#[derive(Debug, Clone, Model, Resource)]
#[resource(include_limit = 2)]
pub struct Tag {
    #[field(key, filter, sort, length(1..=40))]
    pub name: String,
    pub color: Option<String>,
    #[relation(include, through = BookTag, through(own = tag_name, target = book_id))]
    pub books: ManyToMany<Book>,
}

#[derive(Debug, Clone, Model, Resource)]
pub struct Review {
    pub id: i64,
    #[field(filter)]
    pub book_id: i64,
    #[field(filter, sort, range(1..=5))]
    pub rating: i32,
    #[field(search)]
    pub body: Option<String>,
    #[relation(include)]
    pub book: BelongsTo<Book>,
}

#[derive(Debug, Clone, Model, Resource)]
#[resource(include_depth = 5, max_per_page = 1_000, filter = ["parent.name", "children.name", "books.rating"])]
pub struct Series {
    pub id: i64,
    #[field(filter, sort)]
    pub name: String,
    #[field(filter)]
    pub parent_id: Option<i64>,
    #[relation(include)]
    pub parent: BelongsTo<Series>,
    #[relation(include, foreign_key = parent_id)]
    pub children: HasMany<Series>,
    #[relation(include)]
    pub books: HasMany<Book>,
}

/// One column of every type.
#[derive(Debug, Clone, PartialEq, Model, Resource)]
#[model(table = "every type", rename_all = "camelCase")]
#[resource(fields, bulk)]
pub struct EveryType {
    pub id: i64,
    #[field(filter(eq, ne, in, not_in), default = true)]
    pub a_bool: bool,
    #[field(filter(eq, ne, gt, gte, lt, lte, in, not_in), sort, default = 1)]
    pub small: i16,
    #[field(filter(eq, ne, gt, gte, lt, lte, in, not_in), sort, default = 2)]
    pub medium: i32,
    #[field(filter(eq, ne, gt, gte, lt, lte, in, not_in), sort, default = 3)]
    pub large: i64,
    #[field(filter(eq, ne, gt, gte, lt, lte, in, not_in), sort, default = 1.5)]
    pub float: f64,
    #[field(
        filter(eq, ne, gt, gte, lt, lte, in, not_in, contains, icontains, startswith, istartswith),
        sort,
        search,
        default = "text"
    )]
    pub text: String,
    #[field(default = vec![1, 2, 255])]
    pub bytes: Vec<u8>,
    #[field(filter(eq, ne, gt, gte, lt, lte, in, not_in, isnull), sort)]
    pub uuid: Option<Uuid>,
    #[field(filter(eq, ne, gt, gte, lt, lte, in, not_in, isnull), sort)]
    pub time: Option<DateTime<Utc>>,
    #[field(filter(eq, ne, gt, gte, lt, lte, in, not_in, isnull), sort)]
    pub date: Option<NaiveDate>,
    #[field(filter(eq, ne, gt, gte, lt, lte, in, not_in, isnull), sort, column = "order")]
    pub decimal: Option<Decimal>,
    #[field(filter(isnull))]
    pub json: Option<Json<serde_json::Value>>,
    #[field(filter(eq, ne, in, not_in, isnull), sort, rename = "state")]
    pub status: Option<Status>,
}

/// What a publisher prints in a country: a key of two columns, and a name of its own for the third.
#[derive(Debug, Clone, Model, Resource)]
#[model(rename_all = "camelCase")]
#[resource(fields, filter = ["book.year"])]
pub struct Edition {
    #[field(key, filter, sort, length(1..=40))]
    pub country_code: String,
    #[field(key, filter, sort)]
    pub print_number: i32,
    #[field(rename = "label", filter, sort, unique, length(1..=40))]
    pub name: String,
    #[field(read_only, sort, default = 0)]
    pub copies_sold: i64,
    #[field(filter, default = true)]
    pub is_listed: bool,
    #[field(filter)]
    pub book_id: Option<i64>,
    #[relation(include, on_delete = set_null)]
    pub book: BelongsTo<Book>,
}

/// How many books there are of a year, which only the database knows.
#[derive(Debug, Clone, Model, Resource)]
#[model(view, table = "yearly_books")]
#[resource(path = "/years")]
pub struct Year {
    #[field(key, filter, sort)]
    pub year: i32,
    #[field(filter(eq, gte), sort)]
    pub books: i64,
}

/// Referred to by its code, which is not its key.
#[derive(Debug, Clone, Model, Resource)]
pub struct Publisher {
    pub id: i64,
    #[field(unique)]
    pub code: String,
    #[relation(include, key = code, foreign_key = publisher_code, sub_resource)]
    pub imprints: HasMany<Imprint>,
}

#[derive(Debug, Clone, Model, Resource)]
pub struct Imprint {
    pub id: i64,
    pub publisher_code: String,
    #[relation(include, key = code, foreign_key = publisher_code)]
    pub publisher: BelongsTo<Publisher>,
}

/// Found by its words.
#[derive(Debug, Clone, Model, Resource)]
#[model(full_text)]
#[resource(fields, max_offset = 1_000)]
pub struct Essay {
    pub id: i64,
    #[field(filter, sort, search, length(1..=200))]
    pub title: String,
    #[field(search)]
    pub text: Option<String>,
    #[field(filter)]
    pub author_id: Option<i64>,
    #[field(write_only)]
    pub draft: Option<String>,
    #[field(computed = Self::words)]
    pub words: i32,
    #[relation(include, on_delete = cascade)]
    pub author: BelongsTo<Author>,
}

impl Essay {
    fn words(&self) -> i32 {
        let words = self.text.as_deref().unwrap_or_default().split_whitespace().count();
        words.try_into().unwrap_or(i32::MAX)
    }
}
