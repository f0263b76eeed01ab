//! Deleting rows, or marking them as deleted, and bringing those back.

use super::{found, now};
use crate::db::Session;
use crate::error::{Error, InputError, Result};
use crate::model::{Loaded, ModelMeta, Value};
use crate::query::{Deleted, Filter};
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
    let statement = match model.deleted_at() {
        Some(_) => sql::soft_delete::mark(model, &[key.to_vec()], now(), filter, session.dialect()),
        None => sql::write::delete(model, key, filter, Deleted::Exclude, session.dialect()),
    };
    found(model, session.fetch(&statement).await.map_err(|error| still_needed(model, error))?)
}

pub(super) async fn purge(
    model: &'static ModelMeta,
    keys: &[Vec<Value>],
    session: &mut Session<'_>,
) -> Result<Vec<Loaded>> {
    let mut purged = Vec::with_capacity(keys.len());
    for key in keys {
        let all = Filter::everything();
        let statement = sql::write::delete(model, key, &all, Deleted::Include, session.dialect());
        let rows = session.fetch(&statement).await.map_err(|error| still_needed(model, error))?;
        purged.push(found(model, rows)?);
    }
    Ok(purged)
}

pub(super) async fn restore(
    model: &'static ModelMeta,
    keys: &[Vec<Value>],
    filter: &Filter,
    session: &mut Session<'_>,
) -> Result<Vec<Loaded>> {
    let mut restored = Vec::with_capacity(keys.len());
    if model.deleted_at().is_none() {
        return Err(Error::NotFound(model.name));
    }
    for key in keys {
        let statement = sql::soft_delete::restore(model, key, now(), filter, session.dialect());
        restored.push(found(model, session.fetch(&statement).await?)?);
    }
    Ok(restored)
}

fn still_needed(model: &ModelMeta, error: Error) -> Error {
    let Error::Conflict(_) = error else { return error };
    let detail = format!("other rows still refer to this {}; delete or change them first", model.name);
    Error::Conflict(vec![InputError::request("foreign_key", detail)])
}
