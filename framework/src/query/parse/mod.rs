//! From a query string to a [`ListQuery`].
//!
//! Whatever a client writes ends as a query in which nothing is unknown, or as the list of all its mistakes, each with what
//! would be accepted. The codes of mistakes are listed in `docs/reference/query-language.md`.

mod deleted;
mod fields;
mod filter;
mod given;
mod include;
mod include_count;
mod include_options;
mod name;
mod on_conflict;
mod page;
mod parameters;
mod related;
mod relation_filter;
mod search;
mod sort;
mod tree;

pub use fields::{MAX_FIELDS, nameable};
pub use filter::{MAX_NEEDLE, MAX_SEARCH, MAX_VALUES, filterable};
pub use include::{MAX_PATHS, includable};
pub use include_count::{MAX_RELATIONS, countable};
pub use include_options::include_options;
pub use name::{NoFilter, find_filter, fixed, parameters};
pub use on_conflict::{ON_CONFLICT, conflict_keys, create};
pub(crate) use parameters::shown;
pub use relation_filter::{Filterable, broken_paths, filters};
pub use search::{in_body, search};
pub use sort::{MAX_SORTS, sortable};
pub use tree::{AND, MAX_TERMS, NOT, OR};

use std::collections::HashMap;
use std::sync::Arc;

use super::filter::Filter;
use super::list::{CountMode, Deleted, ListQuery};
use super::row::RowQuery;
use crate::error::InputError;
use crate::model::{ModelMeta, ResourceMeta};
use given::{names, number, once};
use name::Name;
use page::PageParameters;
use parameters::{Parameter, decode};
use related::RelatedParameters;
use relation_filter::Conditions;

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
    let mut errors = Mistakes::new();
    let parameters = decode(query, &options.ignored, &mut errors);
    read(options, &parameters, errors)
}

/// Reads the parameters of a list; `errors` were found before.
fn read(options: &ListOptions, parameters: &[Parameter], mut errors: Mistakes) -> Result<ListQuery, Vec<InputError>> {
    let resource = options.resource;
    let model = (resource.model)();
    let mut list = ListQuery { count_cache: resource.count_cache, ..ListQuery::new(model) };
    let mut page = PageParameters::default();
    let mut count = None;
    let mut filters = Conditions::default();
    let mut related = RelatedParameters::default();

    for parameter in parameters {
        let read = match Name::parse(&parameter.name, resource, errors.len() < MAX_SUGGESTIONS) {
            Ok(Name::Filter(target, operator)) => {
                filter::parse(parameter, target.column, operator).map(|it| filters.add(&target.relations, it))
            }
            Ok(Name::Search) => once(parameter, |text| filter::search(model, text))
                .map(|it| it.into_iter().for_each(|it| filters.add(&[], it))),
            Ok(Name::Sort) => {
                names(parameter, |names| sort::parse(model, names)).map(|it| list.sort = it.unwrap_or_default())
            }
            Ok(name @ (Name::Include | Name::IncludeCount | Name::IncludeOption)) => {
                related.read(options, &name, parameter)
            }
            Ok(Name::Fields) => names(parameter, |names| fields::parse(model, names)).map(|it| list.fields = it),
            Ok(Name::Page) => number(parameter, |text| page.read_page(text)),
            Ok(Name::PerPage) => number(parameter, |text| page.read_per_page(resource, text)),
            Ok(Name::Cursor) => once(parameter, |text| page.read_cursor(text)),
            Ok(Name::Count) => once(parameter, page::count).map(|it| count = Some(it)),
            Ok(Name::Deleted) => once(parameter, deleted::parse).map(|it| list.deleted = it),
            Err(error) => Err(vec![error]),
        };
        errors.extend(read.err().into_iter().flatten());
    }
    let with = related.finish(options, &mut errors);
    (list.include, list.include_count) = (with.include, with.include_count);
    match page.finish(resource) {
        Ok((page, walk)) => (list.page, list.walk) = (page, walk),
        Err(error) => errors.push(error),
    }
    list.count = count.unwrap_or_else(|| CountMode::default_of(list.walk.as_ref()));
    list.filter = filters.into_filter(options);
    if errors.is_empty() { Ok(list) } else { Err(errors) }
}

/// Reads the query string of a single row, which takes only what is loaded with it, `fields` and `deleted`.
///
/// # Errors
///
/// As [`list`].
pub fn one(options: &ListOptions, query: &str) -> Result<RowQuery, Vec<InputError>> {
    let resource = options.resource;
    let model = (resource.model)();
    let mut errors = Mistakes::new();
    let mut related = RelatedParameters::default();
    let (mut shown, mut deleted) = (None, Deleted::Exclude);
    let parameters = decode(query, &options.ignored, &mut errors);
    for parameter in &parameters {
        let read = match Name::parse(&parameter.name, resource, false) {
            Ok(name @ (Name::Include | Name::IncludeCount | Name::IncludeOption)) => {
                related.read(options, &name, parameter)
            }
            Ok(Name::Fields) => names(parameter, |names| fields::parse(model, names)).map(|it| shown = it),
            Ok(Name::Deleted) => once(parameter, deleted::parse).map(|it| deleted = it),
            _ => Err(vec![name::unknown_of_one(&parameter.name, resource)]),
        };
        errors.extend(read.err().into_iter().flatten());
    }
    let row = RowQuery { fields: shown, deleted, ..related.finish(options, &mut errors) };
    if errors.is_empty() { Ok(row) } else { Err(errors) }
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

#[cfg(test)]
mod tests;
