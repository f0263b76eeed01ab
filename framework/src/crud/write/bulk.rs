//! Many rows at once: one statement for each chunk of them and each table, and the answer in the order of the request.

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::create::with_defaults;
use super::links;
use super::update::with_time;
use super::{RowChange, RowKey, children, now, order, version};
use crate::crud::decode_error;
use crate::crud::validate::capped;
use crate::db::{Meter, Session};
use crate::error::{Error, InputError, Result};
use crate::model::{Changes, Loaded, ModelMeta, RelationMeta, RowSet, Value};
use crate::query::{Deleted, Filter};
use crate::sql;
use crate::sql::bulk::{Changed, MAX_VALUES, Target};

/// Rows of one INSERT or UPDATE at most: what a database takes in well under a second.
pub(super) const CHUNK: usize = 1_000;
/// Rows of one statement at most that finds or deletes them by their keys.
const KEYS: usize = 10_000;
/// Values of the rows of a join model that one statement makes at most.
const LINK_VALUES: usize = 20_000;

/// The statements that inserting these rows and their children takes at most.
pub(super) fn statements_of_create(model: &ModelMeta, rows: &[&Changes]) -> usize {
    let of_chunk = |chunk: &[&Changes]| 1 + link_statements(model, chunk) + children::statements(model, chunk);
    inserts(model, rows).map(of_chunk).sum()
}

/// The rows of each INSERT. A hook may have given some rows a key that the database makes for the others, and only of one kind
/// it can be told which row is which.
fn inserts<'r, R: Borrow<Changes>>(model: &ModelMeta, rows: &'r [R]) -> impl Iterator<Item = &'r [R]> {
    let (is_counted, most) = (sql::bulk::is_counted(model), rows_of_insert(model));
    let alike = move |one: &R, other: &R| !is_counted || has_key(model, one.borrow()) == has_key(model, other.borrow());
    rows.chunk_by(alike).flat_map(move |run| run.chunks(most))
}

fn has_key(model: &ModelMeta, row: &Changes) -> bool {
    model.key.iter().all(|index| row.column(*index).is_some_and(|value| *value != Value::Null))
}

fn rows_of_insert(model: &ModelMeta) -> usize {
    // One more for the place of a row, and one for each default of the database that a row may leave out.
    let defaults = model.columns.iter().filter(|column| column.database_default.is_some()).count();
    (MAX_VALUES / (model.columns.len() + defaults + 1)).clamp(1, CHUNK)
}

pub(super) async fn create(
    model: &'static ModelMeta,
    rows: &[Changes],
    session: &mut Session<'_>,
) -> Result<Vec<Loaded>> {
    let mut created = Vec::new();
    for chunk in inserts(model, rows) {
        let complete: Vec<Changes> = chunk.iter().map(|row| with_defaults(model, row)).collect();
        let mut columns: Vec<usize> =
            complete.iter().flat_map(|row| row.columns.iter().map(|(index, _)| *index)).collect();
        columns.sort_unstable();
        columns.dedup();
        let value =
            |row: &Changes, index: usize| row.column(index).cloned().unwrap_or_else(|| model.columns[index].absent());
        let values = complete.iter().map(|row| columns.iter().map(|index| value(row, *index)).collect()).collect();
        let inserted = session.fetch(&sql::bulk::insert(model, &columns, values, session.dialect())).await?;
        let rows = if sql::bulk::is_counted(model) && !has_key(model, &chunk[0]) {
            order::by_count(model, inserted)?
        } else {
            let keys: Vec<Vec<Value>> =
                complete.iter().map(|row| model.key.iter().map(|index| value(row, *index)).collect()).collect();
            order::by_keys(model, inserted, keys.iter().map(Vec::as_slice))?
        };
        let loaded = Loaded::new(model, rows);
        set_links(&loaded, &chunk.iter().collect::<Vec<_>>(), false, session).await?;
        created.push(loaded);
    }
    Ok(created)
}

/// The statements that changing these rows takes at most.
pub(super) fn statements_of_update(model: &ModelMeta, rows: &[RowChange]) -> usize {
    let changes =
        |chunk: &[RowChange]| link_statements(model, &chunk.iter().map(|row| &row.changes).collect::<Vec<_>>());
    rows.chunks(rows_of_update(model, rows)).map(|chunk| 1 + 2 * changes(chunk)).sum()
}

fn rows_of_update(model: &ModelMeta, rows: &[RowChange]) -> usize {
    let set: HashSet<usize> = rows.iter().flat_map(|row| row.changes.columns.iter().map(|(index, _)| *index)).collect();
    // A value and a flag for each column that is set, the version and the time among them.
    (MAX_VALUES / (model.key.len() + 2 * set.len() + 4)).clamp(1, CHUNK)
}

pub(super) async fn update(
    model: &'static ModelMeta,
    rows: &[RowChange],
    filter: &Filter,
    session: &mut Session<'_>,
) -> Result<Vec<Loaded>> {
    refuse_repeated(model, rows.iter().map(|row| row.key.as_slice()))?;
    let (mut updated, size) = (Vec::new(), rows_of_update(model, rows));
    let places = places(rows.iter().map(|row| row.key.as_slice()), size);
    let rows: Vec<&RowChange> = places.iter().map(|place| &rows[*place]).collect();
    for (number, chunk) in rows.chunks(size).enumerate() {
        let changed: Vec<Changed<'_>> = chunk
            .iter()
            .map(|row| Changed {
                target: target(&row.key, row.expected.as_ref()),
                columns: with_time(model, &row.changes),
                counts: !row.changes.is_empty(),
            })
            .collect();
        let is_counted = model.version().is_some() && changed.iter().any(|row| row.counts);
        let is_versioned = changed.iter().any(|row| row.target.version.is_some());
        let statement = if sql::bulk::set_columns(&changed).is_empty() && !is_counted && !is_versioned {
            let keys: Vec<&[Value]> = chunk.iter().map(|row| row.key.as_slice()).collect();
            sql::bulk::select(model, model.key, &keys, filter, Deleted::Exclude, true, session.dialect())
        } else {
            sql::bulk::update(model, &changed, filter, session.dialect())
        };
        let found = session.fetch(&statement).await?;
        if found.len() < chunk.len() {
            let rest = places.iter().zip(&rows).map(|(place, row)| (*place, target(&row.key, row.expected.as_ref())));
            let rest = rest.skip(number * size).collect();
            return Err(absent(model, rest, found.as_ref(), filter, Deleted::Exclude, session).await);
        }
        let rows = order::by_keys(model, found, chunk.iter().map(|row| row.key.as_slice()))?;
        let loaded = Loaded::new(model, rows);
        set_links(&loaded, &chunk.iter().map(|row| &row.changes).collect::<Vec<_>>(), true, session).await?;
        updated.push(loaded);
    }
    Ok(order::of_request(updated, &places))
}

/// The statements that deleting these rows takes.
pub(super) fn statements_of_delete(model: &ModelMeta, rows: &[RowKey]) -> usize {
    rows.len().div_ceil(rows_by_key(model))
}

pub(super) fn rows_by_key(model: &ModelMeta) -> usize {
    (MAX_VALUES / (model.key.len() + 1)).clamp(1, KEYS)
}

pub(super) async fn delete(
    model: &'static ModelMeta,
    rows: &[RowKey],
    filter: &Filter,
    session: &mut Session<'_>,
) -> Result<Vec<Loaded>> {
    refuse_repeated(model, rows.iter().map(|row| row.key.as_slice()))?;
    let (mut deleted, size) = (Vec::new(), rows_by_key(model));
    let places = places(rows.iter().map(|row| row.key.as_slice()), size);
    let rows: Vec<&RowKey> = places.iter().map(|place| &rows[*place]).collect();
    for (number, chunk) in rows.chunks(size).enumerate() {
        let targets: Vec<Target<'_>> = chunk.iter().map(|row| target(&row.key, row.expected.as_ref())).collect();
        let statement = match model.deleted_at() {
            Some(_) => sql::soft_delete::mark(model, &targets, now(), filter, session.dialect()),
            None => sql::bulk::delete(model, &targets, filter, session.dialect()),
        };
        let found = session.fetch(&statement).await?;
        if found.len() < chunk.len() {
            let rest = places.iter().zip(&rows).map(|(place, row)| (*place, target(&row.key, row.expected.as_ref())));
            let rest = rest.skip(number * size).collect();
            return Err(absent(model, rest, found.as_ref(), filter, Deleted::Exclude, session).await);
        }
        let rows = order::by_keys(model, found, chunk.iter().map(|row| row.key.as_slice()))?;
        deleted.push(Loaded::new(model, rows));
    }
    Ok(order::of_request(deleted, &places))
}

/// The places of rows in the order in which they are written: that of their keys, where several statements lock them, each of
/// which keeps to that order itself.
fn places<'a>(keys: impl ExactSizeIterator<Item = &'a [Value]>, of_statement: usize) -> Vec<usize> {
    if keys.len() <= of_statement { (0..keys.len()).collect() } else { order::of_locks(keys) }
}

/// The mistakes of a write of one row as those of the only item of a list.
#[must_use]
pub fn of_only_item(model: &ModelMeta, error: Error) -> Error {
    let of_item = |errors: Vec<InputError>| errors.into_iter().map(|error| error.of_item(0)).collect();
    match error {
        Error::Invalid(errors) => Error::Invalid(of_item(errors)),
        Error::Conflict(errors) => Error::Conflict(of_item(errors)),
        Error::NotFound(_) => Error::Missing(vec![not_found(model, 0)]),
        Error::Stale(errors) => {
            let at_version = |error: InputError| InputError::field(version_name(model), error.code, error.detail);
            Error::Stale(of_item(errors.into_iter().map(at_version).collect()))
        }
        error => error,
    }
}

fn not_found(model: &ModelMeta, item: usize) -> InputError {
    InputError::field(key_name(model), "not_found", format!("there is no such {}", model.name)).of_item(item)
}

/// Where a mistake of the key is shown.
fn key_name(model: &ModelMeta) -> &'static str {
    model.key_columns().next().map_or("", |column| column.api_name)
}

fn version_name(model: &ModelMeta) -> &'static str {
    model.version().map_or("", |index| model.columns[index].api_name)
}

pub(super) fn target<'a>(key: &'a [Value], expected: Option<&Vec<i64>>) -> Target<'a> {
    Target { key, version: expected.and_then(|versions| versions.first().copied()) }
}

/// Keys that are there more than once: which of two changes of a row would hold?
#[must_use]
pub fn repeated<'a>(model: &ModelMeta, keys: impl Iterator<Item = (usize, &'a [Value])>) -> Vec<InputError> {
    let mut first = HashMap::new();
    let mut errors = Vec::new();
    for (item, key) in keys {
        let earlier = *first.entry(order::text(key)).or_insert(item);
        if earlier != item {
            let detail = format!("item {earlier} has this key already; each row is named once");
            errors.push(InputError::field(key_name(model), "duplicate", detail).of_item(item));
        }
    }
    errors
}

pub(super) fn refuse_repeated<'a>(model: &ModelMeta, keys: impl Iterator<Item = &'a [Value]>) -> Result<()> {
    let errors = repeated(model, keys.enumerate());
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(capped(errors))) }
}

/// Why not all rows were found to be written; `written` were. All rows that are not there are named, else all that have
/// another version than they must have.
pub(super) async fn absent(
    model: &'static ModelMeta,
    mut rest: Vec<(usize, Target<'_>)>,
    written: &dyn RowSet,
    filter: &Filter,
    deleted: Deleted,
    session: &mut Session<'_>,
) -> Error {
    match find_absent(model, &mut rest, written, filter, deleted, session).await {
        Ok(error) | Err(error) => error,
    }
}

async fn find_absent(
    model: &'static ModelMeta,
    rest: &mut Vec<(usize, Target<'_>)>,
    written: &dyn RowSet,
    filter: &Filter,
    deleted: Deleted,
    session: &mut Session<'_>,
) -> Result<Error> {
    let mut done = HashSet::with_capacity(written.len());
    for place in 0..written.len() {
        done.insert(order::text(&order::key(model, written.row(place))?));
    }
    rest.retain(|(_, target)| !done.contains(&order::text(target.key)));
    let mut versions = HashMap::new();
    for chunk in rest.chunks(rows_by_key(model)) {
        Meter::allow(1);
        let keys: Vec<&[Value]> = chunk.iter().map(|(_, target)| target.key).collect();
        let statement = sql::bulk::select(model, model.key, &keys, filter, deleted, false, session.dialect());
        let found = session.fetch(&statement).await?;
        for place in 0..found.len() {
            let row = found.row(place);
            versions.insert(order::text(&order::key(model, row)?), model.version_of(row).map_err(decode_error(model))?);
        }
    }
    let (mut missing, mut stale) = (Vec::new(), Vec::new());
    for (item, target) in rest.iter() {
        match (versions.get(&order::text(target.key)), target.version) {
            (None, _) => missing.push(not_found(model, *item)),
            (Some(version), Some(expected)) if *version != Some(expected) => {
                let detail = version::mismatch(model, *version, &[expected]);
                stale.push(InputError::field(version_name(model), "stale", detail).of_item(*item));
            }
            _ => {}
        }
    }
    Ok(match (missing.is_empty(), stale.is_empty()) {
        (false, _) => Error::Missing(capped(missing)),
        (true, false) => Error::Stale(capped(stale)),
        // It has come, or has got the version, since the statement that writes has looked.
        (true, true) => Error::Serialization(format!("a {} has changed meanwhile", model.name)),
    })
}

/// The statements of one kind that the sets of keys of these rows take.
pub(super) fn link_statements(model: &ModelMeta, rows: &[&Changes]) -> usize {
    let of_relation = |relation: usize| {
        let sizes: Vec<usize> = rows.iter().filter_map(|row| keys_of(row, relation)).map(Vec::len).collect();
        groups(&sizes, pairs_of_statement(&model.relations[relation])).len()
    };
    linked(rows).into_iter().map(of_relation).sum()
}

/// The relations whose sets of keys at least one of the rows sets.
fn linked(rows: &[&Changes]) -> Vec<usize> {
    let mut relations: Vec<usize> = rows.iter().flat_map(|row| row.links.iter().map(|(index, _)| *index)).collect();
    relations.sort_unstable();
    relations.dedup();
    relations
}

fn keys_of(row: &Changes, relation: usize) -> Option<&Vec<Vec<Value>>> {
    row.links.iter().find(|(index, _)| *index == relation).map(|(_, keys)| keys)
}

fn pairs_of_statement(relation: &RelationMeta) -> usize {
    let columns = match relation.link {
        crate::model::Link::Through { model, .. } => model().columns.len(),
        _ => 2,
    };
    (LINK_VALUES / columns.max(2)).max(1)
}

/// Neighbours whose sizes together are `most` at most, or one that is larger.
fn groups(sizes: &[usize], most: usize) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    let mut total = 0;
    for (place, size) in sizes.iter().enumerate() {
        total += size;
        match groups.last_mut() {
            Some(group) if total <= most => group.end = place + 1,
            _ => {
                total = *size;
                groups.push(place..place + 1);
            }
        }
    }
    groups
}

/// Makes the sets of keys of many-to-many relations those that the rows of `loaded` are to have.
pub(super) async fn set_links(
    loaded: &Loaded,
    rows: &[&Changes],
    existing: bool,
    session: &mut Session<'_>,
) -> Result<()> {
    for index in linked(rows) {
        let relation = &loaded.meta.relations[index];
        let local = relation.link.local();
        let (mut locals, mut sets) = (Vec::new(), Vec::new());
        for (place, row) in rows.iter().enumerate() {
            let Some(keys) = keys_of(row, index) else { continue };
            let values = crate::crud::values(loaded.meta, loaded.row(place), local)?;
            if !keys.iter().all(|key| links::share(relation, &values, key)) {
                return Err(links::no_such_key(relation));
            }
            locals.push(values);
            sets.push(keys);
        }
        let sizes: Vec<usize> = sets.iter().map(|keys| keys.len()).collect();
        for group in groups(&sizes, pairs_of_statement(relation)) {
            let (locals, sets) = (&locals[group.clone()], &sets[group]);
            let pairs: Vec<(&[Value], &[Value])> = locals
                .iter()
                .zip(sets)
                .flat_map(|(local, keys)| keys.iter().map(move |key| (local.as_slice(), key.as_slice())))
                .collect();
            if existing {
                session.execute(&sql::write::unlink_many(relation, locals, &pairs, session.dialect())).await?;
            }
            if !pairs.is_empty() {
                session.execute(&sql::write::link_many(relation, &pairs, session.dialect())).await?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{BOOK_TAGS, BOOKS, SERIES};

    #[test]
    fn links_are_set_in_as_few_statements_as_their_number_allows() {
        assert_eq!(groups(&[1, 2, 3, 10, 0, 1], 6), [0..3, 3..4, 4..6]);
        assert_eq!(groups(&[10, 7], 6), [0..1, 1..2]);
        assert!(groups(&[], 6).is_empty());
    }

    #[test]
    fn a_chunk_stays_below_what_databases_bind() {
        let row = Changes { links: vec![(4, vec![vec![Value::Text("a".to_owned())]])], ..Changes::default() };
        assert_eq!(rows_of_insert(&BOOKS), 1_000);
        assert_eq!(statements_of_create(&BOOKS, &vec![&row; 2_500]), 6, "an insert and the links of each chunk");
        assert_eq!(rows_by_key(&SERIES), 10_000);
    }

    #[test]
    fn a_key_that_is_there_again_is_named() {
        let keys = [[Value::I64(1), Value::I64(1)], [Value::I64(1), Value::I64(2)], [Value::I64(1), Value::I64(1)]];
        let errors = repeated(&BOOK_TAGS, keys.iter().map(<[Value; 2]>::as_slice).enumerate());
        let expected = "item 0 has this key already; each row is named once";
        assert_eq!(errors, [InputError::field("book_id", "duplicate", expected).of_item(2)]);
    }
}
