//! From the items of a request to the rows of a write: every mistake of every item is named at once.

use serde_json::{Map, Value as JsonValue};

use super::validate::{self, BodyKind, capped};
use super::write::{RowChange, RowKey, repeated, upsert};
use crate::error::InputError;
use crate::model::{Changes, ColumnMeta, ModelMeta, Value};
use crate::query::parse::shown;

/// Keys of related rows and children of all items at most. One of them takes few bytes of a body and many of memory.
pub const MAX_RELATED: usize = 100_000;

/// An item of a request.
type Item = Map<String, JsonValue>;
type Mistakes = Vec<InputError>;

/// Reads rows that are created, or with a unique key change the rows that have it.
///
/// # Errors
///
/// As of [`validate::body`], of all items, each with a pointer such as `/items/3/title`; each unique key that is there again.
pub fn created(model: &'static ModelMeta, key: Option<&[usize]>, items: &[Item]) -> Result<Vec<Changes>, Mistakes> {
    let (mut rows, mut errors, mut left) = (Vec::with_capacity(items.len()), Vec::new(), MAX_RELATED);
    for (place, item) in items.iter().enumerate() {
        let changes = match key {
            Some(key) => validate::upsert(model, key, item),
            None => validate::body(model, BodyKind::Create, item),
        };
        let related = changes.and_then(|changes| Ok((take_related(left, &changes)?, changes)));
        match related {
            Ok((rest, changes)) => {
                left = rest;
                rows.push(changes);
            }
            Err(more) => errors.extend(more.into_iter().map(|error| error.of_item(place))),
        }
    }
    if let (Some(key), true) = (key, errors.is_empty()) {
        errors = upsert::repeated(model, key, &rows);
    }
    if errors.is_empty() { Ok(rows) } else { Err(capped(errors)) }
}

/// Reads changes of rows, each with the members of its key and, where there is a version, perhaps that; `versioned` says
/// that it must be there.
///
/// # Errors
///
/// As [`created`], and each key that is there again.
pub fn updated(model: &'static ModelMeta, versioned: bool, items: Vec<Item>) -> Result<Vec<RowChange>, Mistakes> {
    let mut left = MAX_RELATED;
    read(model, versioned, items, |RowKey { key, expected }, rest| {
        let changes = validate::body(model, BodyKind::Patch, rest)?;
        left = take_related(left, &changes)?;
        Ok(RowChange { key, expected, changes })
    })
    .and_then(|rows| distinct(model, rows, |row| &row.key))
}

/// Reads the keys of rows that are deleted, with versions as [`updated`] does.
///
/// # Errors
///
/// As [`updated`].
pub fn deleted(model: &'static ModelMeta, versioned: bool, items: Vec<Item>) -> Result<Vec<RowKey>, Mistakes> {
    let accepted: Vec<&str> = identifying(model).map(|column| column.api_name).collect();
    read(model, versioned, items, |key, rest| {
        let unknown = rest.keys().map(|name| {
            let name = shown(name);
            let detail = format!("unknown field \"{name}\"; accepted: {}", accepted.join(", "));
            InputError::field(&name, "unknown_field", detail)
        });
        let errors: Mistakes = unknown.collect();
        if errors.is_empty() { Ok(key) } else { Err(errors) }
    })
    .and_then(|rows| distinct(model, rows, |row| &row.key))
}

/// How many related rows items may still name after this one.
fn take_related(left: usize, changes: &Changes) -> Result<usize, Mistakes> {
    let keys: usize = changes.links.iter().map(|(_, keys)| keys.len()).sum();
    let children: usize = changes.children.iter().map(|(_, children)| children.len()).sum();
    left.checked_sub(keys + children).ok_or_else(|| {
        let detail = format!("expected at most {MAX_RELATED} keys and rows inside of all items together");
        vec![InputError::request("too_many", detail)]
    })
}

/// The columns by which an item says which row it is about: those of the key, and the version.
pub fn identifying(model: &'static ModelMeta) -> impl Iterator<Item = &'static ColumnMeta> {
    model.key_columns().chain(model.version().map(|index| &model.columns[index]))
}

fn read<T>(
    model: &'static ModelMeta,
    versioned: bool,
    items: Vec<Item>,
    mut row: impl FnMut(RowKey, &Item) -> Result<T, Mistakes>,
) -> Result<Vec<T>, Mistakes> {
    let (mut rows, mut errors) = (Vec::with_capacity(items.len()), Vec::new());
    for (place, mut item) in items.into_iter().enumerate() {
        let mut mistakes = Vec::new();
        let mut key = Vec::with_capacity(model.key.len());
        for column in model.key_columns() {
            match member(column, &mut item, true) {
                Ok(value) => key.extend(value),
                Err(error) => mistakes.push(error),
            }
        }
        let version = model.version().map(|index| member(&model.columns[index], &mut item, versioned));
        let expected = match version.transpose() {
            Ok(version) => version.flatten().and_then(|value| number(&value)).map(|version| vec![version]),
            Err(error) => {
                mistakes.push(error);
                None
            }
        };
        match row(RowKey { key, expected }, &item) {
            Ok(row) if mistakes.is_empty() => rows.push(row),
            Ok(_) => {}
            Err(more) => mistakes.extend(more),
        }
        errors.extend(mistakes.into_iter().map(|error| error.of_item(place)));
    }
    if errors.is_empty() { Ok(rows) } else { Err(capped(errors)) }
}

/// Takes a member out of an item.
fn member(column: &ColumnMeta, item: &mut Item, required: bool) -> Result<Option<Value>, InputError> {
    let name = column.api_name;
    match item.remove(name) {
        Some(value) => match Value::from_json(column.ty, &value) {
            Ok(value) => Ok(Some(value)),
            Err(detail) => Err(InputError::field(name, "invalid_value", detail)),
        },
        None if required => Err(InputError::field(name, "required", format!("\"{name}\" is required"))),
        None => Ok(None),
    }
}

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::I32(number) => Some((*number).into()),
        Value::I64(number) => Some(*number),
        _ => None,
    }
}

fn distinct<T>(model: &'static ModelMeta, rows: Vec<T>, key: impl Fn(&T) -> &Vec<Value>) -> Result<Vec<T>, Mistakes> {
    let errors = repeated(model, rows.iter().map(|row| key(row).as_slice()).enumerate());
    if errors.is_empty() { Ok(rows) } else { Err(capped(errors)) }
}
