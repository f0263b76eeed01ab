//! Changing rows. Statements answer with all columns of the changed rows in their order (RETURNING), links excepted.

use super::{Dialect, Statement};
use crate::model::{ModelMeta, RelationMeta, Value};
use crate::query::Filter;

/// Inserts rows that set the same columns, given by index; `rows` has a value for each of them.
#[must_use]
pub fn insert(model: &'static ModelMeta, columns: &[usize], rows: Vec<Vec<Value>>, dialect: Dialect) -> Statement {
    todo!()
}

/// Changes the row with this primary key, if `filter` holds for it.
#[must_use]
pub fn update(
    model: &'static ModelMeta,
    key: &[Value],
    columns: &[(usize, Value)],
    filter: &Filter,
    dialect: Dialect,
) -> Statement {
    todo!()
}

/// Deletes the row with this primary key, if `filter` holds for it.
#[must_use]
pub fn delete(model: &'static ModelMeta, key: &[Value], filter: &Filter, dialect: Dialect) -> Statement {
    todo!()
}

/// Connects the row whose [`Link::local`](crate::model::Link::local) is `local` with the targets `foreign`, by rows of the join model.
#[must_use]
pub fn link(relation: &'static RelationMeta, local: &Value, foreign: &[Value], dialect: Dialect) -> Statement {
    todo!()
}

/// Removes the connections of that row to targets that are not in `keep`.
#[must_use]
pub fn unlink(relation: &'static RelationMeta, local: &Value, keep: &[Value], dialect: Dialect) -> Statement {
    todo!()
}
