use couplet::prelude::*;

use super::review::Review;

/// Someone who reads and reviews books.
#[derive(Debug, Clone, Model, Resource)]
pub struct Reader {
    pub id: i64,
    #[field(filter, sort, search, length(1..=200), example = "Sam Reader")]
    pub name: String,
    #[field(filter, unique, length(3..=254), pattern = "^[^@ ]+@[^@ ]+$", example = "sam@example.org")]
    pub email: String,
    #[field(created_at, filter, sort)]
    pub created_at: DateTime<Utc>,
    #[relation(include, sub_resource)]
    pub reviews: HasMany<Review>,
}
