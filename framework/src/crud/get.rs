//! Reading one row.

use super::eager_load::{self, eager_load};
use crate::db::Session;
use crate::error::{Error, Result};
use crate::model::{Loaded, ModelMeta, Value};
use crate::query::{Deleted, Filter, Include};
use crate::sql;

/// The statements that reading a row with these relations may execute.
#[must_use]
pub fn budget(include: &[Include]) -> u32 {
    1 + eager_load::edges(include)
}

/// Reads the row with this primary key and what is included, if it is shown and `filter` holds for it. Answers the paths of included
/// relations that were cut, too.
///
/// # Errors
///
/// [`Error::NotFound`] where there is none; else as [`list`](super::list()).
pub async fn get(
    model: &'static ModelMeta,
    key: &[Value],
    filter: &Filter,
    deleted: Deleted,
    include: &[Include],
    session: &mut Session<'_>,
) -> Result<(Loaded, Vec<String>)> {
    let rows = session.fetch(&sql::select::by_key(model, key, filter, deleted, false, session.dialect())).await?;
    if rows.len() == 0 {
        return Err(Error::NotFound(model.name));
    }
    let mut loaded = Loaded { meta: model, rows, edges: Vec::new() };
    let truncated = eager_load(&mut loaded, include, session).await?;
    Ok((loaded, truncated))
}
