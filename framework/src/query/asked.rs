//! What is asked for, as bytes: all that the body of an answer depends on, the data excepted. They are the same for reordered
//! parameters, and another for everything that shows in the body: the order of includes is that of the members.

use super::bytes::{write, write_slice};
use super::fingerprint::{self, filter};
use super::list::{Include, IncludeCount, ListQuery, Walk};
use super::{Filter, RowQuery};
use crate::model::{Fields, ModelMeta, RelationMeta, Value};

/// A list.
#[must_use]
pub fn list(query: &ListQuery) -> Vec<u8> {
    let mut bytes = fingerprint::list(query);
    bytes.push(u8::from(query.is_ranked()));
    match &query.walk {
        None => bytes.extend(query.page.page.to_be_bytes()),
        Some(Walk::Start) => write_slice(b"", &mut bytes),
        Some(Walk::From(cursor)) => write_slice(cursor.as_bytes(), &mut bytes),
    }
    bytes.push(u8::from(query.walk.is_some()));
    bytes.extend(query.page.per_page.to_be_bytes());
    write_slice(query.count.name().as_bytes(), &mut bytes);
    shown(query.fields.as_ref(), &query.include, &query.include_count, &mut bytes);
    bytes
}

/// The list of the rows that are related to the row with that key, which is shown if `shown` holds for it.
#[must_use]
pub fn related(
    parent: &ModelMeta,
    key: &[Value],
    shown: &Filter,
    relation: &RelationMeta,
    query: &ListQuery,
) -> Vec<u8> {
    let mut bytes = row_of(parent, key, shown);
    write_slice(&fingerprint::related(relation), &mut bytes);
    write_slice(&list(query), &mut bytes);
    bytes
}

/// The row with that key, if `narrowed` holds for it.
#[must_use]
pub fn row(model: &ModelMeta, key: &[Value], narrowed: &Filter, query: &RowQuery) -> Vec<u8> {
    let mut bytes = row_of(model, key, narrowed);
    write_slice(query.deleted.name().as_bytes(), &mut bytes);
    shown(query.fields.as_ref(), &query.include, &query.include_count, &mut bytes);
    bytes
}

fn row_of(model: &ModelMeta, key: &[Value], narrowed: &Filter) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_slice(model.name.as_bytes(), &mut bytes);
    key.iter().for_each(|value| write(value, &mut bytes));
    write_slice(&filter(narrowed), &mut bytes);
    bytes
}

/// What each row shows.
fn shown(chosen: Option<&Fields>, include: &[Include], counts: &[IncludeCount], out: &mut Vec<u8>) {
    fields(chosen, out);
    includes(include, out);
    number(counts.len(), out);
    for count in counts {
        write_slice(&fingerprint::related(count.relation), out);
        write_slice(&filter(&count.filter), out);
    }
}

fn fields(fields: Option<&Fields>, out: &mut Vec<u8>) {
    out.push(u8::from(fields.is_some()));
    for indexes in fields.into_iter().flat_map(|fields| [&fields.columns, &fields.computed]) {
        number(indexes.len(), out);
        indexes.iter().for_each(|index| number(*index, out));
    }
}

fn includes(list: &[Include], out: &mut Vec<u8>) {
    number(list.len(), out);
    for include in list {
        write_slice(&fingerprint::related(include.relation), out);
        write_slice(&filter(&include.filter), out);
        let order = include.order();
        number(order.len(), out);
        for term in order {
            write_slice(term.column.name.as_bytes(), out);
            out.push(u8::from(term.descending));
        }
        number(include.limit, out);
        out.push(u8::from(include.limit_chosen));
        fields(include.fields.as_ref(), out);
        includes(&include.children, out);
    }
}

fn number(number: usize, out: &mut Vec<u8>) {
    out.extend((number as u64).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;

    use super::*;
    use crate::fixtures::CHOSEN_BOOK_RESOURCE;
    use crate::query::parse::{self, ListOptions};

    fn options() -> ListOptions {
        ListOptions { resource: &CHOSEN_BOOK_RESOURCE, ignored: vec!["utm_*".to_owned()], shown: Arc::default() }
    }

    fn of_list(query: &str) -> Vec<u8> {
        list(&parse::list(&options(), query).expect("a list"))
    }

    #[test]
    fn reordered_parameters_ask_for_the_same() {
        for (one, other) in [
            ("page=2&per_page=5&sort=-rating", "sort=-rating&per_page=5&page=2"),
            ("rating__gte=4&title=a&include=authors", "include=authors&title=a&rating__gte=4"),
            ("title__in=a&title__in=b", "title__in=b&title__in=a&title__in=a"),
            ("", "page=1&per_page=20&count=exact&sort=id&utm_source=x"),
            ("include=reviews,authors&include.reviews.limit=3", "include.reviews.limit=3&include=reviews,authors"),
            ("fields=id,title", "fields=title,id"),
        ] {
            assert_eq!(of_list(one), of_list(other), "{one} {other}");
        }
    }

    #[test]
    fn whatever_shows_in_the_body_asks_for_something_else() {
        let queries = [
            "",
            "page=2",
            "per_page=21",
            "cursor=",
            "count=none",
            "count=estimated",
            "sort=-rating",
            "rating__gte=4",
            "fields=id",
            "fields=id,title",
            "include=authors",
            "include=reviews",
            "include=authors,reviews",
            "include=reviews,authors",
            "include=reviews&include.reviews.limit=3",
            "include=reviews&include.reviews.limit=100",
            "include=reviews&include.reviews.sort=-rating",
            "include=reviews&include.reviews.rating=3",
            "include=reviews&include.reviews.fields=id",
            "include=reviews.book",
            "include_count=reviews",
        ];
        let mut seen: HashMap<Vec<u8>, &str> = HashMap::new();
        for query in queries {
            let other = seen.insert(of_list(query), query);
            assert_eq!(other, None, "{query}");
        }
    }

    #[test]
    fn a_row_is_asked_for_by_its_key_and_what_it_shows() {
        let model = (CHOSEN_BOOK_RESOURCE.model)();
        let of_row = |key: i64, query: &str| {
            let query = parse::one(&options(), query).expect("a row");
            row(model, &[Value::I64(key)], &Filter::everything(), &query)
        };
        assert_eq!(of_row(1, "include=authors&fields=id"), of_row(1, "fields=id&include=authors"));
        let all = [of_row(1, ""), of_row(2, ""), of_row(1, "fields=id"), of_row(1, "include=authors")];
        for (place, one) in all.iter().enumerate() {
            assert!(!all[..place].contains(one));
        }
        let narrowed = row(model, &[Value::I64(1)], &Filter::Any(Vec::new()), &RowQuery::default());
        assert!(!all.contains(&narrowed));
    }

    #[test]
    fn rows_of_another_parent_are_another_list() {
        let parent = &crate::fixtures::AUTHORS;
        let query = parse::list(&options(), "").expect("a list");
        let of = |key, relation: usize| {
            related(parent, &[Value::I64(key)], &Filter::everything(), &parent.relations[relation], &query)
        };
        assert_eq!(of(1, 0), of(1, 0));
        assert_ne!(of(1, 0), of(2, 0));
        assert_ne!(of(1, 0), list(&query));
    }
}
