//! Counting the rows of a list.

use super::count_cache::{Counted, Counting};
use super::decode_error;
use super::page::PageMeta;
use crate::db::Session;
use crate::error::{Error, Result};
use crate::model::RowSet;
use crate::query::{CountMode, ListQuery};
use crate::sql;

/// What was seen of a list.
pub(super) struct Seen {
    /// How many rows lie before the page, where that is known.
    pub(super) offset: Option<u64>,
    /// Rows of the page.
    pub(super) rows: usize,
    /// The tokens that a row carried; `None` where there is no row.
    pub(super) tokens: Option<Option<String>>,
}

/// Fills in the total of a page. One without a next one knows its total already, unless it is an empty page past the end.
pub(super) async fn count(
    query: &ListQuery,
    counting: &Counting,
    Seen { offset, rows, tokens }: Seen,
    meta: &mut PageMeta,
    session: &mut Session<'_>,
) -> Result<()> {
    if query.count == CountMode::None {
        return Ok(());
    }
    if let Some(offset) = offset
        && !meta.has_more
        && (rows > 0 || offset == 0)
    {
        meta.total = Some(offset + rows as u64);
        meta.count = CountMode::Exact;
        return Ok(());
    }
    if query.count == CountMode::Estimated
        && let Some(statement) = sql::count::estimated(query, session.dialect())
    {
        let plan = session.fetch(&statement).await?;
        // The rows that were seen are there, whatever the planner believes.
        let seen = if rows == 0 { 0 } else { offset.unwrap_or_default() + rows as u64 + u64::from(meta.has_more) };
        meta.total = Some(planned_rows(query, plan.as_ref())?.max(seen));
        meta.count = CountMode::Estimated;
        return Ok(());
    }
    (meta.total, meta.count) = match counting.total(query, tokens, session).await? {
        Counted::Total(total) => (Some(total), CountMode::Exact),
        Counted::Earlier(total) => (Some(total), CountMode::Cached),
        Counted::TooLong => (None, CountMode::None),
    };
    Ok(())
}

/// The planner's estimate in the answer of `EXPLAIN (FORMAT JSON)`.
fn planned_rows(query: &ListQuery, plan: &dyn RowSet) -> Result<u64> {
    let text = plan.row(0).json(0).map_err(decode_error(query.model))?.unwrap_or_default();
    let plan: serde_json::Value = serde_json::from_str(text).map_err(Error::other)?;
    plan.pointer("/0/Plan/Plan Rows")
        .and_then(serde_json::Value::as_u64)
        .ok_or_else(|| Error::other("the database's plan has no number of rows"))
}
