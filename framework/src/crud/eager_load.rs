//! Eager loading: the related rows of all rows of a page in one statement for each relation.
//!
//! A to-many is asked for plainly and cut per parent here; only where that statement ran into the row budget is it asked
//! again with a window function. The common case stays as fast as a statement written by hand.

use std::collections::HashMap;
use std::ops::Range;

use uuid::Uuid;

use super::decode_error;
use crate::db::{Meter, Session};
use crate::error::Result;
use crate::model::row::NoRows;
use crate::model::{ColumnType, DecodeError, Edge, Loaded, RowSet, Value};
use crate::query::Include;
use crate::sql;

/// Related rows of one relation in one answer at most.
pub const ROW_BUDGET: usize = 10_000;

/// The number of relations that are loaded, nested ones too: one statement each.
#[must_use]
pub fn edges(include: &[Include]) -> u32 {
    include.iter().map(|include| 1 + edges(&include.children)).sum()
}

/// Loads the included relations of all rows. Answers the paths of those that were cut.
pub(crate) async fn eager_load(
    loaded: &mut Loaded,
    include: &[Include],
    session: &mut Session<'_>,
) -> Result<Vec<String>> {
    let mut truncated = Vec::new();
    let all: Vec<usize> = (0..loaded.len()).collect();
    load(loaded, &all, include, "", &mut truncated, session).await?;
    Ok(truncated)
}

/// Loads `include` for the rows of `loaded` that are in `live`; the others were cut and are not shown.
async fn load(
    loaded: &mut Loaded,
    live: &[usize],
    include: &[Include],
    path: &str,
    truncated: &mut Vec<String>,
    session: &mut Session<'_>,
) -> Result<()> {
    for include in include {
        let path = format!("{path}{}", include.relation.api_name);
        let (mut edge, cut) = load_edge(loaded, live, include, session).await?;
        if cut {
            truncated.push(path.clone());
        }
        let shown = edge.order.clone();
        Box::pin(load(&mut edge.related, &shown, &include.children, &format!("{path}."), truncated, session)).await?;
        loaded.edges.push(edge);
    }
    Ok(())
}

async fn load_edge(
    loaded: &Loaded,
    live: &[usize],
    include: &Include,
    session: &mut Session<'_>,
) -> Result<(Edge, bool)> {
    let keys = parent_keys(loaded, live, include)?;
    let target = (include.relation.target)();
    let rows = fetch(include, keys.values, session).await?;
    let key_type = loaded.meta.columns[include.relation.link.local()].ty;
    let Groups { mut by_key, order, cut } = group(include, key_type, rows.as_ref()).map_err(decode_error(target))?;
    let mut groups = vec![0..0; loaded.len()];
    for (row, key) in live.iter().zip(keys.of_rows) {
        if let Some(range) = key.and_then(|key| by_key.get_mut(&key)) {
            groups[*row] = range.clone();
        }
    }
    let related = Loaded { meta: target, rows, edges: Vec::new() };
    Ok((Edge { index: include.index, relation: include.relation, groups, order, related }, cut))
}

/// The values by which the related rows are found.
struct ParentKeys {
    /// Each once.
    values: Vec<Value>,
    /// For each live row, `None` where it is NULL.
    of_rows: Vec<Option<JoinKey>>,
}

fn parent_keys(loaded: &Loaded, live: &[usize], include: &Include) -> Result<ParentKeys> {
    let local = include.relation.link.local();
    let ty = loaded.meta.columns[local].ty;
    let mut seen = HashMap::new();
    let mut keys = ParentKeys { values: Vec::new(), of_rows: Vec::with_capacity(live.len()) };
    for row in live {
        let value = Value::decode(ty, loaded.row(*row), local).map_err(decode_error(loaded.meta))?;
        let key = JoinKey::new(&value);
        if let Some(key) = &key
            && seen.insert(key.clone(), ()).is_none()
        {
            keys.values.push(value);
        }
        keys.of_rows.push(key);
    }
    Ok(keys)
}

async fn fetch(include: &Include, parents: Vec<Value>, session: &mut Session<'_>) -> Result<Box<dyn RowSet>> {
    if parents.is_empty() {
        return Ok(Box::new(NoRows));
    }
    let limit = ROW_BUDGET as u64 + 1;
    let rows = session.fetch(&sql::include::related(include, &parents, limit, session.dialect())).await?;
    if rows.len() <= ROW_BUDGET || !include.relation.kind.to_many() {
        return Ok(rows);
    }
    Meter::allow(1);
    // One row more than is shown, so that a cut is seen.
    let per_parent = include.limit as u64 + 1;
    let limit = ROW_BUDGET as u64 + parents.len() as u64;
    let statement = sql::include::related_per_parent(include, &parents, per_parent, limit, session.dialect());
    session.fetch(&statement).await
}

struct Groups {
    by_key: HashMap<JoinKey, Range<usize>>,
    order: Vec<usize>,
    cut: bool,
}

/// Groups related rows, which come ordered by parent, and cuts each group. Behind a row's own columns stands its parent's
/// key, which is of the parent's type: the two sides of a many-to-many may have keys of different types.
fn group(include: &Include, key_type: ColumnType, rows: &dyn RowSet) -> Result<Groups, DecodeError> {
    let index = (include.relation.target)().columns.len();
    let limit = if include.relation.kind.to_many() { include.limit } else { 1 };
    let mut groups = Groups { by_key: HashMap::new(), order: Vec::new(), cut: false };
    for row in 0..rows.len() {
        let Some(key) = JoinKey::new(&Value::decode(key_type, rows.row(row), index)?) else { continue };
        let end = groups.order.len();
        let range = groups.by_key.entry(key).or_insert(end..end);
        if range.len() == limit || end == ROW_BUDGET {
            groups.cut |= include.relation.kind.to_many();
            continue;
        }
        groups.order.push(row);
        range.end = end + 1;
    }
    Ok(groups)
}

/// A value that two rows are joined by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum JoinKey {
    Integer(i64),
    Text(String),
    Uuid(Uuid),
    Other(String),
}

impl JoinKey {
    fn new(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Null => return None,
            Value::I16(value) => Self::Integer((*value).into()),
            Value::I32(value) => Self::Integer((*value).into()),
            Value::I64(value) => Self::Integer(*value),
            Value::Text(value) => Self::Text(value.clone()),
            Value::Uuid(value) => Self::Uuid(*value),
            other => Self::Other(format!("{other:?}")),
        })
    }
}
