//! `{"filter": {..}, "sort": ["-rating"], "page": 2}`: a list that is asked for in a body.

use serde_json::{Map, Value as JsonValue};

use super::given::Given;
use super::include_options::PREFIX;
use super::name::unknown;
use super::parameters::{MAX_PARAMETERS, Parameter};
use super::{ListOptions, MAX_SUGGESTIONS, Mistakes, filters, fixed, includable, read, tree};
use crate::error::{InputError, Location};
use crate::model::ResourceMeta;
use crate::query::{Filter, ListQuery};

/// The member that holds the tree of conditions.
const FILTER: &str = "filter";

/// Reads the body of a search: `filter`, and the parameters of a list that are no filters.
///
/// # Errors
///
/// Every member that is unknown or invalid, each with what would be accepted.
pub fn search(options: &ListOptions, body: &Map<String, JsonValue>) -> Result<ListQuery, Vec<InputError>> {
    let accepted = members(options.resource);
    let includes = includable((options.resource.model)()).next().is_some();
    let (mut errors, mut parameters) = (Mistakes::new(), Vec::new());
    let mut filter = Filter::everything();
    let mut strangers = 0;
    for (name, json) in body {
        let is_known = accepted.contains(&name.as_str()) || (includes && name.starts_with(PREFIX));
        if !is_known {
            strangers += 1;
            if strangers <= MAX_SUGGESTIONS {
                errors.push(refuse(name, &accepted));
            }
        } else if name == FILTER {
            filter = tree::parse(options, json, &format!("/{FILTER}"), &mut errors);
        } else {
            parameters.push(Parameter { name: name.clone(), given: Given::Json(json.clone()) });
        }
    }
    if parameters.len() > MAX_PARAMETERS {
        let detail = format!("a search takes {MAX_PARAMETERS} members at most");
        errors.push(InputError { at: Location::Pointer(String::new()), code: "too_many", detail });
        return Err(in_body(errors));
    }
    let mut list = read(options, &parameters, errors).map_err(in_body)?;
    list.filter = list.filter.and(filter);
    Ok(list)
}

/// Mistakes of a list's parameters where they stand in the body of a search.
#[must_use]
pub fn in_body(errors: Vec<InputError>) -> Vec<InputError> {
    let placed = |error: InputError| {
        let code = if error.code == "unknown_parameter" { "unknown_field" } else { error.code };
        match &error.at {
            Location::Parameter(name) => InputError::field(name, code, error.detail),
            Location::Pointer(_) | Location::Request => error,
        }
    };
    errors.into_iter().map(placed).collect()
}

fn members(resource: &'static ResourceMeta) -> Vec<&'static str> {
    let filter = filters(resource).next().map(|_| FILTER);
    filter.into_iter().chain(fixed(resource)).collect()
}

fn refuse(name: &str, accepted: &[&str]) -> InputError {
    let accepted: Vec<String> = accepted.iter().map(|name| (*name).to_owned()).collect();
    unknown("field", "unknown_field", name, true, &accepted)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::fixtures::{BOOK_RESOURCE, TAG_RESOURCE};
    use crate::query::{CountMode, Page};

    fn options(resource: &'static ResourceMeta) -> ListOptions {
        ListOptions { resource, ignored: vec!["utm_*".to_owned()], shown: Arc::default() }
    }

    fn books(body: &JsonValue) -> Result<ListQuery, Vec<InputError>> {
        search(&options(&BOOK_RESOURCE), body.as_object().expect("an object"))
    }

    /// The mistakes as `pointer code`.
    fn mistakes(body: &JsonValue) -> Vec<String> {
        let line = |error: &InputError| match &error.at {
            Location::Pointer(pointer) => format!("{pointer} {}", error.code),
            other => panic!("{other:?}"),
        };
        books(body).expect_err("mistakes").iter().map(line).collect()
    }

    #[test]
    fn an_empty_body_is_the_plain_list() {
        let list = books(&json!({})).expect("nothing is wrong");
        assert!(list.filter.is_everything() && list.sort.is_empty() && list.include.is_empty());
        assert_eq!((list.page, list.count), (Page { page: 1, per_page: 20 }, CountMode::Exact));
    }

    #[test]
    fn members_mean_what_parameters_do() {
        let body = json!({
            "filter": {"year__gte": 1965, "authors.status": "active"}, "sort": ["-rating", "title"],
            "include": ["authors", "series.parent"], "page": 2, "per_page": 50, "count": "none",
        });
        let query = "year__gte=1965&authors.status=active&sort=-rating,title&include=authors,series.parent&page=2\
                     &per_page=50&count=none";
        let list = super::super::list(&options(&BOOK_RESOURCE), query).expect("nothing is wrong");
        let searched = books(&body).expect("nothing is wrong");
        assert!(format!("{searched:?}") == format!("{list:?}"), "{searched:?}");
        let searched = books(&json!({"q": "a,b"})).expect("nothing is wrong");
        assert!(matches!(searched.filter, Filter::Search(_, text) if text == "a,b"));
    }

    #[test]
    fn empty_arrays_name_nothing() {
        let list = books(&json!({"sort": [], "include": []})).expect("nothing is wrong");
        assert!(list.sort.is_empty() && list.include.is_empty());
    }

    #[test]
    fn every_mistake_is_pointed_to() {
        let body = json!({
            "filtre": {}, "utm_source": "x", "q": 1, "sort": ["title", "titel", "titel", "title"], "page": 0, "per_page": "20",
            "include": ["authors", "x,y", 3, "own"], "count": "all", "filter": {"titel": "x"},
        });
        assert_eq!(
            mistakes(&body),
            [
                "/filtre unknown_field",
                "/utm_source unknown_field",
                "/filter/titel unknown_field",
                "/q invalid_value",
                "/sort/1 unknown_field",
                "/sort/2 unknown_field",
                "/page invalid_value",
                "/per_page invalid_value",
                "/include/2 invalid_value",
                "/include/1 unknown_relation",
                "/include/3 unknown_relation",
                "/count invalid_value",
            ]
        );
        assert_eq!(
            mistakes(&json!({"include": ["authors", "own"], "page": 9e9}))[..],
            ["/include/1 unknown_relation", "/page invalid_value"]
        );
        assert_eq!(mistakes(&json!({"page": 1_000_000})), ["/page out_of_range"]);
        assert_eq!(mistakes(&json!({"sort": null, "page": null})), ["/sort invalid_value", "/page invalid_value"]);
        assert_eq!(mistakes(&json!({"sort": vec!["nope"; 60]})).len(), 51);
    }

    #[test]
    fn options_of_an_include_are_typed_members() {
        let body = json!({
            "include": ["authors", "series", "reviews"], "include.reviews.limit": 3, "include.reviews.sort": ["-rating", "id"],
            "include.reviews.rating__gte": 4, "include.authors.name__in": ["x", "y"], "include.series.id": 7,
            "include_count": ["reviews"], "cursor": "",
        });
        let query = "include=authors,series,reviews&include.reviews.limit=3&include.reviews.sort=-rating,id\
                     &include.reviews.rating__gte=4&include.authors.name__in=x&include.authors.name__in=y\
                     &include.series.id=7&include_count=reviews&cursor=";
        let list = super::super::list(&options(&BOOK_RESOURCE), query).expect("nothing is wrong");
        let searched = books(&body).expect("nothing is wrong");
        assert!(format!("{searched:?}") == format!("{list:?}"), "{searched:?}");
        let none = books(&json!({"include": ["authors"], "include.authors.sort": [], "include.authors.id__in": []}));
        let none = none.expect("an empty array of names says nothing");
        assert!(none.include[0].sort.is_empty());
        assert!(
            matches!(&none.include[0].filter, Filter::Compare(it) if it.values.is_empty()),
            "and one of values none"
        );
    }

    #[test]
    fn every_mistake_in_an_option_is_pointed_to() {
        let body = json!({
            "include": ["authors", "series", "reviews"], "include.reviews.limit": 101, "include.authors.limit": "3",
            "include.reviews.sort": ["rating", 1, "ratng"], "include.authors.sort": "name", "include.reviews.rating__gte": "4",
            "include.authors.name__in": ["x", 1], "include.series.sort": ["id"], "include.reviews.ratng": 1,
            "include.nope.limit": 1, "include.cover.id": 1, "include.reviews": 1, "include.series.parent.parent.id": 1,
            "include.authors.fields": ["id"], "include.authors.name__gte": "x",
        });
        assert_eq!(
            mistakes(&body),
            [
                "/include.reviews.limit invalid_value",
                "/include.authors.limit invalid_value",
                "/include.reviews.sort/1 invalid_value",
                "/include.reviews.sort/2 unknown_field",
                "/include.authors.sort invalid_value",
                "/include.reviews.rating__gte invalid_value",
                "/include.authors.name__in/1 invalid_value",
                "/include.series.sort unknown_field",
                "/include.reviews.ratng unknown_field",
                "/include.nope.limit unknown_relation",
                "/include.cover.id not_included",
                "/include.reviews unknown_field",
                "/include.series.parent.parent.id too_deep",
                "/include.authors.fields unknown_field",
                "/include.authors.name__gte unknown_operator",
            ]
        );
        let many: Map<String, JsonValue> =
            (0..300).map(|number| (format!("include.reviews.a{number}"), json!(1))).collect();
        assert_eq!(mistakes(&many.into()), [" too_many"]);
    }

    #[test]
    fn only_members_that_the_resource_has_are_accepted() {
        let refused = search(&options(&TAG_RESOURCE), json!({"q": "x", "filtre": {}}).as_object().expect("an object"));
        let details: Vec<String> =
            refused.expect_err("there is nothing to search").into_iter().map(|it| it.detail).collect();
        assert_eq!(
            details,
            [
                "unknown field \"q\"; accepted: filter, count, cursor, page, per_page, sort",
                "unknown field \"filtre\"; did you mean \"filter\"? accepted: filter, count, cursor, page, per_page, sort",
            ]
        );
    }

    #[test]
    fn a_body_of_strangers_is_answered_by_few() {
        let members: Map<String, JsonValue> = (0..1_000).map(|number| (format!("a{number}"), json!(1))).collect();
        assert_eq!(mistakes(&members.into()).len(), MAX_SUGGESTIONS);
        let long = mistakes(&json!({"n".repeat(1_000): 1, "filter": {"n".repeat(1_000): 1}}));
        assert!(long.iter().all(|line| line.len() < 200), "{long:?}");
    }
}
