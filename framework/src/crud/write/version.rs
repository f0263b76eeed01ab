//! Changes that are meant for one version of a row: the statement that writes compares, and only where it finds no row is
//! asked why.

use crate::crud::decode_error;
use crate::db::{Meter, Session};
use crate::error::{Error, InputError};
use crate::model::{ModelMeta, Value};
use crate::query::{Deleted, Filter};
use crate::sql;

/// Whether rows can share statements: there are many, and each must have one version at most.
pub(super) fn can_share<'a>(model: &ModelMeta, expected: impl ExactSizeIterator<Item = &'a Option<Vec<i64>>>) -> bool {
    let has_version = model.version().is_some();
    let mut expected = expected;
    expected.len() != 1 && expected.all(|versions| versions.as_ref().is_none_or(|of| has_version && of.len() == 1))
}

/// The filter, and that the row has one of the expected versions where there are any.
pub(super) fn narrowed(model: &'static ModelMeta, filter: &Filter, expected: Option<&[i64]>) -> Filter {
    match expected {
        Some(versions) => filter.clone().and(sql::version::is_one_of(model, versions)),
        None => filter.clone(),
    }
}

/// Why no row was found to be written: there is none, or it has another version.
pub(super) async fn absent(
    model: &'static ModelMeta,
    key: &[Value],
    expected: Option<&[i64]>,
    filter: &Filter,
    deleted: Deleted,
    session: &mut Session<'_>,
) -> Error {
    let Some(expected) = expected else { return Error::NotFound(model.name) };
    Meter::allow(1);
    let statement = sql::select::by_key(model, key, filter, deleted, false, session.dialect());
    match session.fetch(&statement).await {
        Ok(rows) if rows.len() == 0 => Error::NotFound(model.name),
        Ok(rows) => match model.version_of(rows.row(0)) {
            Ok(version) => Error::Stale(vec![InputError::request("stale", mismatch(model, version, expected))]),
            Err(error) => decode_error(model)(error),
        },
        Err(error) => error,
    }
}

/// What is wrong with the expected versions of a row that has another.
pub(super) fn mismatch(model: &ModelMeta, version: Option<i64>, expected: &[i64]) -> String {
    let Some(version) = version else {
        return format!("a {} has no version, so none can be expected; only `*` matches", model.name);
    };
    let expected: Vec<String> = expected.iter().map(i64::to_string).collect();
    match expected.as_slice() {
        [] => format!("the row has version {version}; none was named that it could match"),
        expected => format!("the row has version {version} now, not {}", expected.join(" or ")),
    }
}
