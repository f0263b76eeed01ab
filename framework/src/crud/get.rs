//! Reading one row.

use super::eager_load::{self, eager_load};
use super::related_counts::{self, count_related};
use crate::db::Session;
use crate::error::{Error, Result};
use crate::model::{Loaded, ModelMeta, Value};
use crate::query::{Filter, RowQuery};
use crate::sql;

/// The statements that reading a row with all this may execute.
#[must_use]
pub fn budget(with: &RowQuery) -> u32 {
    1 + eager_load::edges(&with.include) + related_counts::budget(&with.include_count)
}

/// Reads the row with this primary key and what is asked for with it, if `filter` holds for it. Answers the paths of included
/// relations that were cut, too.
///
/// # Errors
///
/// [`Error::NotFound`] where there is none; else as [`list`](super::list()).
pub async fn get(
    model: &'static ModelMeta,
    key: &[Value],
    filter: &Filter,
    with: &RowQuery,
    session: &mut Session<'_>,
) -> Result<(Loaded, Vec<String>)> {
    let rows = session.fetch(&sql::select::by_key(model, key, filter, false, session.dialect())).await?;
    if rows.len() == 0 {
        return Err(Error::NotFound(model.name));
    }
    let mut loaded = Loaded::new(model, rows);
    let truncated = eager_load(&mut loaded, &with.include, session).await?;
    count_related(&mut loaded, &with.include_count, session).await?;
    Ok((loaded, truncated))
}
