//! Of many rows, those that the database refused: it names one column at best, so it is asked, once everything is rolled
//! back, what values are there already and what rows are not.

use std::collections::{HashMap, HashSet};

use super::children::Places;
use super::{Write, children, order, upsert};
use crate::crud::decode_error;
use crate::crud::validate::capped;
use crate::db::{Database, Meter, Session};
use crate::error::{Error, InputError, Location, Result};
use crate::model::{Access, Changes, Link, ModelMeta, OnDelete, RelationKind, Row, Value};
use crate::sql;

/// Values that one statement looks for.
const CHUNK: usize = 5_000;

/// The error of a write of many rows with the items that are to blame.
pub(super) async fn explain(model: &'static ModelMeta, write: &Write, error: Error, database: &Database) -> Error {
    let Error::Conflict(errors) = error else { return error };
    let many = write.len() > 1;
    let is_found = |error: &InputError| matches!(&error.at, Location::Pointer(at) if at.starts_with("/items/"));
    if many && errors.iter().all(is_found) || !many && !about_children(model, write, &errors) {
        return Error::Conflict(errors);
    }
    let found = match search(model, write, database).await {
        Ok(found) => found,
        Err(reason) => {
            tracing::debug!(%reason, "the items of a conflict cannot be found");
            Vec::new()
        }
    };
    match found.is_empty() {
        false => Error::Conflict(capped(found)),
        true if many => in_general(errors),
        true => Error::Conflict(errors),
    }
}

/// What is said of a column of a unique key that another row has, as of single rows.
pub(super) fn another_row_has(key: &[usize]) -> &'static str {
    if key.len() == 1 { "another row has this value" } else { "another row has these values together" }
}

/// Whether the mistakes are in children of which it is not said which.
fn about_children(model: &ModelMeta, write: &Write, errors: &[InputError]) -> bool {
    let names: Vec<String> =
        children::named(write).iter().map(|index| format!("/{}", model.relations[*index].api_name)).collect();
    errors.iter().any(|error| matches!(&error.at, Location::Pointer(at) if names.contains(at)))
}

/// The mistakes of rows, or where there are none those of their children.
async fn search(model: &'static ModelMeta, write: &Write, database: &Database) -> Result<Vec<InputError>> {
    let mut of_rows = Search { model, of_children: false, session: database.session(), found: Vec::new() };
    if write.len() > 1 {
        of_rows.run(write).await?;
    }
    let mut found = of_rows.found;
    if let (Write::Create(rows), true) = (write, found.is_empty()) {
        for index in children::named(write) {
            let (places, rows_of_relation) = Places::of(model, index, rows);
            let target = (model.relations[index].target)();
            let mut of_children =
                Search { model: target, of_children: true, session: database.session(), found: Vec::new() };
            of_children.run(&Write::Create(rows_of_relation)).await?;
            let first = (rows.len() > 1).then_some(0);
            found.extend(of_children.found.into_iter().map(|mistake| places.mistake(mistake, first)));
        }
    }
    Ok(found)
}

/// Without the places, which name no item.
fn in_general(errors: Vec<InputError>) -> Error {
    let general = errors.into_iter().map(|error| match error.at {
        Location::Pointer(pointer) if !pointer.starts_with("/items/") => {
            InputError::request(error.code, format!("{} in one of the items: {}", &pointer[1..], error.detail))
        }
        _ => error,
    });
    Error::Conflict(general.collect())
}

struct Search<'a> {
    model: &'static ModelMeta,
    /// Whether the rows are those of a relation, which are no items of the request.
    of_children: bool,
    session: Session<'a>,
    found: Vec<InputError>,
}

/// An item and the key of the row that it changes.
struct Item<'a> {
    changes: &'a Changes,
    key: Option<&'a [Value]>,
}

impl Search<'_> {
    async fn run(&mut self, write: &Write) -> Result<()> {
        let keys;
        let items: Vec<Item<'_>> = match write {
            Write::Create(rows) => rows.iter().map(|changes| Item { changes, key: None }).collect(),
            Write::Upsert { rows, key, .. } => {
                keys = self.keys_of(rows, key).await?;
                rows.iter().zip(&keys).map(|(changes, key)| Item { changes, key: key.as_deref() }).collect()
            }
            Write::Update { rows, .. } | Write::Restore { rows, .. } => {
                rows.iter().map(|row| Item { changes: &row.changes, key: Some(&row.key) }).collect()
            }
            Write::Delete { rows, .. } => {
                let keys: Vec<&[Value]> = rows.iter().map(|row| row.key.as_slice()).collect();
                return self.referred_to(&keys).await;
            }
            Write::Purge { keys } => {
                let keys: Vec<&[Value]> = keys.iter().map(Vec::as_slice).collect();
                return self.referred_to(&keys).await;
            }
        };
        self.unique(&items).await?;
        self.foreign_keys(&items).await?;
        self.links(&items).await
    }

    /// The primary keys of the rows that an upsert changes.
    async fn keys_of(&mut self, rows: &[Changes], key: &[usize]) -> Result<Vec<Option<Vec<Value>>>> {
        let named: Vec<Vec<Value>> = rows.iter().filter_map(|row| upsert::key_of(row, key)).collect();
        let mut there = HashMap::new();
        for chunk in named.chunks(CHUNK / key.len()) {
            let chunk: Vec<&[Value]> = chunk.iter().map(Vec::as_slice).collect();
            Meter::allow(1);
            let statement = sql::bulk::with_values(self.model, key, &chunk, self.session.dialect());
            let found = self.session.fetch(&statement).await?;
            for row in 0..found.len() {
                let (of_key, primary) = self.read(found.row(row), key)?;
                there.insert(order::text(&of_key), primary);
            }
        }
        Ok(rows.iter().map(|row| there.get(&order::text(&upsert::key_of(row, key)?)).cloned()).collect())
    }

    /// A row that [`sql::bulk::with_values`] has found: the values of the columns, and the primary key.
    fn read(&self, row: &dyn Row, columns: &[usize]) -> Result<(Vec<Value>, Vec<Value>)> {
        let read = |(place, index): (usize, &usize)| Value::decode(self.model.columns[*index].ty, row, place);
        let mut values = columns.iter().chain(self.model.key).enumerate().map(read);
        let of_columns: Result<Vec<Value>, _> = values.by_ref().take(columns.len()).collect();
        let of_columns = of_columns.map_err(decode_error(self.model))?;
        let primary: Result<Vec<Value>, _> = values.collect();
        Ok((of_columns, primary.map_err(decode_error(self.model))?))
    }

    /// Values that must be unique and are there twice, in the request or in the table.
    async fn unique(&mut self, items: &[Item<'_>]) -> Result<()> {
        let uniques = self.model.columns.iter().enumerate().filter(|(_, column)| column.unique);
        let several = self.model.unique.iter().map(|key| key.to_vec());
        let sets = std::iter::once(self.model.key.to_vec()).chain(uniques.map(|(index, _)| vec![index])).chain(several);
        for columns in sets {
            let mut first: HashMap<String, usize> = HashMap::new();
            let mut values: Vec<Vec<Value>> = Vec::new();
            for (place, item) in items.iter().enumerate() {
                let Some(set) = values_of(item.changes, &columns) else { continue };
                let earlier = *first.entry(order::text(&set)).or_insert(place);
                if earlier == place {
                    values.push(set);
                } else {
                    let what = if columns.len() == 1 { "this value too" } else { "these values together too" };
                    let which = if self.of_children { "an earlier row".to_owned() } else { format!("item {earlier}") };
                    self.blame(place, &columns, "unique", &format!("{which} has {what}"));
                }
            }
            // Rows that are to get another value themselves are to blame only where nothing else is.
            let (mut taken, mut moving) = (Vec::new(), Vec::new());
            let keys: HashMap<String, &Item<'_>> =
                items.iter().filter_map(|item| Some((order::text(item.key?), item))).collect();
            for chunk in values.chunks(CHUNK / columns.len()) {
                let chunk: Vec<&[Value]> = chunk.iter().map(Vec::as_slice).collect();
                Meter::allow(1);
                let statement = sql::bulk::with_values(self.model, &columns, &chunk, self.session.dialect());
                let rows = self.session.fetch(&statement).await?;
                for row in 0..rows.len() {
                    let (set, key) = self.read(rows.row(row), &columns)?;
                    let key = order::text(&key);
                    let Some(place) = first.get(&order::text(&set)).copied() else { continue };
                    match keys.get(&key) {
                        Some(own) if std::ptr::eq(*own, &items[place]) => {}
                        Some(other) if values_of(other.changes, &columns).is_some() => moving.push(place),
                        _ => taken.push(place),
                    }
                }
            }
            for place in if taken.is_empty() && self.found.is_empty() { moving } else { taken } {
                self.blame(place, &columns, "unique", another_row_has(&columns));
            }
        }
        Ok(())
    }

    /// Keys of rows that are not there.
    async fn foreign_keys(&mut self, items: &[Item<'_>]) -> Result<()> {
        for relation in self.model.relations.iter().filter(|relation| relation.kind == RelationKind::BelongsTo) {
            let Link::Local { local, foreign } = relation.link else { continue };
            let target = (relation.target)();
            if target.view {
                continue;
            }
            let referring =
                items.iter().enumerate().filter_map(|(place, item)| Some((place, values_of(item.changes, local)?)));
            let referring: Vec<(usize, Vec<Value>)> = referring.collect();
            let mut there = self.present(target, foreign, referring.iter().map(|(_, key)| key)).await?;
            if std::ptr::eq(target, self.model) {
                // A row may refer to one that the same request makes.
                there.extend(
                    items.iter().filter_map(|item| values_of(item.changes, foreign)).map(|key| order::text(&key)),
                );
            }
            for (place, key) in referring {
                if !there.contains(&order::text(&key)) {
                    self.blame(place, local, "foreign_key", "the row that it refers to does not exist");
                }
            }
        }
        Ok(())
    }

    /// Keys of sets of rows that are not there.
    async fn links(&mut self, items: &[Item<'_>]) -> Result<()> {
        for (index, relation) in self.model.relations.iter().enumerate() {
            let Some(name) = relation.keys_name else { continue };
            let sets = items.iter().enumerate().flat_map(|(place, item)| {
                let links = item.changes.links.iter().filter(move |(relation, _)| *relation == index);
                links.map(move |(_, keys)| (place, keys))
            });
            let sets: Vec<(usize, &Vec<Vec<Value>>)> = sets.collect();
            let target = (relation.target)();
            let keys = sets.iter().flat_map(|(_, keys)| keys.iter());
            let there = self.present(target, relation.link.foreign(), keys).await?;
            for (place, keys) in sets {
                if keys.iter().any(|key| !there.contains(&order::text(key))) {
                    let detail = format!("one of the keys is of no {}", target.name);
                    self.found.push(InputError::field(name, "foreign_key", detail).of_item(place));
                }
            }
        }
        Ok(())
    }

    /// Rows that others refer to which do not go with them; looked for where the model has a relation to the others.
    async fn referred_to(&mut self, keys: &[&[Value]]) -> Result<()> {
        let mut blamed = HashSet::new();
        for relation in self.model.relations {
            let (other, column) = match relation.link {
                Link::Foreign { local, foreign } if self.model.key == local => ((relation.target)(), foreign),
                Link::Through { model, local, through_local, .. } if self.model.key == local => {
                    (model(), through_local)
                }
                _ => continue,
            };
            if !restricts(other, column) {
                continue;
            }
            let asked: Vec<Vec<Value>> = keys.iter().map(|key| key.to_vec()).collect();
            let there = self.present(other, column, asked.iter()).await?;
            for (place, key) in keys.iter().enumerate() {
                if there.contains(&order::text(key)) && blamed.insert(place) {
                    let detail = format!("a {} still refers to this {}", other.name, self.model.name);
                    self.blame(place, self.model.key, "foreign_key", &format!("{detail}; delete or change it first"));
                }
            }
        }
        Ok(())
    }

    /// Which of the lists of values the columns have.
    async fn present<'v>(
        &mut self,
        model: &'static ModelMeta,
        columns: &[usize],
        values: impl Iterator<Item = &'v Vec<Value>>,
    ) -> Result<HashSet<String>> {
        let mut asked = HashSet::new();
        let values: Vec<&[Value]> =
            values.filter(|value| asked.insert(order::text(value))).map(Vec::as_slice).collect();
        let mut there = HashSet::new();
        for chunk in values.chunks(CHUNK / columns.len()) {
            Meter::allow(1);
            let rows = self.session.fetch(&sql::bulk::present(model, columns, chunk, self.session.dialect())).await?;
            for row in 0..rows.len() {
                let decode = |(place, index): (usize, &usize)| {
                    Value::decode(model.columns[*index].ty, rows.row(row), place).map_err(decode_error(model))
                };
                let values: Vec<Value> = columns.iter().enumerate().map(decode).collect::<Result<_>>()?;
                there.insert(order::text(&values));
            }
        }
        Ok(there)
    }

    fn blame(&mut self, item: usize, columns: &[usize], code: &'static str, detail: &str) {
        for index in columns {
            let column = &self.model.columns[*index];
            let error = match column.access {
                Access::Hidden => InputError::request(code, detail),
                _ => InputError::field(column.api_name, code, detail),
            };
            self.found.push(error.of_item(item));
        }
    }
}

/// The values of columns, if all of them are set and none is NULL, which is unlike any other, or made by the database.
fn values_of(changes: &Changes, columns: &[usize]) -> Option<Vec<Value>> {
    let is_known = |value: &&Value| !matches!(value, Value::Null | Value::DatabaseDefault);
    let value = |index: &usize| changes.column(*index).filter(is_known).cloned();
    columns.iter().map(value).collect()
}

/// Whether a row is kept from being deleted by those whose `columns` have its key.
fn restricts(model: &'static ModelMeta, columns: &[usize]) -> bool {
    let holds = |link: &Link| matches!(link, Link::Local { local, .. } if *local == columns);
    let mut references = model.relations.iter().filter(|relation| holds(&relation.link));
    references.all(|relation| relation.on_delete == OnDelete::Restrict)
}
