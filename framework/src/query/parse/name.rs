//! What a parameter's name means.

use super::include_options::PREFIX;
use super::{Filterable, ON_CONFLICT, countable, filters, includable, shown};
use crate::error::InputError;
use crate::model::nearest::sentence;
use crate::model::{ModelMeta, Operator, ResourceMeta};

/// What a parameter of a list says.
#[derive(Debug, Clone)]
pub(super) enum Name {
    Filter(Filterable, Operator),
    Search,
    Sort,
    Include,
    Fields,
    IncludeCount,
    IncludeOption,
    Page,
    PerPage,
    Cursor,
    Count,
    Deleted,
}

impl Name {
    /// `suggest` says whether the nearest name is looked for.
    pub(super) fn parse(name: &str, resource: &'static ResourceMeta, suggest: bool) -> Result<Self, InputError> {
        let model = (resource.model)();
        match name {
            "sort" => return Ok(Self::Sort),
            "page" => return Ok(Self::Page),
            "per_page" => return Ok(Self::PerPage),
            "cursor" => return Ok(Self::Cursor),
            "count" => return Ok(Self::Count),
            "deleted" if resource.deleted => return Ok(Self::Deleted),
            "q" if has_search(model) => return Ok(Self::Search),
            "include" if includable(model).next().is_some() => return Ok(Self::Include),
            "fields" if resource.fields => return Ok(Self::Fields),
            "include_count" if countable(model).next().is_some() => return Ok(Self::IncludeCount),
            _ if name.starts_with(PREFIX) && includable(model).next().is_some() => return Ok(Self::IncludeOption),
            _ => {}
        }
        match find_filter(name, filters(resource)) {
            Ok((target, operator)) => Ok(Self::Filter(target, operator)),
            Err(NoFilter::Column) => {
                Err(unknown("parameter", "unknown_parameter", name, suggest, &parameters(resource)))
            }
            Err(NoFilter::Operator(target)) => {
                Err(unknown("filter", "unknown_operator", name, suggest, &target.parameters()))
            }
        }
    }
}

/// Why a name is that of no filter.
#[derive(Debug)]
pub enum NoFilter {
    /// No filter may name the column.
    Column,
    /// A filter may name the column, but not with the operator.
    Operator(Filterable),
}

/// The filter of that name among those by columns that a filter may name, as in `authors.status__in`.
///
/// # Errors
///
/// Why it is none of them.
pub fn find_filter(
    name: &str,
    mut among: impl Iterator<Item = Filterable>,
) -> Result<(Filterable, Operator), NoFilter> {
    let field = name.rsplit_once("__").map_or(name, |(field, _)| field);
    let target = among.find(|target| target.name == field).ok_or(NoFilter::Column)?;
    match target.column.filter.iter().find(|operator| operator.parameter(field) == name) {
        Some(operator) => Ok((target, *operator)),
        None => Err(NoFilter::Operator(target)),
    }
}

/// The names of all parameters that a list of the resource takes.
#[must_use]
pub fn parameters(resource: &'static ResourceMeta) -> Vec<String> {
    let filters = filters(resource).flat_map(|target| target.parameters());
    fixed(resource).into_iter().map(str::to_owned).chain(filters).collect()
}

/// The names of those that are no filters, which are members of a search's body too.
#[must_use]
pub fn fixed(resource: &'static ResourceMeta) -> Vec<&'static str> {
    let model = (resource.model)();
    let search = has_search(model).then_some("q");
    let fields = resource.fields.then_some("fields");
    let always = ["count", "cursor", "page", "per_page", "sort"];
    let deleted = resource.deleted.then_some("deleted");
    always.into_iter().chain(search).chain(of_relations(model)).chain(fields).chain(deleted).collect()
}

/// The mistake of a parameter that a single row does not take.
pub(super) fn unknown_of_one(name: &str, resource: &'static ResourceMeta) -> InputError {
    let fields = resource.fields.then_some("fields");
    let deleted = resource.deleted.then_some("deleted");
    let names = of_relations((resource.model)()).chain(fields).chain(deleted);
    let accepted: Vec<String> = names.map(str::to_owned).collect();
    unknown("parameter", "unknown_parameter", name, true, &accepted)
}

/// The mistake of a parameter that a create does not take.
pub(super) fn unknown_of_create(name: &str, resource: &ResourceMeta) -> InputError {
    let accepted: Vec<String> = resource.upsert.first().map(|_| ON_CONFLICT.to_owned()).into_iter().collect();
    unknown("parameter", "unknown_parameter", name, true, &accepted)
}

/// The mistake of a parameter of an operation that takes none.
pub(super) fn unknown_of_none(name: &str) -> InputError {
    unknown("parameter", "unknown_parameter", name, false, &[])
}

/// The parameters that name relations, where there are any.
fn of_relations(model: &'static ModelMeta) -> impl Iterator<Item = &'static str> {
    let include = includable(model).next().map(|_| "include");
    let include_count = countable(model).next().map(|_| "include_count");
    include.into_iter().chain(include_count)
}

fn has_search(model: &'static ModelMeta) -> bool {
    model.search_columns().next().is_some()
}

pub(super) fn unknown(what: &str, code: &'static str, name: &str, suggest: bool, accepted: &[String]) -> InputError {
    let wrong = format!("unknown {what} {:?}", shown(name));
    let detail = match suggest || accepted.is_empty() {
        true => sentence(&wrong, Some(name), "accepted", accepted.iter().map(String::as_str)),
        // The mistakes before it have said what is accepted; repeated, the answer would be many times the question.
        false => wrong,
    };
    InputError::parameter(shown(name), code, detail)
}
