use couplet::prelude::*;

use super::book::{Book, BookTag};

/// A word that books are found by.
#[derive(Debug, Clone, Model, Resource)]
#[resource(upsert(name), bulk, cache(ttl = "60s"))]
pub struct Tag {
    pub id: i64,
    /// The word; no two tags share one.
    #[field(filter, sort, search, unique, length(1..=100), example = "science fiction")]
    pub name: String,
    /// The books that carry the tag.
    #[relation(include, through = BookTag, sub_resource)]
    pub books: ManyToMany<Book>,
}
