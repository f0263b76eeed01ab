//! What the database refused, in the names of the API.

use super::{Write, found};
use crate::db::{Meter, Session};
use crate::error::{Error, InputError, Location, Result};
use crate::model::{Changes, Link, ModelMeta, Operator, Value};
use crate::query::{Deleted, Filter, ListQuery};
use crate::sql::{self, Dialect};

/// The error of a write with the fields that it is about.
pub(super) async fn explain(
    model: &'static ModelMeta,
    write: &Write,
    error: Error,
    session: &mut Session<'_>,
) -> Error {
    name_fields(model, name_references(model, write, error, session).await)
}

/// SQLite does not say which foreign key is violated: the rows that a single row refers to are looked for.
async fn name_references(model: &'static ModelMeta, write: &Write, error: Error, session: &mut Session<'_>) -> Error {
    let is_nameless =
        |errors: &[InputError]| matches!(errors, [InputError { at: Location::Request, code: "foreign_key", .. }]);
    let (changes, key) = match (&error, write) {
        (Error::Conflict(errors), Write::Create(rows) | Write::Upsert { rows, .. })
            if is_nameless(errors) && rows.len() == 1 =>
        {
            (&rows[0], None)
        }
        (Error::Conflict(errors), Write::Update { rows, .. }) if is_nameless(errors) && rows.len() == 1 => {
            (&rows[0].changes, Some(&rows[0].key))
        }
        _ => return error,
    };
    if session.dialect() != Dialect::Sqlite {
        return error;
    }
    match missing_references(model, changes, key, session).await {
        Ok(missing) if !missing.is_empty() => Error::Conflict(missing),
        Ok(_) | Err(_) => error,
    }
}

/// The columns of foreign keys that refer to no row. Of a key of which only a part is set, the rest is that of the row.
async fn missing_references(
    model: &'static ModelMeta,
    changes: &Changes,
    key: Option<&Vec<Value>>,
    session: &mut Session<'_>,
) -> Result<Vec<InputError>> {
    let mut missing: Vec<InputError> = Vec::new();
    for relation in model.relations {
        let Link::Local { local, foreign } = relation.link else { continue };
        let set: Vec<Option<&Value>> = local.iter().map(|index| changes.column(*index)).collect();
        if set.iter().all(Option::is_none) {
            continue;
        }
        let mut values = vec![Value::Null; local.len()];
        if set.contains(&None)
            && let Some(key) = key
        {
            Meter::allow(1);
            let statement =
                sql::select::by_key(model, key, &Filter::everything(), Deleted::Include, false, Dialect::Sqlite);
            let row = found(model, session.fetch(&statement).await?)?;
            values = crate::crud::values(model, row.row(0), local)?;
        }
        for (value, set) in values.iter_mut().zip(set) {
            set.cloned().into_iter().for_each(|set| *value = set);
        }
        if values.contains(&Value::Null) {
            continue;
        }
        let target = (relation.target)();
        let equal = foreign
            .iter()
            .zip(values)
            .map(|(index, value)| Filter::compare(&target.columns[*index], Operator::Eq, vec![value]));
        let filter = equal.fold(Filter::everything(), Filter::and);
        // A deleted row can be referred to still.
        let query = ListQuery { filter, deleted: Deleted::Include, ..ListQuery::new(target) };
        Meter::allow(1);
        if session.fetch(&sql::select::page(&query, Dialect::Sqlite)).await?.len() > 0 {
            continue;
        }
        for index in local {
            let detail = "the row that it refers to does not exist";
            let error = InputError::field(model.columns[*index].name, "foreign_key", detail);
            if !missing.iter().any(|known| known.at == error.at) {
                missing.push(error);
            }
        }
    }
    Ok(missing)
}

/// Gives the database's column names in an error the names that the API has for them; hidden columns stay unnamed.
fn name_fields(model: &ModelMeta, error: Error) -> Error {
    let named = |errors: Vec<InputError>| errors.into_iter().map(|error| name_field(model, error)).collect();
    match error {
        Error::Conflict(errors) => Error::Conflict(named(errors)),
        Error::Invalid(errors) => Error::Invalid(named(errors)),
        error => error,
    }
}

fn name_field(model: &ModelMeta, error: InputError) -> InputError {
    let Location::Pointer(pointer) = &error.at else { return error };
    let Some(column) = model.columns.iter().find(|column| *pointer == format!("/{}", column.name)) else {
        return error;
    };
    column.mistake(error.code, error.detail)
}
