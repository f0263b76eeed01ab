use couplet::prelude::*;

use super::book::Book;

/// Books that belong together; a series may be part of a larger one.
#[derive(Debug, Clone, Model, Resource)]
pub struct Series {
    pub id: i64,
    /// What stands above the titles.
    #[field(filter, sort, search, index, length(1..=200), example = "Hainish Cycle")]
    pub name: String,
    /// The larger series that this one is part of.
    #[field(filter)]
    pub parent_id: Option<i64>,
    /// The larger series that this one is part of.
    #[relation(include, on_delete = set_null)]
    pub parent: BelongsTo<Series>,
    /// The series that are part of this one.
    #[relation(include, foreign_key = parent_id)]
    pub children: HasMany<Series>,
    /// The books of the series.
    #[relation(include, sub_resource, nested)]
    pub books: HasMany<Book>,
}
