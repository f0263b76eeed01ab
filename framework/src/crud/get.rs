//! Reading one row.

use super::bindable;
use super::eager_load::{self, eager_load};
use super::related_counts::{self, count_related};
use crate::db::Session;
use crate::error::{Error, Result};
use crate::model::narrow::widened;
use crate::model::{Loaded, ModelMeta, Value};
use crate::query::{Filter, RowQuery};
use crate::sql;

/// The statements that reading a row with all this may execute.
#[must_use]
pub fn budget(query: &RowQuery) -> u32 {
    1 + eager_load::edges(&query.include) + related_counts::budget(&query.include_count)
}

/// Reads what `query` asks for of the row with this primary key, if it is shown and `filter` holds for it. Answers the paths of included
/// relations that were cut, too.
///
/// # Errors
///
/// [`Error::NotFound`] where there is none; else as [`list`](super::list()).
pub async fn get(
    model: &'static ModelMeta,
    key: &[Value],
    filter: &Filter,
    query: &RowQuery,
    session: &mut Session<'_>,
) -> Result<(Loaded, Vec<String>)> {
    bindable::check(&query.include, &query.include_count, session.dialect())?;
    let columns = query.columns(model);
    let statement = sql::select::row(model, key, filter, query.deleted, columns.as_deref(), session.dialect());
    let rows = widened(session.fetch(&statement).await?, model.columns.len(), columns.as_deref());
    if rows.len() == 0 {
        return Err(Error::NotFound(model.name));
    }
    let mut loaded = Loaded { fields: query.fields.clone(), ..Loaded::new(model, rows) };
    let truncated = eager_load(&mut loaded, &query.include, session).await?;
    count_related(&mut loaded, &query.include_count, session).await?;
    Ok((loaded, truncated))
}
