//! Sets of keys of many-to-many relations.

use super::super::decode_error;
use crate::db::Session;
use crate::error::{Error, InputError, Result};
use crate::model::{Loaded, RelationMeta, Value};
use crate::sql;

/// Makes `keys` the whole set of a many-to-many relation of the one row of `loaded`.
pub(super) async fn set_links(
    relation: &'static RelationMeta,
    loaded: &Loaded,
    keys: &[Value],
    existing: bool,
    session: &mut Session<'_>,
) -> Result<()> {
    let local = relation.link.local();
    let value =
        Value::decode(loaded.meta.columns[local].ty, loaded.row(0), local).map_err(decode_error(loaded.meta))?;
    if existing {
        session.execute(&sql::write::unlink(relation, &value, keys, session.dialect())).await?;
    }
    if keys.is_empty() {
        return Ok(());
    }
    let linked = session.execute(&sql::write::link(relation, &value, keys, session.dialect())).await;
    linked.map(|_| ()).map_err(|error| match (error, relation.keys_name) {
        (Error::Conflict(_), Some(name)) => {
            let detail = format!("one of the keys is of no {}", (relation.target)().name);
            Error::Conflict(vec![InputError::field(name, "foreign_key", detail)])
        }
        (error, _) => error,
    })
}
