//! Listing rows: one statement for the page, at most one for the count, one for each included relation and for each of
//! which the rows are counted.

use super::count::count;
use super::eager_load::{self, eager_load};
use super::page::PageMeta;
use super::related_counts::{self, count_related};
use crate::db::Session;
use crate::error::Result;
use crate::model::Loaded;
use crate::model::narrow::widened;
use crate::query::{CountMode, ListQuery};
use crate::sql;

/// A page of rows that are not yet structs nor JSON.
pub struct ListResult {
    /// The rows with what was included.
    pub loaded: Loaded,
    /// Where they lie in the whole list.
    pub meta: PageMeta,
}

impl ListResult {
    /// Writes the answer: `{"items": [..], "meta": {..}}`.
    ///
    /// # Errors
    ///
    /// A value that the database holds but the field's type does not.
    pub fn write_json(&self, out: &mut Vec<u8>) -> Result<()> {
        let written = self.meta.write_list(out, |out| self.loaded.write_rows(out));
        written.map_err(super::decode_error(self.loaded.meta))
    }
}

/// The statements that a list may execute.
#[must_use]
pub fn budget(query: &ListQuery) -> u32 {
    let counts = u32::from(query.count != CountMode::None);
    1 + counts + eager_load::edges(&query.include) + related_counts::budget(&query.include_count)
}

/// Reads the page that `query` asks for.
///
/// # Errors
///
/// The database cannot be reached or refuses a statement.
pub async fn list(query: &ListQuery, session: &mut Session<'_>) -> Result<ListResult> {
    let rows = session.fetch(&sql::select::page(query, session.dialect())).await?;
    let mut rows = widened(rows, query.model.columns.len(), query.columns().as_deref());
    let per_page = usize::try_from(query.page.per_page).unwrap_or(usize::MAX);
    let has_more = rows.len() > per_page;
    rows.truncate(per_page);

    let mut meta = PageMeta::new(query.page, has_more);
    count(query, rows.len(), &mut meta, session).await?;
    let mut loaded = Loaded { fields: query.fields.clone(), ..Loaded::new(query.model, rows) };
    meta.truncated = eager_load(&mut loaded, &query.include, session).await?;
    count_related(&mut loaded, &query.include_count, session).await?;
    Ok(ListResult { loaded, meta })
}
