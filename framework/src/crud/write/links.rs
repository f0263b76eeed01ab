//! Sets of keys of many-to-many relations.

use crate::db::Session;
use crate::error::{Error, InputError, Result};
use crate::model::{Link, Loaded, RelationMeta, Value};
use crate::sql;

/// Makes `keys` the whole set of a many-to-many relation of the one row of `loaded`.
pub(super) async fn set_links(
    relation: &'static RelationMeta,
    loaded: &Loaded,
    keys: &[Vec<Value>],
    existing: bool,
    session: &mut Session<'_>,
) -> Result<()> {
    let values = crate::crud::values(loaded.meta, loaded.row(0), relation.link.local())?;
    if !keys.iter().all(|key| share(relation, &values, key)) {
        return Err(no_such_key(relation));
    }
    if existing {
        session.execute(&sql::write::unlink(relation, &values, keys, session.dialect())).await?;
    }
    if keys.is_empty() {
        return Ok(());
    }
    let linked = session.execute(&sql::write::link(relation, &values, keys, session.dialect())).await;
    linked.map(|_| ()).map_err(|error| match error {
        Error::Conflict(_) => no_such_key(relation),
        error => error,
    })
}

/// Whether both keys have the same values in the columns of the join model that hold a part of both, as a tenant does.
pub(super) fn share(relation: &RelationMeta, local: &[Value], foreign: &[Value]) -> bool {
    let Link::Through { through_local, through_foreign, .. } = relation.link else { return true };
    through_local.iter().zip(local).all(|(index, value)| {
        let other = through_foreign.iter().position(|other| other == index);
        other.is_none_or(|place| foreign.get(place) == Some(value))
    })
}

pub(super) fn no_such_key(relation: &RelationMeta) -> Error {
    let detail = format!("one of the keys is of no {}", (relation.target)().name);
    let name = relation.keys_name.unwrap_or(relation.api_name);
    Error::Conflict(vec![InputError::field(name, "foreign_key", detail)])
}
