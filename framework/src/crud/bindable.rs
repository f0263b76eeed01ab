//! Filters of includes that no statement of SQLite takes. They are refused before anything is executed.

use crate::error::{Error, InputError, Result};
use crate::query::{Filter, Include, IncludeCount};
use crate::sql::Dialect;

/// Values that the filters of one include may compare with: SQLite binds 32,766 in a statement, some of them the framework's.
const MAX_VALUES: usize = 32_000;

/// Refuses includes and counts whose filters have more values than SQLite binds. PostgreSQL binds a list as one.
///
/// # Errors
///
/// [`Error::Parameters`], with every such relation.
pub(super) fn check(include: &[Include], counts: &[IncludeCount], dialect: Dialect) -> Result<()> {
    if dialect == Dialect::Postgres {
        return Ok(());
    }
    let mut errors = Vec::new();
    of_includes(include, "", &mut errors);
    errors.extend(counts.iter().filter_map(|count| refused("include_count", count.relation.api_name, &count.filter)));
    if errors.is_empty() { Ok(()) } else { Err(Error::Parameters(errors)) }
}

fn of_includes(include: &[Include], path: &str, errors: &mut Vec<InputError>) {
    for include in include {
        let path = format!("{path}{}", include.relation.api_name);
        errors.extend(refused("include", &path, &include.filter));
        of_includes(&include.children, &format!("{path}."), errors);
    }
}

fn refused(parameter: &'static str, path: &str, filter: &Filter) -> Option<InputError> {
    let values = bound(filter);
    let detail =
        || format!("the filters of \"{path}\" compare with {values} values; {MAX_VALUES} are accepted at most");
    (values > MAX_VALUES).then(|| InputError::parameter(parameter, "too_many", detail()))
}

/// The values that a filter binds; a list is filled up to a power of two.
fn bound(filter: &Filter) -> usize {
    match filter {
        Filter::All(filters) | Filter::Any(filters) => filters.iter().map(bound).sum(),
        Filter::Not(inner) | Filter::Related(_, inner) => bound(inner),
        Filter::Compare(comparison) => comparison.values.len().next_power_of_two(),
        Filter::LinkedTo(_, values) => values.len(),
        Filter::Search(columns, _) => columns.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{AUTHORS, BOOKS};
    use crate::model::{Operator, Value};

    /// An include of the first relation of a book with so many lists of 500 values.
    fn include(lists: usize) -> Include {
        let list = || Filter::compare(&AUTHORS.columns[0], Operator::In, (0..500).map(Value::I64).collect());
        Include { filter: Filter::All((0..lists).map(|_| list()).collect()), ..Include::new(&BOOKS, 0, 100) }
    }

    #[test]
    fn includes_that_sqlite_cannot_bind_are_named() {
        assert!(check(&[include(62)], &[], Dialect::Sqlite).is_ok());
        assert!(check(&[include(63)], &[], Dialect::Postgres).is_ok());
        let outer = Include { children: vec![include(63)], ..include(63) };
        let Err(Error::Parameters(errors)) = check(&[outer], &[], Dialect::Sqlite) else { unreachable!("refused") };
        let name = BOOKS.relations[0].api_name;
        let details: Vec<&str> = errors.iter().map(|error| error.detail.as_str()).collect();
        let of =
            |path: &str| format!("the filters of \"{path}\" compare with 32256 values; 32000 are accepted at most");
        assert_eq!(details, [of(name), of(&format!("{name}.{name}"))]);
    }
}
