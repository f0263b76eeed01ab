//! Eager loading: the related rows of all rows of a page in one statement for each relation.
//!
//! A to-many is asked for plainly and cut per parent here; only where that statement ran into the row budget is it asked
//! again for the first rows of each parent. The common case stays as fast as a statement written by hand. Where a client has
//! chosen a limit of its own, the first rows of each parent are all that is asked for.

use std::ops::Range;

use super::decode_error;
use super::parents::{JoinKey, key_types, parent_keys};
use crate::db::{Meter, Session};
use crate::error::Result;
use crate::model::narrow::widened;
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
    let all: Vec<Shown> = (0..loaded.len()).map(|row| Shown { row, times: 1 }).collect();
    load(loaded, &all, include, "", &mut truncated, session).await?;
    Ok(truncated)
}

/// A row that the answer shows; rows that were cut are not among these.
#[derive(Clone, Copy)]
struct Shown {
    row: usize,
    /// How often: a row that several parents share is written for each of them, with all that is loaded for it.
    times: usize,
}

/// Loads `include` for the rows of `loaded` that are shown.
async fn load(
    loaded: &mut Loaded,
    shown: &[Shown],
    include: &[Include],
    path: &str,
    truncated: &mut Vec<String>,
    session: &mut Session<'_>,
) -> Result<()> {
    for include in include {
        let path = format!("{path}{}", include.relation.api_name);
        let (mut edge, related, cut) = load_edge(loaded, shown, include, session).await?;
        if cut {
            truncated.push(path.clone());
        }
        Box::pin(load(&mut edge.related, &related, &include.children, &format!("{path}."), truncated, session)).await?;
        loaded.edges.push(edge);
    }
    Ok(())
}

/// Loads one relation. Answers which of the related rows are shown, and whether some are not.
async fn load_edge(
    loaded: &Loaded,
    parents: &[Shown],
    include: &Include,
    session: &mut Session<'_>,
) -> Result<(Edge, Vec<Shown>, bool)> {
    let keys = parent_keys(loaded, parents.iter().map(|parent| parent.row), include.relation)?;
    let (rows, more) = fetch(include, &keys.values, session).await?;
    let rows = widened(rows, (include.relation.target)().columns.len(), include.columns().as_deref());
    let (edge, shown, cut) = attach(loaded, parents, include, keys.of_rows, rows)?;
    Ok((edge, shown, cut || more))
}

/// Gives each parent its rows, as many of a to-many as the row budget allows.
fn attach(
    loaded: &Loaded,
    parents: &[Shown],
    include: &Include,
    keys: Vec<Option<JoinKey>>,
    rows: Box<dyn RowSet>,
) -> Result<(Edge, Vec<Shown>, bool)> {
    let target = (include.relation.target)();
    let Groups { by_key, order, mut cut } =
        group(include, &key_types(loaded, include.relation), rows.as_ref()).map_err(decode_error(target))?;

    let mut groups = vec![0..0; loaded.len()];
    let mut times = vec![0; order.len()];
    let mut left = ROW_BUDGET;
    for (parent, key) in parents.iter().zip(keys) {
        let Some(key) = key else { continue };
        let Ok(place) = by_key.binary_search_by(|(of, _)| of.cmp(&key)) else { continue };
        let group = &by_key[place].1;
        let mut size = group.len();
        if include.relation.kind.to_many() {
            size = size.min(left / parent.times);
            cut |= size < group.len();
            left -= size * parent.times;
        }
        let group = group.start..group.start + size;
        times[group.clone()].iter_mut().for_each(|times| *times += parent.times);
        groups[parent.row] = group;
    }
    let shown = order.iter().zip(times).filter(|(_, times)| *times > 0);
    let shown = shown.map(|(row, times)| Shown { row: *row, times }).collect();
    let related = Loaded { fields: include.fields.clone(), ..Loaded::new(target, rows) };
    Ok((Edge { index: include.index, relation: include.relation, groups, order, related }, shown, cut))
}

/// The related rows of all parents, and whether there are more.
async fn fetch(
    include: &Include,
    parents: &[Vec<Value>],
    session: &mut Session<'_>,
) -> Result<(Box<dyn RowSet>, bool)> {
    if parents.is_empty() {
        return Ok((Box::new(NoRows), false));
    }
    let to_many = include.relation.kind.to_many();
    if to_many && include.limit_chosen {
        return fetch_first(include, parents, include.limit as u64, session).await;
    }
    // A to-one has as many rows as it has parents, however many these are.
    let limit = if to_many { ROW_BUDGET } else { ROW_BUDGET.max(parents.len()) } as u64 + 1;
    let rows = session.fetch(&sql::include::related(include, parents, limit, session.dialect())).await?;
    if rows.len() <= ROW_BUDGET || !to_many {
        return Ok((rows, false));
    }
    Meter::allow(1);
    // One row more than is shown, so that a cut is seen.
    fetch_first(include, parents, include.limit as u64 + 1, session).await
}

/// The first rows of each parent, and whether the row budget cut some off.
async fn fetch_first(
    include: &Include,
    parents: &[Vec<Value>],
    per_parent: u64,
    session: &mut Session<'_>,
) -> Result<(Box<dyn RowSet>, bool)> {
    let limit = ROW_BUDGET + parents.len();
    let statement = sql::include::related_per_parent(include, parents, per_parent, limit as u64, session.dialect());
    let rows = session.fetch(&statement).await?;
    let cut = rows.len() == limit;
    Ok((rows, cut))
}

#[derive(Default)]
struct Groups {
    /// In the order of the keys.
    by_key: Vec<(JoinKey, Range<usize>)>,
    order: Vec<usize>,
    cut: bool,
}

/// Groups related rows, which come ordered by parent, and cuts each group. Behind a row's own columns stands its parent's
/// key, which is of the parent's types: the two sides of a many-to-many may have keys of different types.
fn group(include: &Include, key_types: &[ColumnType], rows: &dyn RowSet) -> Result<Groups, DecodeError> {
    let index = (include.relation.target)().columns.len();
    let limit = if include.relation.kind.to_many() { include.limit } else { 1 };
    let mut groups = Groups { order: Vec::with_capacity(rows.len()), ..Groups::default() };
    let mut current: Option<(JoinKey, Range<usize>)> = None;
    for row in 0..rows.len() {
        let Some(key) = JoinKey::read(key_types, rows.row(row), index..)? else { continue };
        let end = groups.order.len();
        let range = match &mut current {
            Some((of, range)) if *of == key => range,
            current => {
                groups.by_key.extend(current.take());
                &mut current.insert((key, end..end)).1
            }
        };
        if range.len() == limit {
            groups.cut |= include.relation.kind.to_many();
            continue;
        }
        groups.order.push(row);
        range.end = end + 1;
    }
    groups.by_key.extend(current);
    groups.by_key.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, NaiveDate, Utc};
    use rust_decimal::Decimal;
    use uuid::Uuid;

    use super::*;
    use crate::fixtures::{BOOKS, REVIEWS, SERIES};
    use crate::model::Row;

    macro_rules! no {
        ($($ty:ty: $method:ident),*) => {$(
            fn $method(&self, index: usize) -> Result<Option<$ty>, DecodeError> {
                Err(DecodeError::new(index, "is a number"))
            }
        )*};
    }

    impl Row for Vec<i64> {
        fn i64(&self, index: usize) -> Result<Option<i64>, DecodeError> {
            Ok(Some(self[index]))
        }

        no!(bool: bool, i16: i16, i32: i32, f64: f64, &str: text, &[u8]: bytes, Uuid: uuid, &str: json);
        no!(DateTime<Utc>: timestamp, NaiveDate: date, Decimal: decimal);
    }

    /// Two books, their keys and series 1 and 2.
    fn books() -> Loaded {
        let rows: Vec<Vec<i64>> = (1..=2).map(|id| vec![id; BOOKS.columns.len()]).collect();
        Loaded::new(&BOOKS, Box::new(rows))
    }

    fn include(relation: usize, limit: usize) -> Include {
        Include::new(&BOOKS, relation, limit)
    }

    /// The rows that each book gets, how often each related row is shown, and whether some are not. The related rows have
    /// `width` columns and are those of the parents with these keys.
    fn attached(include: &Include, times: [usize; 2], width: usize, of: &[i64]) -> (Vec<usize>, Vec<usize>, bool) {
        let books = books();
        let parents = [Shown { row: 0, times: times[0] }, Shown { row: 1, times: times[1] }];
        let keys = parent_keys(&books, 0..2, include.relation).expect("numbers").of_rows;
        let rows: Vec<_> = of.iter().map(|parent| [vec![0; width], vec![*parent]].concat()).collect();
        let rows = Box::new(rows);
        let (edge, shown, cut) = attach(&books, &parents, include, keys, rows).expect("numbers");
        let sizes = edge.groups.iter().map(ExactSizeIterator::len).collect();
        (sizes, shown.iter().map(|shown| shown.times).collect(), cut)
    }

    #[test]
    fn a_to_many_is_cut_per_parent() {
        let reviews = include(2, 2);
        let (sizes, times, cut) = attached(&reviews, [1, 1], REVIEWS.columns.len(), &[1, 1, 1, 2]);
        assert_eq!((sizes, times, cut), (vec![2, 1], vec![1, 1, 1], true));
        let (sizes, _, cut) = attached(&reviews, [1, 1], REVIEWS.columns.len(), &[1, 1, 2]);
        assert_eq!((sizes, cut), (vec![2, 1], false));
    }

    #[test]
    fn a_row_counts_against_the_budget_as_often_as_it_is_shown() {
        let reviews = include(2, 100);
        let times = [ROW_BUDGET * 3 / 5, ROW_BUDGET * 2 / 5];
        let (sizes, shown, cut) = attached(&reviews, times, REVIEWS.columns.len(), &[1, 1, 2]);
        assert_eq!((sizes, shown, cut), (vec![1, 1], times.to_vec(), true), "the second row of the first does not fit");
        let (sizes, shown, cut) = attached(&reviews, [times[0], times[0]], REVIEWS.columns.len(), &[1, 2]);
        assert_eq!((sizes, shown, cut), (vec![1, 0], vec![times[0]], true));
    }

    #[test]
    fn a_to_one_is_never_cut() {
        let series = include(1, 1);
        let (sizes, shown, cut) = attached(&series, [ROW_BUDGET * 2, ROW_BUDGET], SERIES.columns.len(), &[1, 2]);
        assert_eq!((sizes, shown, cut), (vec![1, 1], vec![ROW_BUDGET * 2, ROW_BUDGET], false));
    }
}
