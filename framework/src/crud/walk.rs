//! Walking a list by cursor, and the cursors of a page.

use std::cell::LazyCell;

use super::decode_error;
use super::page::PageMeta;
use crate::db::Session;
use crate::error::{Error, Result};
use crate::model::RowSet;
use crate::model::narrow::widened;
use crate::query::{CursorKeys, ListQuery, Place, Walk};
use crate::sql::token::Footprint;
use crate::sql::{self, Statement};

/// The rows of one answer, before related rows and counts.
pub(super) struct Part {
    pub(super) rows: Box<dyn RowSet>,
    /// How many rows lie before them, where that is known.
    pub(super) offset: Option<u64>,
    /// The tokens that a row carried; `None` where there is no row.
    pub(super) tokens: Option<Option<String>>,
    pub(super) meta: PageMeta,
}

/// Reads the rows from where the walk is on.
pub(super) async fn walk(
    query: &ListQuery,
    from: &Walk,
    footprint: Option<&Footprint>,
    session: &mut Session<'_>,
) -> Result<Part> {
    let keys = session.cursor_keys().await?;
    let place = match from {
        Walk::Start => Place::start(),
        Walk::From(cursor) => keys.read(query, cursor).map_err(|error| Error::Parameters(vec![error]))?,
    };
    let statement = sql::select::walk_with(query, &place, footprint, session.dialect());
    let mut rows = fetch(query, &statement, session).await?;
    let tokens = carried(query, footprint, rows.as_ref());
    let goes_on = cut(query, rows.as_mut());
    if place.backward {
        rows.reverse();
    }
    // The place that the walk came from lies on the other side. Where nothing was found, all rows do.
    let came_from = !place.values.is_empty();
    let (before, after) = if place.backward { (goes_on, came_from) } else { (came_from, goes_on) };
    let mut meta = PageMeta { page: None, ..PageMeta::new(query.page, after) };
    let signer = LazyCell::new(|| keys.signer(query));
    let sign = |place: Place| signer.sign(&place);
    meta.prev_cursor = before.then(|| edge(query, rows.as_ref(), true)).transpose()?.map(sign);
    meta.next_cursor = after.then(|| edge(query, rows.as_ref(), false)).transpose()?.map(sign);
    Ok(Part { rows, offset: place.is_start().then_some(0), tokens, meta })
}

/// The rows of a statement that selects [`ListQuery::columns`], read by the indexes of the model.
pub(super) async fn fetch(
    query: &ListQuery,
    statement: &Statement,
    session: &mut Session<'_>,
) -> Result<Box<dyn RowSet>> {
    let rows = session.fetch_often(statement).await?;
    Ok(widened(rows, query.model.columns.len(), query.columns().as_deref()))
}

/// The tokens of `footprint` that each row carries behind its columns; `None` where there is no row.
pub(super) fn carried(query: &ListQuery, footprint: Option<&Footprint>, rows: &dyn RowSet) -> Option<Option<String>> {
    footprint.filter(|_| rows.len() > 0)?;
    Some(rows.row(0).text(query.model.columns.len()).ok().flatten().map(str::to_owned))
}

/// Gives a page by number the cursors by which a walk goes on from it.
pub(super) fn cursors_of_page(
    query: &ListQuery,
    rows: &dyn RowSet,
    keys: &CursorKeys,
    meta: &mut PageMeta,
) -> Result<()> {
    let signer = LazyCell::new(|| keys.signer(query));
    let sign = |place: Place| signer.sign(&place);
    meta.prev_cursor = (query.page.offset() > 0).then(|| edge(query, rows, true)).transpose()?.map(sign);
    meta.next_cursor = meta.has_more.then(|| edge(query, rows, false)).transpose()?.map(sign);
    Ok(())
}

/// Takes away the row that was asked for to see whether there are more.
pub(super) fn cut(query: &ListQuery, rows: &mut dyn RowSet) -> bool {
    let per_page = usize::try_from(query.page.per_page).unwrap_or(usize::MAX);
    let is_cut = rows.len() > per_page;
    rows.truncate(per_page);
    is_cut
}

/// The place before the first row, looking back, or after the last one. Of no rows it is the end of the list on the other
/// side.
fn edge(query: &ListQuery, rows: &dyn RowSet, backward: bool) -> Result<Place> {
    let row = if backward { 0 } else { rows.len().saturating_sub(1) };
    match (rows.len(), backward) {
        (0, true) => Ok(Place::end()),
        (0, false) => Ok(Place::start()),
        _ => Place::beside(query, rows.row(row), backward).map_err(decode_error(query.model)),
    }
}
