//! `{"or": [{"title__icontains": "dune"}, {"rating__gte": 4}]}`: the filter of a search, a tree of typed conditions.

use serde_json::{Map, Value as JsonValue};

use super::name::{NoFilter, find_filter, unknown};
use super::relation_filter::Conditions;
use super::{ListOptions, MAX_SUGGESTIONS, Mistakes, filter, filters, shown};
use crate::error::{InputError, Location};
use crate::query::Filter;

/// The member whose trees all hold.
pub const AND: &str = "and";
/// The member of whose trees one holds.
pub const OR: &str = "or";
/// The member whose tree does not hold.
pub const NOT: &str = "not";

/// Levels of a tree at most; the filter itself is the first.
const MAX_DEPTH: usize = 5;
/// Terms of a tree at most: conditions, and trees and lists without any.
pub const MAX_TERMS: usize = 50;

/// Reads the filter at `pointer` of a body. Mistakes go to `errors`, and what is answered then means nothing.
pub(super) fn parse(options: &ListOptions, json: &JsonValue, pointer: &str, errors: &mut Mistakes) -> Filter {
    let mut tree = Tree { options, terms: 0, errors };
    let filter = tree.read(json, pointer, 1);
    let terms = tree.terms;
    if terms > MAX_TERMS {
        errors.push(mistake(pointer, "too_many", format!("{terms} terms; a filter takes {MAX_TERMS} at most")));
    }
    filter
}

struct Tree<'a> {
    options: &'a ListOptions,
    /// Every leaf counts, whether it can be read or not, so that answers stay as short as filters must be.
    terms: usize,
    errors: &'a mut Mistakes,
}

impl Tree<'_> {
    fn read(&mut self, json: &JsonValue, pointer: &str, depth: usize) -> Filter {
        match json {
            _ if depth > MAX_DEPTH => {
                self.refuse(pointer, "too_deep", format!("a filter is {MAX_DEPTH} levels deep at most"));
                Filter::everything()
            }
            JsonValue::Object(members) if members.is_empty() => {
                self.terms += 1;
                Filter::everything()
            }
            JsonValue::Object(members) => self.read_members(members, pointer, depth),
            _ => {
                self.refuse(pointer, "invalid_value", "expected a filter, an object of conditions".to_owned());
                Filter::everything()
            }
        }
    }

    fn read_members(&mut self, members: &Map<String, JsonValue>, pointer: &str, depth: usize) -> Filter {
        let (mut conditions, mut trees) = (Conditions::default(), Vec::new());
        for (name, json) in members {
            let pointer = format!("{pointer}/{}", shown(name).replace('~', "~0").replace('/', "~1"));
            match name.as_str() {
                AND => trees.push(Filter::All(self.read_list(json, &pointer, depth + 1))),
                OR => trees.push(Filter::Any(self.read_list(json, &pointer, depth + 1))),
                NOT => trees.push(Filter::Not(Box::new(self.read(json, &pointer, depth + 1)))),
                _ => self.read_condition(&mut conditions, name, json, &pointer),
            }
        }
        trees.into_iter().fold(conditions.into_filter(self.options), Filter::and)
    }

    fn read_list(&mut self, json: &JsonValue, pointer: &str, depth: usize) -> Vec<Filter> {
        let JsonValue::Array(items) = json else {
            self.refuse(pointer, "invalid_value", "expected an array of filters".to_owned());
            return Vec::new();
        };
        if items.is_empty() {
            self.terms += 1;
        }
        let read = |(place, item)| self.read(item, &format!("{pointer}/{place}"), depth);
        items.iter().enumerate().map(read).collect()
    }

    fn read_condition(&mut self, conditions: &mut Conditions, name: &str, json: &JsonValue, pointer: &str) {
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return;
        }
        match find_filter(name, filters(self.options.resource)) {
            Ok((target, operator)) => match filter::typed(target.column, operator, json) {
                Ok(values) => {
                    conditions.add(&target.relations, Filter::compare(target.column, operator, values));
                }
                Err(refused) => self.errors.extend(refused.into_iter().map(|it| {
                    let mistake = mistake(pointer, it.code, it.detail);
                    it.item.map_or(mistake.clone(), |item| mistake.item(item))
                })),
            },
            Err(reason) => {
                let (code, accepted) = match reason {
                    NoFilter::Column => ("unknown_field", self.names()),
                    NoFilter::Operator(target) => ("unknown_operator", target.parameters()),
                };
                let error = unknown("filter", code, name, self.errors.len() < MAX_SUGGESTIONS, &accepted);
                self.errors.push(InputError { at: Location::Pointer(pointer.to_owned()), ..error });
            }
        }
    }

    /// What a member of a tree can be called.
    fn names(&self) -> Vec<String> {
        let filters = filters(self.options.resource).flat_map(|target| target.parameters());
        [AND, OR, NOT].map(str::to_owned).into_iter().chain(filters).collect()
    }

    /// Refuses what stands in the place of a leaf.
    fn refuse(&mut self, pointer: &str, code: &'static str, detail: String) {
        self.terms += 1;
        if self.terms <= MAX_TERMS {
            self.errors.push(mistake(pointer, code, detail));
        }
    }
}

fn mistake(pointer: &str, code: &'static str, detail: String) -> InputError {
    InputError { at: Location::Pointer(pointer.to_owned()), code, detail }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::fixtures::BOOK_RESOURCE;

    fn read(json: &JsonValue) -> (Filter, Mistakes) {
        let options = ListOptions { resource: &BOOK_RESOURCE, ignored: Vec::new(), shown: Arc::default() };
        let mut errors = Mistakes::new();
        let filter = parse(&options, json, "/filter", &mut errors);
        (filter, errors)
    }

    /// A filter with names in place of columns.
    fn shape(filter: &Filter) -> String {
        let all = |filters: &[Filter], sign| filters.iter().map(shape).collect::<Vec<_>>().join(sign);
        match filter {
            Filter::All(filters) => format!("({})", all(filters, " & ")),
            Filter::Any(filters) => format!("({})", all(filters, " | ")),
            Filter::Not(filter) => format!("!{}", shape(filter)),
            Filter::Compare(it) => format!("{} {:?} {:?}", it.column.api_name, it.operator, it.values),
            Filter::Related(relation, filter) => format!("{}[{}]", relation.api_name, shape(filter)),
            other => format!("{other:?}"),
        }
    }

    #[track_caller]
    fn assert_shape(json: &JsonValue, expected: &str) {
        let (filter, errors) = read(json);
        assert!(errors.is_empty(), "{json}: {errors:?}");
        assert_eq!(shape(&filter), expected, "{json}");
    }

    /// The mistakes as `pointer code: detail`.
    #[track_caller]
    fn assert_mistakes(json: &JsonValue, expected: &[&str]) {
        let line = |error: InputError| match error.at {
            Location::Pointer(pointer) => format!("{pointer} {}: {}", error.code, error.detail),
            other => panic!("{other:?}"),
        };
        let mistakes: Vec<String> = read(json).1.into_iter().map(line).collect();
        assert_eq!(mistakes, expected, "{json}");
    }

    #[test]
    fn members_of_an_object_must_all_hold() {
        assert_shape(
            &json!({"year__gte": 1965, "in_print": true}),
            "(year Gte [I16(1965)] & in_print Eq [Bool(true)])",
        );
        assert_shape(
            &json!({"year": 1, "or": [{"id": 1}, {"id": 2, "not": {"id__in": [3, 4]}}], "and": [{"id": 5}]}),
            "(year Eq [I16(1)] & (id Eq [I64(1)] | (id Eq [I64(2)] & !id In [I64(3), I64(4)])) & id Eq [I64(5)])",
        );
    }

    #[test]
    fn conditions_of_one_object_hold_for_one_related_row_and_those_of_two_for_any() {
        let (active, name) = (json!({"authors.status": "active"}), json!({"authors.name": "x"}));
        assert_shape(
            &json!({"authors.status": "active", "authors.name": "x"}),
            "authors[(status Eq [Text(\"active\")] & name Eq [Text(\"x\")])]",
        );
        assert_shape(
            &json!({"and": [active, name]}),
            "(authors[status Eq [Text(\"active\")]] & authors[name Eq [Text(\"x\")]])",
        );
    }

    #[test]
    fn what_is_empty_holds_always_and_one_of_none_never() {
        assert_shape(&json!({}), "()");
        assert_shape(&json!({"and": []}), "()");
        assert_shape(&json!({"or": []}), "()");
        assert!(matches!(read(&json!({"or": []})).0, Filter::Any(filters) if filters.is_empty()));
        assert_shape(&json!({"not": {}}), "!()");
        assert_shape(&json!({"id__in": []}), "id In []");
    }

    #[test]
    fn values_are_typed() {
        assert_mistakes(
            &json!({"year": "1965", "in_print": 1, "isbn": null, "isbn__isnull": "true", "id__in": 1, "title": ["x"]}),
            &[
                "/filter/year invalid_value: expected an integer from -32768 to 32767, found a string",
                "/filter/in_print invalid_value: expected true or false, found a number",
                "/filter/isbn invalid_value: expected a text, found null; `isnull` asks for NULL",
                "/filter/isbn__isnull invalid_value: expected true or false",
                "/filter/id__in invalid_value: expected an array of values",
                "/filter/title invalid_value: expected a text, found an array",
            ],
        );
    }

    #[test]
    fn mistakes_point_to_where_they_are() {
        let (_, errors) = read(&json!({
            "or": [{"id": 1}, {"rating__gte": "4", "not": {"a/b~": 1}}], "id__in": [1, "2", 3, null], "and": {}, "not": [],
            "title__gte": "x",
        }));
        let places: Vec<(&str, &str)> = errors
            .iter()
            .map(|error| match &error.at {
                Location::Pointer(pointer) => (pointer.as_str(), error.code),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            places,
            [
                ("/filter/or/1/rating__gte", "invalid_value"),
                ("/filter/or/1/not/a~1b~0", "unknown_field"),
                ("/filter/id__in/1", "invalid_value"),
                ("/filter/id__in/3", "invalid_value"),
                ("/filter/and", "invalid_value"),
                ("/filter/not", "invalid_value"),
                ("/filter/title__gte", "unknown_operator"),
            ]
        );
    }

    #[test]
    fn an_unknown_name_is_told_the_nearest() {
        let (_, errors) = read(&json!({"titel": "x"}));
        assert!(
            errors[0]
                .detail
                .starts_with("unknown filter \"titel\"; did you mean \"title\"? accepted: and, or, not, id")
        );
        let (_, errors) = read(&json!({"authors.secret": "x"}));
        assert!(errors[0].detail.starts_with("unknown filter \"authors.secret\"; "), "{errors:?}");
    }

    fn nested(depth: usize) -> JsonValue {
        (1..depth).fold(
            json!({"id": 1}),
            |tree, level| if level % 2 == 0 { json!({"not": tree}) } else { json!({"or": [tree]}) },
        )
    }

    #[test]
    fn a_tree_has_five_levels_at_most() {
        assert!(read(&nested(5)).1.is_empty());
        assert_mistakes(&nested(6), &["/filter/or/0/not/or/0/not/or/0 too_deep: a filter is 5 levels deep at most"]);
    }

    #[test]
    fn a_tree_has_fifty_terms_at_most_whatever_they_are() {
        let terms = |count: usize, term: JsonValue| json!({"or": vec![term; count]});
        for term in [json!({"id": 1}), json!({}), json!({"and": []})] {
            assert!(read(&terms(50, term.clone())).1.is_empty(), "{term}");
            assert_mistakes(&terms(51, term), &["/filter too_many: 51 terms; a filter takes 50 at most"]);
        }
        for wrong in [json!(1), json!({"nope": 1}), json!({"not": 1}), json!({"id": "x"})] {
            let (_, errors) = read(&terms(10_000, wrong));
            assert_eq!((errors.len(), errors[50].code), (51, "too_many"), "{:?}", errors[50]);
        }
    }

    #[test]
    fn lists_and_needles_are_bounded() {
        assert!(read(&json!({"id__in": vec![1; 500], "title__icontains": "x".repeat(1_000)})).1.is_empty());
        assert_mistakes(
            &json!({"id__in": vec![1; 501], "title__icontains": "x".repeat(1_001)}),
            &[
                "/filter/id__in too_many: 501 values; a list takes 500 at most",
                "/filter/title__icontains invalid_value: expected at most 1000 characters",
            ],
        );
        assert_eq!(read(&json!({"id__in": vec!["x"; 500]})).1.len(), MAX_SUGGESTIONS);
    }
}
