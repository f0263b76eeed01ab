//! Counting the rows of a list.

use super::decode_error;
use super::page::PageMeta;
use crate::db::Session;
use crate::error::{Error, Result};
use crate::model::RowSet;
use crate::query::{CountMode, ListQuery};
use crate::sql;

/// Fills in the total of a page that has `rows` rows, before which `offset` others are known to lie. A page without a next one knows its total already, unless it is an
/// empty page past the end.
pub(crate) async fn count(
    query: &ListQuery,
    offset: Option<u64>,
    rows: usize,
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
    let counted = session.fetch(&sql::count::exact(query, session.dialect())).await?;
    let total = counted.row(0).i64(0).map_err(decode_error(query.model))?.unwrap_or_default();
    meta.total = Some(u64::try_from(total).unwrap_or_default());
    meta.count = CountMode::Exact;
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
