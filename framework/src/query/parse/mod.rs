//! From a query string to a [`ListQuery`].
//!
//! Whatever a client writes ends as a query in which nothing is unknown, or as the list of all its mistakes, each with what
//! would be accepted. The codes of mistakes are listed in `docs/reference/query-language.md`.

mod deleted;
mod filter;
mod include;
mod name;
mod on_conflict;
mod page;
mod parameters;
mod sort;

pub use filter::{MAX_NEEDLE, MAX_SEARCH, MAX_VALUES, filterable};
pub use include::{MAX_PATHS, includable};
pub use name::parameters;
pub use on_conflict::{ON_CONFLICT, conflict_keys, create};
pub(crate) use parameters::shown;
pub use sort::sortable;

use std::collections::HashMap;
use std::sync::Arc;

use super::filter::Filter;
use super::list::{Deleted, Include, ListQuery};
use crate::error::InputError;
use crate::model::{ModelMeta, ResourceMeta};
use name::Name;
use page::PageParameters;
use parameters::{Parameter, decode};

/// Conditions of a query at most.
const MAX_FILTERS: usize = 100;
/// Mistakes that say what would be accepted and which name is nearest; a query with more was not mistyped.
const MAX_SUGGESTIONS: usize = 20;

/// What is wrong with one parameter.
type Mistakes = Vec<InputError>;

/// What a resource's list takes beyond its constant table; made when the app is composed.
#[derive(Debug, Clone)]
pub struct ListOptions {
    /// The resource.
    pub resource: &'static ResourceMeta,
    /// Names of parameters that are ignored; a trailing `*` stands for any end, as in `utm_*`.
    pub ignored: Vec<String>,
    /// Of the app's models, by name, those of which not every row is shown, and which rows are: an include shows no others.
    pub shown: Arc<HashMap<&'static str, Filter>>,
}

impl ListOptions {
    fn shown_of(&self, model: &ModelMeta) -> Filter {
        self.shown.get(model.name).cloned().unwrap_or_else(Filter::everything)
    }
}

/// Reads the query string of a list.
///
/// # Errors
///
/// Every parameter that is unknown, repeated or invalid, each with what would be accepted.
pub fn list(options: &ListOptions, query: &str) -> Result<ListQuery, Vec<InputError>> {
    let resource = options.resource;
    let model = (resource.model)();
    let mut errors = Mistakes::new();
    let mut list = ListQuery::new(model);
    let mut page = PageParameters::default();
    let mut filters = Vec::new();

    for parameter in decode(query, &options.ignored, &mut errors) {
        let read = match Name::parse(&parameter.name, resource, errors.len() < MAX_SUGGESTIONS) {
            Ok(Name::Filter(column, operator)) => {
                filter::parse(&parameter, column, operator).map(|it| filters.push(it))
            }
            Ok(Name::Search) => once(&parameter, |text| filter::search(model, text)).map(|it| filters.extend(it)),
            Ok(Name::Sort) => once(&parameter, |text| sort::parse(model, text)).map(|it| list.sort = it),
            Ok(Name::Include) => once(&parameter, |text| include::parse(options, text)).map(|it| list.include = it),
            Ok(Name::Page) => once(&parameter, |text| page.read_page(text)),
            Ok(Name::PerPage) => once(&parameter, |text| page.read_per_page(resource, text)),
            Ok(Name::Count) => once(&parameter, page::count).map(|it| list.count = it),
            Ok(Name::Deleted) => once(&parameter, deleted::parse).map(|it| list.deleted = it),
            Err(error) => Err(vec![error]),
        };
        errors.extend(read.err().into_iter().flatten());
    }
    if filters.len() > MAX_FILTERS {
        let detail = format!("{} conditions; a query takes {MAX_FILTERS} at most", filters.len());
        errors.push(InputError::request("too_many", detail));
    }
    match page.finish(resource) {
        Ok(page) => list.page = page,
        Err(error) => errors.push(error),
    }
    list.filter = filters.into_iter().fold(Filter::everything(), Filter::and);
    if errors.is_empty() { Ok(list) } else { Err(errors) }
}

/// Reads the query string of a single row, which takes `include` and `deleted` only.
///
/// # Errors
///
/// As [`list`].
pub fn one(options: &ListOptions, query: &str) -> Result<(Vec<Include>, Deleted), Vec<InputError>> {
    let model = (options.resource.model)();
    let mut errors = Mistakes::new();
    let (mut includes, mut shown) = (Vec::new(), Deleted::Exclude);
    for parameter in decode(query, &options.ignored, &mut errors) {
        let read = if parameter.name == "include" && includable(model).next().is_some() {
            once(&parameter, |text| include::parse(options, text)).map(|it| includes = it)
        } else if parameter.name == "deleted" && options.resource.deleted {
            once(&parameter, deleted::parse).map(|it| shown = it)
        } else {
            Err(vec![name::unknown_of_one(&parameter.name, options.resource)])
        };
        errors.extend(read.err().into_iter().flatten());
    }
    if errors.is_empty() { Ok((includes, shown)) } else { Err(errors) }
}

/// Reads the query string of an operation that takes no parameters.
///
/// # Errors
///
/// As [`list`].
pub fn none(options: &ListOptions, query: &str) -> Result<(), Vec<InputError>> {
    let mut errors = Mistakes::new();
    for parameter in decode(query, &options.ignored, &mut errors) {
        errors.push(name::unknown_of_none(&parameter.name));
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Reads a parameter that takes one value.
fn once<T>(parameter: &Parameter, read: impl FnOnce(&str) -> Result<T, Mistakes>) -> Result<T, Mistakes> {
    match parameter.values.as_slice() {
        [value] => read(value),
        values => {
            let detail = format!("given {} times; it takes one value", values.len());
            Err(vec![InputError::parameter(shown(&parameter.name), "duplicate_parameter", detail)])
        }
    }
}

#[cfg(test)]
mod tests;
