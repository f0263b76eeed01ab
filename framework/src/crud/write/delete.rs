//! Deleting rows.

use super::found;
use crate::db::Session;
use crate::error::{Error, InputError, Result};
use crate::model::{Loaded, ModelMeta, Value};
use crate::query::Filter;
use crate::sql;

pub(super) async fn delete(
    model: &'static ModelMeta,
    keys: &[Vec<Value>],
    filter: &Filter,
    session: &mut Session<'_>,
) -> Result<Vec<Loaded>> {
    let mut deleted = Vec::with_capacity(keys.len());
    for key in keys {
        deleted.push(delete_one(model, key, filter, session).await?);
    }
    Ok(deleted)
}

async fn delete_one(
    model: &'static ModelMeta,
    key: &[Value],
    filter: &Filter,
    session: &mut Session<'_>,
) -> Result<Loaded> {
    let statement = sql::write::delete(model, key, filter, session.dialect());
    let deleted = session.fetch(&statement).await.map_err(|error| match error {
        Error::Conflict(_) => {
            let detail = format!("other rows still refer to this {}; delete or change them first", model.name);
            Error::Conflict(vec![InputError::request("foreign_key", detail)])
        }
        error => error,
    })?;
    found(model, deleted)
}
