//! Creates that change the row that is there already by a unique key.

use std::collections::HashMap;

use super::blame::another_row_has;
use super::bulk::CHUNK;
use super::create::with_defaults;
use super::{bulk, links, locked, order};
use crate::crud::decode_error;
use crate::crud::validate::capped;
use crate::db::Session;
use crate::error::{Error, InputError, Result};
use crate::model::{Changes, Generated, Loaded, ModelMeta, Value};
use crate::query::{Deleted, Filter};
use crate::sql::Dialect;
use crate::sql::bulk::MAX_VALUES;
use crate::sql::upsert::Upsert;

/// Refuses columns that are no unique key of the model.
///
/// # Errors
///
/// [`Error::Invalid`], with their names.
pub fn check_key(model: &ModelMeta, key: &[usize]) -> Result<()> {
    if model.is_unique_key(key) {
        return Ok(());
    }
    let names: Vec<&str> = key.iter().map(|index| model.columns[*index].field).collect();
    let detail = format!("{} is no unique key of {}: two rows may have it", names.join(", "), model.name);
    Err(Error::Invalid(vec![InputError::request("not_unique", detail)]))
}

/// Columns that are missing in `changes` and belong to the key, which finds the row that is there.
#[must_use]
pub fn missing(model: &ModelMeta, key: &[usize], changes: &Changes) -> Vec<InputError> {
    let missing = key.iter().filter(|index| changes.column(**index).is_none());
    let error = |index: &usize| {
        let name = model.columns[*index].api_name;
        InputError::field(name, "required", format!("\"{name}\" is required: a row that is there is found by it"))
    };
    missing.map(error).collect()
}

/// Whether the row at `index` of what an upsert answered is new.
///
/// # Errors
///
/// The rows are none that an upsert answered.
pub fn is_new(rows: &Loaded, index: usize) -> Result<bool> {
    let created = rows.row(index).bool(rows.meta.columns.len()).map_err(decode_error(rows.meta))?;
    // A key with a NULL in it is compared with NULL, and is always new.
    Ok(created.unwrap_or(true))
}

/// Keys that are there more than once, and have no NULL in them: which of two rows would hold?
#[must_use]
pub fn repeated(model: &ModelMeta, key: &[usize], rows: &[Changes]) -> Vec<InputError> {
    let mut first = HashMap::new();
    let mut errors = Vec::new();
    for (item, row) in rows.iter().enumerate() {
        let Some(values) = key_of(row, key) else { continue };
        let earlier = *first.entry(order::text(&values)).or_insert(item);
        if earlier != item {
            let detail = format!("item {earlier} has this key already; each row is named once");
            let name = model.columns[key[0]].api_name;
            errors.push(InputError::field(name, "duplicate", detail).of_item(item));
        }
    }
    errors
}

/// The key that a row sets; `None` with a NULL in it, which equals nothing.
pub(in crate::crud) fn key_of(row: &Changes, key: &[usize]) -> Option<Vec<Value>> {
    key.iter().map(|index| row.column(*index).filter(|value| **value != Value::Null).cloned()).collect()
}

/// For each row the one that is there and has its key, alone and held against other writers, if the caller may change it.
pub(in crate::crud) async fn existing(
    model: &'static ModelMeta,
    rows: &[&Changes],
    key: &[usize],
    filter: &Filter,
    session: &mut Session<'_>,
) -> Result<Vec<Option<Loaded>>> {
    let keys: Vec<Option<Vec<Value>>> = rows.iter().map(|row| key_of(row, key)).collect();
    let named: Vec<&[Value]> = keys.iter().flatten().map(Vec::as_slice).collect();
    let mut found = locked::find(model, key, &named, filter, Deleted::Exclude, session).await?.into_iter();
    Ok(keys.iter().map(|key| key.as_ref().and_then(|_| found.next().flatten())).collect())
}

/// The statements that these rows take at most.
pub(super) fn statements(model: &ModelMeta, rows: &[Changes], key: &[usize]) -> usize {
    let of_group = |group: &Vec<usize>| {
        let rows: Vec<&Changes> = group.iter().map(|place| &rows[*place]).collect();
        2 + 2 * bulk::link_statements(model, &rows)
    };
    groups(model, rows, key, &(0..rows.len()).collect::<Vec<_>>()).iter().map(of_group).sum()
}

pub(super) async fn upsert(
    model: &'static ModelMeta,
    rows: &[Changes],
    key: &[usize],
    filter: &Filter,
    session: &mut Session<'_>,
) -> Result<Vec<Loaded>> {
    let repeated = repeated(model, key, rows);
    if !repeated.is_empty() {
        return Err(Error::Invalid(capped(repeated)));
    }
    let (mut parts, mut places, mut count) = (Vec::new(), vec![0; rows.len()], 0);
    for group in groups(model, rows, key, &in_order(rows, key, session.dialect())) {
        let chunk: Vec<&Changes> = group.iter().map(|place| &rows[*place]).collect();
        let loaded = match write(model, &chunk, key, filter, session).await? {
            Written::All(loaded) => loaded,
            Written::Not(missing) => {
                let items: Vec<usize> = missing.into_iter().map(|place| group[place]).collect();
                return Err(taken(model, key, &items, rows.len() > 1));
            }
        };
        set_links(&loaded, &chunk, session).await?;
        for place in group {
            places[place] = count;
            count += 1;
        }
        parts.push(loaded.rows);
    }
    let rows = order::joined(parts);
    let rows = if places.is_sorted() { rows } else { order::arranged(rows, places) };
    Ok(vec![Loaded::new(model, rows)])
}

async fn set_links(loaded: &Loaded, rows: &[&Changes], session: &mut Session<'_>) -> Result<()> {
    let mut has_existing = false;
    for place in 0..loaded.len() {
        has_existing |= !is_new(loaded, place)?;
    }
    let [row] = rows else { return bulk::set_links(loaded, rows, has_existing, session).await };
    for (relation, keys) in &row.links {
        links::set_links(&loaded.meta.relations[*relation], loaded, keys, has_existing, session).await?;
    }
    Ok(())
}

/// The places of rows in the order in which they are written. Each takes its key until the end of the transaction, a new one
/// too, so on PostgreSQL all take them in one order.
fn in_order(rows: &[Changes], key: &[usize], dialect: Dialect) -> Vec<usize> {
    if dialect == Dialect::Sqlite {
        return (0..rows.len()).collect();
    }
    let value = |row: &Changes, index: usize| row.column(index).cloned().unwrap_or(Value::Null);
    let keys: Vec<Vec<Value>> = rows.iter().map(|row| key.iter().map(|index| value(row, *index)).collect()).collect();
    order::of_locks(keys.iter().map(Vec::as_slice))
}

/// The places of rows that set the same columns, so that one statement writes them. A row whose key has a NULL in it stands
/// alone: by its key it could not be told from another.
fn groups(model: &ModelMeta, rows: &[Changes], key: &[usize], order: &[usize]) -> Vec<Vec<usize>> {
    let most = (MAX_VALUES / (model.columns.len() + key.len())).clamp(1, CHUNK);
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut open: HashMap<Vec<usize>, usize> = HashMap::new();
    for place in order.iter().copied() {
        let row = &rows[place];
        let named = set(row);
        let group = open.get(&named).copied().filter(|group| groups[*group].len() < most);
        match group.filter(|_| key_of(row, key).is_some()) {
            Some(group) => groups[group].push(place),
            None => {
                if key_of(row, key).is_some() {
                    open.insert(named, groups.len());
                }
                groups.push(vec![place]);
            }
        }
    }
    groups
}

/// The columns that a row names.
fn set(row: &Changes) -> Vec<usize> {
    let mut columns: Vec<usize> = row.columns.iter().map(|(index, _)| *index).collect();
    columns.sort_unstable();
    columns
}

enum Written {
    All(Loaded),
    /// The places of rows whose key is that of a row that the caller may not see, or that is deleted.
    Not(Vec<usize>),
}

async fn write(
    model: &'static ModelMeta,
    rows: &[&Changes],
    key: &[usize],
    filter: &Filter,
    session: &mut Session<'_>,
) -> Result<Written> {
    let complete: Vec<Changes> = rows.iter().map(|row| with_defaults(model, row)).collect();
    let columns = set(&complete[0]);
    let values: Vec<Vec<Value>> = complete
        .iter()
        .map(|row| columns.iter().map(|index| row.column(*index).cloned().unwrap_or(Value::Null)).collect())
        .collect();
    let update = changed(model, rows[0], key);
    let upsert = Upsert { model, columns: &columns, rows: &values, key, update: &update, filter };

    let dialect = session.dialect();
    let existing = match dialect {
        Dialect::Sqlite => {
            let rows = session.fetch(&upsert.existing(dialect)).await?;
            (0..rows.len()).map(|place| order::values(model, rows.row(place), key)).collect::<Result<_>>()?
        }
        Dialect::Postgres => Vec::new(),
    };
    let written = session.fetch(&upsert.statement(&existing, dialect)).await?;
    let rows = match rows {
        [_] if written.len() == 1 => written,
        rows => {
            let places = order::places(model, written.as_ref(), key)?;
            let of_row = |row: &&Changes| key_of(row, key).and_then(|key| places.get(&order::text(&key)).copied());
            let found: Vec<Option<usize>> = rows.iter().map(of_row).collect();
            let missing: Vec<usize> = (0..found.len()).filter(|place| found[*place].is_none()).collect();
            if !missing.is_empty() {
                return Ok(Written::Not(missing));
            }
            order::arranged(written, found.into_iter().flatten().collect())
        }
    };
    Ok(Written::All(Loaded::new(model, rows)))
}

fn taken(model: &ModelMeta, key: &[usize], items: &[usize], many: bool) -> Error {
    let of_item = |item: &usize| {
        let item = *item;
        key.iter().map(move |index| {
            let taken = InputError::field(model.columns[*index].api_name, "unique", another_row_has(key));
            if many { taken.of_item(item) } else { taken }
        })
    };
    Error::Conflict(capped(items.iter().flat_map(of_item).collect()))
}

/// The columns that change in a row that is there: what is named, and the time of the last write. Defaults, other generated
/// values and the keys stay.
fn changed(model: &ModelMeta, row: &Changes, key: &[usize]) -> Vec<usize> {
    let changes = |index: &usize| match model.columns[*index].generated {
        Some(Generated::UpdatedAt) => true,
        Some(_) => false,
        None => row.column(*index).is_some() && !key.contains(index) && !model.key.contains(index),
    };
    (0..model.columns.len()).filter(changes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::AUTHORS;

    fn row(name: Option<&str>, email: Option<&str>) -> Changes {
        let text = |text: Option<&str>| text.map_or(Value::Null, |text| Value::Text(text.to_owned()));
        let name = name.map(|name| (1, text(Some(name))));
        Changes { columns: name.into_iter().chain([(2, text(email))]).collect(), ..Changes::default() }
    }

    #[test]
    fn rows_that_name_the_same_columns_share_a_statement() {
        let rows = [row(Some("A"), Some("a")), row(None, Some("b")), row(Some("C"), Some("c")), row(Some("D"), None)];
        assert_eq!(groups(&AUTHORS, &rows, &[2], &(0..rows.len()).collect::<Vec<_>>()), [vec![0, 2], vec![1], vec![3]]);
        assert_eq!(statements(&AUTHORS, &rows, &[2]), 6);
        let many = vec![row(None, Some("a")); 2_001];
        assert_eq!(
            groups(&AUTHORS, &many, &[2], &(0..many.len()).collect::<Vec<_>>())
                .iter()
                .map(Vec::len)
                .collect::<Vec<_>>(),
            [1_000, 1_000, 1]
        );
    }

    #[test]
    fn a_key_that_is_there_again_is_named_unless_it_is_null() {
        let rows = [row(None, Some("a")), row(None, None), row(None, Some("a")), row(None, None)];
        let expected = "item 0 has this key already; each row is named once";
        assert_eq!(repeated(&AUTHORS, &[2], &rows), [InputError::field("email", "duplicate", expected).of_item(2)]);
    }
}
