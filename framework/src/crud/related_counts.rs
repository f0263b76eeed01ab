//! Counting related rows: one statement for each relation, however many rows there are.

use std::collections::HashMap;

use super::decode_error;
use super::parents::{JoinKey, key_types, parent_keys};
use crate::db::Session;
use crate::error::Result;
use crate::model::{ColumnType, DecodeError, Loaded, RelatedCounts, RowSet};
use crate::query::IncludeCount;
use crate::sql;

/// The statements that counting may execute.
#[must_use]
pub fn budget(counts: &[IncludeCount]) -> u32 {
    u32::try_from(counts.len()).unwrap_or(u32::MAX)
}

/// Counts the related rows of each row.
pub(crate) async fn count_related(
    loaded: &mut Loaded,
    counts: &[IncludeCount],
    session: &mut Session<'_>,
) -> Result<()> {
    for count in counts {
        let keys = parent_keys(loaded, 0..loaded.len(), count.relation)?;
        let mut numbers = HashMap::new();
        if !keys.values.is_empty() {
            let rows = session.fetch(&sql::include::counts(count, &keys.values, session.dialect())).await?;
            let types = key_types(loaded, count.relation);
            numbers = read(&types, rows.as_ref()).map_err(decode_error((count.relation.target)()))?;
        }
        let number = |key: Option<JoinKey>| key.and_then(|key| numbers.get(&key).copied()).unwrap_or_default();
        let of_rows = keys.of_rows.into_iter().map(number).collect();
        loaded.counts.push(RelatedCounts { index: count.index, relation: count.relation, of_rows });
    }
    Ok(())
}

/// The number behind each key.
fn read(types: &[ColumnType], rows: &dyn RowSet) -> Result<HashMap<JoinKey, u64>, DecodeError> {
    let mut numbers = HashMap::with_capacity(rows.len());
    for index in 0..rows.len() {
        let row = rows.row(index);
        let number = u64::try_from(row.i64(types.len())?.unwrap_or_default()).unwrap_or_default();
        numbers.extend(JoinKey::read(types, row, 0..)?.map(|key| (key, number)));
    }
    Ok(numbers)
}
