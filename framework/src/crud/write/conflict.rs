//! What the database refused, in the names of the API.

use super::Write;
use crate::db::{Meter, Session};
use crate::error::{Error, InputError, Location};
use crate::model::{Link, ModelMeta, Operator, Value};
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
    let changes = match (&error, write) {
        (Error::Conflict(errors), Write::Create(rows) | Write::Upsert { rows, .. })
            if is_nameless(errors) && rows.len() == 1 =>
        {
            &rows[0]
        }
        (Error::Conflict(errors), Write::Update { rows, .. }) if is_nameless(errors) && rows.len() == 1 => {
            &rows[0].changes
        }
        _ => return error,
    };
    if session.dialect() != Dialect::Sqlite {
        return error;
    }
    let mut missing = Vec::new();
    for relation in model.relations {
        let Link::Local { local, foreign } = relation.link else { continue };
        let Some(value) = changes.column(local).filter(|value| **value != Value::Null) else { continue };
        let target = (relation.target)();
        let filter = Filter::compare(&target.columns[foreign], Operator::Eq, vec![value.clone()]);
        // A deleted row can be referred to still.
        let query = ListQuery { filter, deleted: Deleted::Include, ..ListQuery::new(target) };
        Meter::allow(1);
        match session.fetch(&sql::select::page(&query, Dialect::Sqlite)).await {
            Ok(rows) if rows.len() > 0 => {}
            Ok(_) => missing.push(InputError::field(
                model.columns[local].name,
                "foreign_key",
                "the row that it refers to does not exist",
            )),
            Err(_) => return error,
        }
    }
    if missing.is_empty() { error } else { Error::Conflict(missing) }
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
