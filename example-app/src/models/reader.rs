use couplet::prelude::*;

use super::review::Review;

/// Someone who reads and reviews books.
#[derive(Debug, Clone, Model, Resource)]
#[model(hooks)]
#[resource(upsert(email))]
pub struct Reader {
    pub id: i64,
    /// The name that reviews are signed with.
    #[field(filter, sort, search, index, length(1..=200), example = "Sam Reader")]
    pub name: String,
    /// Where letters reach the reader; no two readers share one.
    #[field(filter, unique, length(3..=254), pattern = "^[^@ ]+@[^@ ]+$", example = "sam@example.org")]
    pub email: String,
    /// When the reader joined.
    #[field(created_at, filter, sort, index)]
    pub created_at: DateTime<Utc>,
    /// What the reader has written.
    #[relation(include, sub_resource)]
    pub reviews: HasMany<Review>,
}

/// An address is the same in capitals and small letters, and so is its reader.
impl Hooks for Reader {
    async fn before_create(draft: &mut Draft<Self>, _: &mut HookContext<'_>) -> Result<()> {
        lower_email(draft);
        Ok(())
    }

    async fn before_update(_: &i64, draft: &mut Draft<Self>, _: &mut HookContext<'_>) -> Result<()> {
        lower_email(draft);
        Ok(())
    }
}

fn lower_email(draft: &mut Draft<Reader>) {
    if let Some(email) = draft.get(Reader::EMAIL) {
        draft.set(Reader::EMAIL, email.to_lowercase());
    }
}
