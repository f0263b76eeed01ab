//! `{"filter": {..}, "sort": ["-rating"], "page": 2}`: a list that is asked for in a body.

use serde_json::{Map, Value as JsonValue};

use super::name::unknown;
use super::parameters::{Parameter, shown};
use super::{ListOptions, MAX_SUGGESTIONS, Mistakes, filters, fixed, read, tree};
use crate::error::{InputError, Location};
use crate::model::ResourceMeta;
use crate::query::{Filter, ListQuery};

/// The member that holds the tree of conditions.
const FILTER: &str = "filter";

/// Members that are numbers, and those that are arrays of names; all others are texts.
const NUMBERS: &[&str] = &["page", "per_page"];
const NAMES: &[&str] = &["sort", "include", "include_count", "fields"];

/// Names of one array that are looked at when one of them is to be found; a parser reads no more.
const MAX_NAMES: usize = 100;

/// Reads the body of a search: [`FILTER`], and the parameters of a list that are no filters.
///
/// # Errors
///
/// Every member that is unknown or invalid, each with what would be accepted.
pub fn search(options: &ListOptions, body: &Map<String, JsonValue>) -> Result<ListQuery, Vec<InputError>> {
    let accepted = members(options.resource);
    let (mut errors, mut parameters) = (Mistakes::new(), Vec::new());
    let mut filter = Filter::everything();
    let (mut terms, mut unknown_members) = (Vec::new(), 0);
    for (name, json) in body {
        if !accepted.contains(&name.as_str()) {
            unknown_members += 1;
            if unknown_members <= MAX_SUGGESTIONS {
                errors.push(refuse(name, &accepted));
            }
        } else if name == FILTER {
            filter = tree::parse(options, json, &format!("/{FILTER}"), &mut errors);
        } else {
            match texts(name, json) {
                Ok(texts) if texts.is_empty() => {}
                Ok(texts) => {
                    parameters.push(Parameter { name: name.clone(), values: vec![texts.join(",")] });
                    terms.push(texts);
                }
                Err(error) => errors.push(error),
            }
        }
    }
    match read(options, &parameters, Mistakes::new()) {
        Ok(mut list) if errors.is_empty() => {
            list.filter = list.filter.and(filter);
            Ok(list)
        }
        Ok(_) => Err(errors),
        Err(more) => {
            errors.extend(in_body(options, &parameters, &terms, more));
            Err(errors)
        }
    }
}

fn members(resource: &'static ResourceMeta) -> Vec<&'static str> {
    let filter = filters(resource).next().map(|_| FILTER);
    filter.into_iter().chain(fixed(resource)).collect()
}

fn refuse(name: &str, accepted: &[&str]) -> InputError {
    let accepted: Vec<String> = accepted.iter().map(|name| (*name).to_owned()).collect();
    let error = unknown("field", "unknown_field", name, true, &accepted);
    InputError::field(&shown(name), error.code, error.detail)
}

/// A member as a query string would write it: one text, or one for each name of an array.
fn texts(name: &str, json: &JsonValue) -> Result<Vec<String>, InputError> {
    let refused = |detail: &str| InputError::field(name, "invalid_value", detail);
    if NUMBERS.contains(&name) {
        let number = json.as_number().ok_or_else(|| refused("expected a whole number"))?;
        return Ok(vec![number.to_string()]);
    }
    if !NAMES.contains(&name) {
        return json.as_str().map(|text| vec![text.to_owned()]).ok_or_else(|| refused("expected a text"));
    }
    let items = json.as_array().ok_or_else(|| refused("expected an array of names"))?;
    let name = |(place, item): (usize, &JsonValue)| match item.as_str() {
        Some(text) if !text.contains(',') => Ok(text.to_owned()),
        Some(_) => Err(refused("expected one name in each item, without commas").item(place)),
        None => Err(refused("expected a name").item(place)),
    };
    items.iter().enumerate().map(name).collect()
}

/// Mistakes of parameters where they stand in the body. In an array they point to the item that makes the same mistake when
/// it stands alone.
fn in_body(options: &ListOptions, parameters: &[Parameter], terms: &[Vec<String>], errors: Mistakes) -> Mistakes {
    let alone = |parameter: &Parameter, text: &String| {
        let parameter = Parameter { name: parameter.name.clone(), values: vec![text.clone()] };
        read(options, &[parameter], Mistakes::new()).err().unwrap_or_default()
    };
    let of_items = |(parameter, texts): (&Parameter, &Vec<String>)| -> Vec<Mistakes> {
        texts.iter().take(MAX_NAMES).map(|text| alone(parameter, text)).collect()
    };
    let mut of_items: Vec<Vec<Mistakes>> = parameters.iter().zip(terms).map(of_items).collect();
    let place = |error: InputError| {
        let Location::Parameter(name) = &error.at else { return error };
        let in_body = InputError::field(name, error.code, error.detail.clone());
        let parameter = parameters.iter().position(|parameter| parameter.name == *name);
        let Some(parameter) = parameter.filter(|_| NAMES.contains(&name.as_str())) else { return in_body };
        // Taken out, so that the next equal mistake points to the next item.
        let item = of_items[parameter].iter_mut().position(|mistakes| {
            let same = mistakes.iter().position(|mistake| *mistake == error);
            same.map(|same| mistakes.remove(same)).is_some()
        });
        match item {
            Some(item) => in_body.item(item),
            None => in_body,
        }
    };
    errors.into_iter().map(place).collect()
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
                "/q invalid_value",
                "/per_page invalid_value",
                "/include/1 invalid_value",
                "/filter/titel unknown_field",
                "/sort/1 unknown_field",
                "/sort/2 unknown_field",
                "/page invalid_value",
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
