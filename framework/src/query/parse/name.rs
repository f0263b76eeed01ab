//! What a parameter's name means.

use super::{ON_CONFLICT, filterable, includable, shown};
use crate::error::InputError;
use crate::model::nearest::nearest;
use crate::model::{ColumnMeta, ModelMeta, Operator, ResourceMeta};

/// What a parameter of a list says.
#[derive(Debug, Clone, Copy)]
pub(super) enum Name {
    Filter(&'static ColumnMeta, Operator),
    Search,
    Sort,
    Include,
    Page,
    PerPage,
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
            "count" => return Ok(Self::Count),
            "deleted" if resource.deleted => return Ok(Self::Deleted),
            "q" if has_search(model) => return Ok(Self::Search),
            "include" if includable(model).next().is_some() => return Ok(Self::Include),
            _ => {}
        }
        let field = name.rsplit_once("__").map_or(name, |(field, _)| field);
        let Some(column) = filterable(model).find(|column| column.api_name == field) else {
            return Err(unknown("parameter", "unknown_parameter", name, suggest, &parameters(resource)));
        };
        let operator = column.filter.iter().find(|operator| operator.parameter(field) == name);
        operator
            .map(|operator| Self::Filter(column, *operator))
            .ok_or_else(|| unknown("filter", "unknown_operator", name, suggest, &filters(column)))
    }
}

/// The names of all parameters that a list of the resource takes.
#[must_use]
pub fn parameters(resource: &'static ResourceMeta) -> Vec<String> {
    let model = (resource.model)();
    let deleted = resource.deleted.then_some("deleted");
    let search = has_search(model).then_some("q");
    let include = includable(model).next().map(|_| "include");
    let fixed = ["count", "page", "per_page", "sort"].into_iter().chain(search).chain(include).chain(deleted);
    fixed.map(str::to_owned).chain(filterable(model).flat_map(filters)).collect()
}

/// The mistake of a parameter that a single row does not take.
pub(super) fn unknown_of_one(name: &str, resource: &'static ResourceMeta) -> InputError {
    let include = includable((resource.model)()).next().map(|_| "include");
    let deleted = resource.deleted.then_some("deleted");
    let accepted: Vec<String> = include.into_iter().chain(deleted).map(str::to_owned).collect();
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

fn has_search(model: &'static ModelMeta) -> bool {
    model.columns.iter().any(|column| column.search)
}

fn filters(column: &ColumnMeta) -> Vec<String> {
    column.filter.iter().map(|operator| operator.parameter(column.api_name)).collect()
}

fn unknown(what: &str, code: &'static str, name: &str, suggest: bool, accepted: &[String]) -> InputError {
    let mut detail = format!("unknown {what} {:?}", shown(name));
    if !suggest && !accepted.is_empty() {
        // The mistakes before it have said what is accepted; repeated, the answer would be many times the question.
        return InputError::parameter(shown(name), code, detail);
    }
    let likely = suggest.then(|| nearest(name, accepted.iter().map(String::as_str))).flatten();
    if let Some(likely) = likely {
        detail.push_str(&format!("; did you mean {likely:?}?"));
    }
    detail.push_str(if likely.is_some() { " accepted: " } else { "; accepted: " });
    detail.push_str(&if accepted.is_empty() { "none".to_owned() } else { accepted.join(", ") });
    InputError::parameter(shown(name), code, detail)
}
