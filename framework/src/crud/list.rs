//! Listing rows: one statement for the page, at most one for the count, one for each included relation and for each of
//! which the rows are counted.

use futures_util::future::BoxFuture;

use super::bindable;
use super::count::{Seen, count};
use super::count_cache::Counting;
use super::eager_load::{self, eager_load};
use super::page::PageMeta;
use super::related_counts::{self, count_related};
use super::walk::{self, Part};
use crate::db::{Meter, Session};
use crate::error::{Error, Result};
use crate::model::Loaded;
use crate::query::{CountMode, ListQuery};
use crate::sql;
use crate::sql::token::Footprint;

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
/// [`Error::Parameters`] for a cursor that is none of this list; else the database cannot be reached or refuses a statement.
pub async fn list(query: &ListQuery, session: &mut Session<'_>) -> Result<ListResult> {
    bindable::check(&query.include, &query.include_count, session.dialect())?;
    let mut counting = Counting::of(query, session);
    let part = match part(query, counting.footprint(), session).await {
        Err(Error::Database(_)) if counting.footprint().is_some() => {
            // What the tokens are read from may be gone, and rows are there without them.
            Meter::allow(1);
            counting = counting.without_tokens();
            let part = part(query, None, session).await?;
            session.doubt_tokens();
            part
        }
        read => read?,
    };
    let Part { rows, offset, tokens, mut meta } = part;
    count(query, &counting, Seen { offset, rows: rows.len(), tokens }, &mut meta, session).await?;
    let mut loaded = Loaded { fields: query.fields.clone(), ..Loaded::new(query.model, rows) };
    meta.truncated = eager_load(&mut loaded, &query.include, session).await?;
    count_related(&mut loaded, &query.include_count, session).await?;
    Ok(ListResult { loaded, meta })
}

/// The rows, and with them the tokens of `footprint`. Boxed, as the compiler follows futures of futures only so deep, and a hook of
/// an app's own may list rows.
fn part<'a>(
    query: &'a ListQuery,
    footprint: Option<&'a Footprint>,
    session: &'a mut Session<'_>,
) -> BoxFuture<'a, Result<Part>> {
    match &query.walk {
        Some(walk) => Box::pin(walk::walk(query, walk, footprint, session)),
        None => Box::pin(page(query, footprint, session)),
    }
}

async fn page(query: &ListQuery, footprint: Option<&Footprint>, session: &mut Session<'_>) -> Result<Part> {
    let statement = sql::select::page_with(query, footprint, session.dialect());
    let mut rows = walk::fetch(query, &statement, session).await?;
    let tokens = walk::carried(query, footprint, rows.as_ref());
    let has_more = walk::cut(query, rows.as_mut());
    let mut meta = PageMeta::new(query.page, has_more);
    if let Some(keys) = session.known_cursor_keys().filter(|_| !query.is_ranked()) {
        walk::cursors_of_page(query, rows.as_ref(), keys, &mut meta)?;
    }
    Ok(Part { rows, offset: Some(query.page.offset()), tokens, meta })
}
