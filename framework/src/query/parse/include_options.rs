//! `include.reviews.limit=3`, `include.reviews.sort=-created_at`, `include.reviews.rating__gte=4`: what is said about the
//! rows of a relation that is included.

use super::filter::{filterable, invalid};
use super::include::{includable, unknown};
use super::page::whole;
use super::parameters::{Parameter, shown};
use super::sort::{self, sortable};
use super::{Filterable, ListOptions, MAX_SUGGESTIONS, Mistakes, NoFilter, fields, filter, find_filter, names, number};
use crate::error::InputError;
use crate::model::nearest::sentence;
use crate::model::{ModelMeta, RelationMeta, ResourceMeta};
use crate::query::{Filter, Include};

/// What stands before the path of an option.
pub(super) const PREFIX: &str = "include.";

/// The names of all options of a relation, without the path before them.
#[must_use]
pub fn include_options(resource: &ResourceMeta, relation: &RelationMeta) -> Vec<String> {
    let target = (relation.target)();
    let to_many = relation.kind.to_many();
    let limit = to_many.then_some("limit");
    let sort = (to_many && sortable(target).next().is_some()).then_some("sort");
    let fields = resource.fields.then_some("fields");
    let fixed = limit.into_iter().chain(sort).chain(fields).map(str::to_owned);
    fixed.chain(filterable(target).flat_map(|column| Filterable::own(column).parameters())).collect()
}

/// Puts each option into the include of its path; `None` for includes that could not be read themselves, which say nothing
/// about their options.
pub(super) fn apply(
    options: &ListOptions,
    mut includes: Option<&mut [Include]>,
    parameters: &[Parameter],
    mistakes: &mut Mistakes,
) {
    for parameter in parameters {
        let target = match locate(options, &parameter.name) {
            Ok(target) => target,
            Err(mistake) => {
                mistakes.push(mistake);
                continue;
            }
        };
        let Some(includes) = includes.as_deref_mut() else { continue };
        let suggest = mistakes.len() < MAX_SUGGESTIONS;
        let read = match find(includes, target.path) {
            Some(include) => set(options, include, target.option, parameter, suggest),
            None => Err(vec![not_included(&parameter.name, target.path)]),
        };
        mistakes.extend(read.err().into_iter().flatten());
    }
}

/// An option of a path that could be included.
struct Target<'a> {
    path: &'a str,
    option: &'a str,
}

fn locate<'a>(options: &ListOptions, parameter: &'a str) -> Result<Target<'a>, InputError> {
    let resource = options.resource;
    let rest = parameter.strip_prefix(PREFIX).unwrap_or(parameter);
    let Some((path, option)) = rest.rsplit_once('.') else {
        let detail =
            format!("{:?} names no option; expected one, as in \"include.{}.limit\"", shown(parameter), shown(rest));
        return Err(InputError::parameter(shown(parameter), "unknown_parameter", detail));
    };
    let depth = path.split('.').count();
    if depth > resource.options_depth {
        let (path, most) = (shown(path), resource.options_depth);
        let detail = format!("{path:?} is {depth} relations deep; options go {most} deep at most");
        return Err(InputError::parameter(shown(parameter), "too_deep", detail));
    }
    let mut model: &'static ModelMeta = (resource.model)();
    for name in path.split('.') {
        let Some((_, relation)) = includable(model).find(|(_, relation)| relation.api_name == name) else {
            return Err(InputError::parameter(shown(parameter), "unknown_relation", unknown(model, name, path)));
        };
        model = (relation.target)();
    }
    Ok(Target { path, option })
}

fn find<'a>(includes: &'a mut [Include], path: &str) -> Option<&'a mut Include> {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let include = includes.iter_mut().find(|include| include.relation.api_name == name)?;
    match rest {
        Some(rest) => find(&mut include.children, rest),
        None => Some(include),
    }
}

/// Reads one option.
fn set(
    options: &ListOptions,
    include: &mut Include,
    option: &str,
    parameter: &Parameter,
    suggest: bool,
) -> Result<(), Mistakes> {
    let target = (include.relation.target)();
    let to_many = include.relation.kind.to_many();
    match option {
        "limit" if to_many => {
            let most = options.resource.include_limit;
            include.limit = number(parameter, |text| limit(&parameter.name, text, most))?;
            include.limit_chosen = true;
        }
        "sort" if to_many && sortable(target).next().is_some() => {
            include.sort = names(parameter, |names| sort::parse(target, names))?.unwrap_or_default();
        }
        "fields" if options.resource.fields => {
            include.fields = names(parameter, |names| fields::parse(target, names))?;
        }
        _ => {
            let found = find_filter(option, filterable(target).map(Filterable::own));
            let (filter, operator) = found.map_err(|reason| match reason {
                NoFilter::Column => {
                    vec![unknown_option(options.resource, parameter, include.relation, option, suggest)]
                }
                NoFilter::Operator(filter) => {
                    let wrong = format!("unknown filter {:?}", shown(option));
                    vec![refuse(parameter, "unknown_operator", wrong, option, suggest, &filter.parameters())]
                }
            })?;
            let narrowed = std::mem::replace(&mut include.filter, Filter::everything());
            include.filter = narrowed.and(filter::parse(parameter, filter.column, operator)?);
        }
    }
    Ok(())
}

fn limit(name: &str, text: &str, most: usize) -> Result<usize, Mistakes> {
    let rows = whole(text).and_then(|rows| usize::try_from(rows).ok());
    let refuse = || vec![invalid(name, text, &format!("expected a whole number from 1 to {most}"))];
    rows.filter(|rows| (1..=most).contains(rows)).ok_or_else(refuse)
}

fn not_included(parameter: &str, path: &str) -> InputError {
    let detail = format!("it is an option of {:?}, which is not included; add that path to `include`", shown(path));
    InputError::parameter(shown(parameter), "not_included", detail)
}

fn unknown_option(
    resource: &ResourceMeta,
    parameter: &Parameter,
    relation: &RelationMeta,
    option: &str,
    suggest: bool,
) -> InputError {
    let to_one = !relation.kind.to_many() && matches!(option, "limit" | "sort");
    let what = if to_one { ", which has one row at most" } else { "" };
    let wrong = format!("unknown option {:?} of {:?}{what}", shown(option), relation.api_name);
    refuse(parameter, "unknown_parameter", wrong, option, suggest, &include_options(resource, relation))
}

/// As [`unknown`](super::name::unknown), of what an option is called behind its path.
fn refuse(
    parameter: &Parameter,
    code: &'static str,
    wrong: String,
    option: &str,
    suggest: bool,
    accepted: &[String],
) -> InputError {
    let accepted = accepted.iter().map(String::as_str);
    let detail = if suggest { sentence(&wrong, Some(option), "accepted", accepted) } else { wrong };
    InputError::parameter(shown(&parameter.name), code, detail)
}
