use super::*;
use crate::error::Location;
use crate::fixtures::{AUTHOR_RESOURCE, BOOK_RESOURCE, BOOKS, TAG_RESOURCE};
use crate::model::{Operator, ResourceMeta, Value};
use crate::query::{CountMode, Include, Page, Walk};

fn options(resource: &'static ResourceMeta) -> ListOptions {
    ListOptions { resource, ignored: vec!["utm_*".to_owned()], shown: Arc::default() }
}

fn books(query: &str) -> Result<ListQuery, Vec<InputError>> {
    list(&options(&BOOK_RESOURCE), query)
}

fn authors(query: &str) -> Result<ListQuery, Vec<InputError>> {
    list(&options(&AUTHOR_RESOURCE), query)
}

fn read(query: &str) -> ListQuery {
    books(query).unwrap_or_else(|errors| panic!("{query}: {errors:?}"))
}

/// The mistakes as `parameter code: detail`.
fn mistakes<T: std::fmt::Debug>(result: Result<T, Vec<InputError>>) -> Vec<String> {
    let line = |error: &InputError| {
        let place = match &error.at {
            Location::Parameter(name) => name.as_str(),
            Location::Pointer(_) => panic!("a query has no pointers"),
            Location::Request => "-",
        };
        format!("{place} {}: {}", error.code, error.detail)
    };
    result.expect_err("mistakes").iter().map(line).collect()
}

/// The one mistake of a query.
#[track_caller]
fn assert_mistake(query: &str, expected: &str) {
    assert_eq!(mistakes(books(query)), [expected], "{query}");
}

fn comparisons(list: &ListQuery) -> Vec<(&str, Operator, Vec<Value>)> {
    fn collect<'a>(filter: &'a Filter, into: &mut Vec<(&'a str, Operator, Vec<Value>)>) {
        match filter {
            Filter::All(filters) => filters.iter().for_each(|filter| collect(filter, into)),
            Filter::Compare(it) => into.push((it.column.api_name, it.operator, it.values.clone())),
            filter => panic!("{filter:?}"),
        }
    }
    let mut all = Vec::new();
    collect(&list.filter, &mut all);
    all
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[test]
fn an_empty_query_is_the_first_page_counted_exactly() {
    let list = read("");
    assert!(list.filter.is_everything());
    assert!(list.sort.is_empty() && list.include.is_empty());
    assert_eq!(list.page, Page { page: 1, per_page: 20 });
    assert_eq!(list.count, CountMode::Exact);
}

#[test]
fn filters_are_read_by_the_type_of_their_column() {
    let list = read("title=Dune&year__gte=1965&isbn__isnull=false&in_print=true&title__icontains=50%25+off");
    assert_eq!(
        comparisons(&list),
        [
            ("title", Operator::Eq, vec![text("Dune")]),
            ("year", Operator::Gte, vec![Value::I16(1965)]),
            ("isbn", Operator::IsNull, vec![Value::Bool(false)]),
            ("in_print", Operator::Eq, vec![Value::Bool(true)]),
            ("title", Operator::IContains, vec![text("50% off")]),
        ]
    );
}

#[test]
fn a_list_of_values_is_the_parameter_repeated() {
    let list = read("id__in=3&title=x&id__in=1&title__not_in=a,b");
    assert_eq!(
        comparisons(&list),
        [
            ("id", Operator::In, vec![Value::I64(3), Value::I64(1)]),
            ("title", Operator::Eq, vec![text("x")]),
            ("title", Operator::NotIn, vec![text("a,b")]),
        ]
    );
    assert_mistake(
        "id__in=1,2",
        "id__in invalid_value: \"1,2\" cannot be taken: expected an integer from -9223372036854775808 to \
         9223372036854775807; repeat the parameter for several values",
    );
}

#[test]
fn a_value_of_another_type_says_what_is_expected() {
    assert_mistake(
        "year=next",
        "year invalid_value: \"next\" cannot be taken: expected an integer from -32768 to 32767",
    );
    assert_mistake("isbn__isnull=1", "isbn__isnull invalid_value: \"1\" cannot be taken: expected true or false");
    assert_eq!(
        mistakes(authors("status=activ")),
        ["status invalid_value: \"activ\" cannot be taken: expected one of active, inactive; did you mean active?"]
    );
    assert_mistake(
        "title=a%00b",
        "title invalid_value: \"a\\0b\" cannot be taken: expected a text without NUL characters (U+0000)",
    );
}

#[test]
fn an_unknown_parameter_is_named_with_the_nearest_and_all_that_are_accepted() {
    let [mistake] = mistakes(authors("nam__in=x")).try_into().expect("one mistake");
    assert_eq!(
        mistake,
        "nam__in unknown_parameter: unknown parameter \"nam__in\"; did you mean \"name__in\"? accepted: count, cursor, page, \
         per_page, sort, q, include, include_count, id, id__in, name, name__in, name__icontains, status, status__in, created_at__gte, \
         created_at__lt"
    );
    let stranger = mistakes(authors("publisher=x"));
    assert!(stranger[0].starts_with("publisher unknown_parameter: unknown parameter \"publisher\"; accepted: count,"));
}

#[test]
fn an_unknown_operator_names_those_of_its_column() {
    assert_mistake(
        "title__startwith=D",
        "title__startwith unknown_operator: unknown filter \"title__startwith\"; did you mean \"title__startswith\"? \
         accepted: title, title__ne, title__in, title__not_in, title__contains, title__icontains, title__startswith, \
         title__istartswith",
    );
    assert_mistake(
        "rating=4",
        "rating unknown_operator: unknown filter \"rating\"; did you mean \"rating__lt\"? accepted: rating__gte, \
         rating__lt",
    );
}

#[test]
fn hidden_and_undeclared_columns_answer_as_unknown_ones() {
    let code = |query: &str| authors(query).expect_err("refused")[0].code;
    for name in ["secret", "secret__eq", "email", "nonsense", "secret__isnull"] {
        assert_eq!(code(&format!("{name}=x")), "unknown_parameter", "{name}");
    }
    for name in ["secret", "email", "nonsense"] {
        assert_eq!(code(&format!("sort={name}")), "unknown_field", "{name}");
    }
    assert!(!mistakes(authors("nonsense=1&sort=nonsense")).concat().contains("secret"));
}

#[test]
fn a_repeated_parameter_is_refused() {
    assert_mistake("title=a&title=b", "title duplicate_parameter: given 2 times; it takes one value");
    assert_mistake("page=1&page=1&page=1", "page duplicate_parameter: given 3 times; it takes one value");
    assert_eq!(comparisons(&read("title=a&title__ne=b")).len(), 2);
}

#[test]
fn all_mistakes_are_told_at_once() {
    let codes: Vec<_> = books("titel=x&page=0&sort=nope&include=nope&per_page=1000&count=all&title=%ff&year=x")
        .expect_err("refused")
        .iter()
        .map(|error| error.code)
        .collect();
    assert_eq!(
        codes,
        [
            "malformed",
            "unknown_parameter",
            "invalid_value",
            "unknown_field",
            "unknown_relation",
            "invalid_value",
            "invalid_value",
            "invalid_value"
        ]
    );
}

#[test]
fn sort_takes_declared_columns_and_the_key() {
    let terms: Vec<_> = read("sort=-rating,year,id").sort.iter().map(|it| (it.column.name, it.descending)).collect();
    assert_eq!(terms, [("rating", true), ("published_year", false), ("id", false)]);
    assert_mistake(
        "sort=titel",
        "sort unknown_field: unknown sort column \"titel\"; did you mean \"title\"? sortable: id, title, rating, price, \
         year",
    );
    assert_mistake(
        "sort=isbn",
        "sort unknown_field: unknown sort column \"isbn\"; sortable: id, title, rating, price, year",
    );
    let terms: Vec<_> =
        read("sort=title,-title,id,title").sort.iter().map(|it| (it.column.name, it.descending)).collect();
    assert_eq!(terms, [("title", false), ("id", false)], "the first mention counts");
    assert_eq!(mistakes(books("sort=")).len(), 1);
    assert_eq!(mistakes(books("sort=title,,id")).len(), 1);
    assert_eq!(mistakes(books("sort=--title")).len(), 1);
}

#[test]
fn include_merges_paths_into_a_tree() {
    fn tree(includes: &[Include]) -> String {
        let shown = |it: &Include| match it.children.as_slice() {
            [] => it.relation.api_name.to_owned(),
            children => format!("{}({})", it.relation.api_name, tree(children)),
        };
        includes.iter().map(shown).collect::<Vec<_>>().join(" ")
    }
    let include = read("include=series.parent,authors,series,series.children,series.parent.children").include;
    assert_eq!(tree(&include), "series(parent(children) children) authors");
    assert_eq!(include[0].index, 1);
    assert_eq!(include[1].limit, 100);
}

#[test]
fn include_is_limited_to_declared_relations_and_to_a_depth() {
    assert_mistake(
        "include=autors",
        "include unknown_relation: unknown relation \"autors\"; did you mean \"authors\"? includable: authors, series, \
         reviews, cover, tags",
    );
    assert_mistake(
        "include=tags.books",
        "include unknown_relation: unknown relation \"books\" in \"tags.books\"; includable: none",
    );
    assert_mistake(
        "include=drafts",
        "include unknown_relation: unknown relation \"drafts\"; includable: authors, series, reviews, cover, tags",
    );
    assert_mistake(
        "include=authors.books.authors.books",
        "include too_deep: \"authors.books.authors.books\" goes 4 relations deep; 3 at most",
    );
    let many = |paths: usize| format!("include={}", vec!["authors.books.authors"; paths].join(","));
    assert_eq!(read(&many(20)).include.len(), 1);
    assert_mistake(&many(21), "include too_many: an include takes 20 paths at most");
}

#[test]
fn pages_are_numbers_that_never_overflow() {
    assert_eq!(read("page=3&per_page=100").page, Page { page: 3, per_page: 100 });
    for bad in ["0", "-1", "1.5", "", "+1", "%201", "99999999999999999999", "1e3", "NaN", "٣"] {
        let mistakes = mistakes(books(&format!("page={bad}")));
        assert!(mistakes[0].ends_with("cannot be taken: expected a whole number from 1"), "{mistakes:?}");
    }
    assert_mistake(
        "per_page=101",
        "per_page invalid_value: \"101\" cannot be taken: expected a whole number from 1 to 100",
    );
    assert_mistake(
        "page=5002",
        "page out_of_range: page 5002 begins after 100020 rows and a page may skip 100000 at most; walk the list by `cursor` instead, or narrow it with filters",
    );
    for huge in ["9223372036854775807", "9223372036854775808", "18446744073709551615"] {
        assert_eq!(books(&format!("page={huge}&per_page=100")).expect_err("refused")[0].code, "out_of_range");
    }
    assert_eq!(read("page=5001").page.page, 5001);
}

#[test]
fn a_list_is_read_by_page_or_walked_by_cursor() {
    let walked = read("cursor=&per_page=50");
    assert_eq!((walked.walk, walked.page.per_page, walked.count), (Some(Walk::Start), 50, CountMode::None));
    let cursor = "A".repeat(48);
    let walked = read(&format!("cursor={cursor}&count=exact"));
    assert_eq!((walked.walk, walked.count), (Some(Walk::From(cursor)), CountMode::Exact));
    assert_eq!((read("").walk, read("").count), (None, CountMode::Exact));
    assert_mistake(
        "page=1&cursor=",
        "cursor conflicting_parameters: given together with `page`; a list is read by page or walked by cursor",
    );
    for bad in ["x", "%3D", "AAAA", "A%20A", "cursor"] {
        let mistakes = mistakes(books(&format!("cursor={bad}&per_page=0")));
        assert_eq!(mistakes.len(), 2, "{mistakes:?}");
        assert!(mistakes[0].starts_with("cursor invalid_cursor: this is no cursor"), "{mistakes:?}");
    }
    assert_eq!(books("cursor=&cursor=").expect_err("refused")[0].code, "duplicate_parameter");
}

#[test]
fn q_searches_where_columns_are_declared_for_it() {
    let Filter::Search(columns, needle) = read("q=50%25").filter else { panic!("no search") };
    assert_eq!(columns.iter().map(|column| column.name).collect::<Vec<_>>(), ["title", "isbn"]);
    assert_eq!(needle, "50%");
    assert!(read("q=").filter.is_everything());
    assert_eq!(
        mistakes(books(&format!("q={}", "x".repeat(201)))),
        ["q invalid_value: expected at most 200 characters"]
    );
    assert_eq!(list(&options(&TAG_RESOURCE), "q=x").expect_err("refused")[0].code, "unknown_parameter");
    assert_eq!(list(&options(&TAG_RESOURCE), "include=x").expect_err("refused")[0].code, "unknown_parameter");
}

#[test]
fn count_has_three_modes() {
    assert_eq!(read("count=none").count, CountMode::None);
    assert_eq!(read("count=estimated").count, CountMode::Estimated);
    assert_mistake("count=", "count invalid_value: \"\" cannot be taken: expected exact, estimated or none");
}

#[test]
fn what_comes_later_is_unknown_now() {
    for name in ["fields", "author.status", "deleted"] {
        assert_eq!(books(&format!("{name}=1")).expect_err("refused")[0].code, "unknown_parameter", "{name}");
    }
}

#[test]
fn sizes_are_limited() {
    let values = |count: usize| vec!["id__in=1"; count].join("&");
    assert_eq!(comparisons(&read(&values(500)))[0].2.len(), 500);
    assert_mistake(&values(501), "id__in too_many: 501 values; a list takes 500 at most");

    let many: Vec<String> = (0..300).map(|number| format!("p{number}=1")).collect();
    let errors = books(&many.join("&")).expect_err("refused");
    assert_eq!(errors[0].code, "too_many");
    assert_eq!(errors.len(), 201);
    assert!(errors[1].detail.contains("accepted: count, cursor, page"), "{}", errors[1].detail);
    assert_eq!(errors[200].detail, "unknown parameter \"p199\"");
    assert_eq!(books(&vec!["id__in=1"; 6000].join("&")).expect_err("refused")[0].code, "too_many");
    assert_eq!(mistakes(books(&format!("sort={}", ",".repeat(60_000)))).len(), 51);
    assert_eq!(mistakes(books(&format!("include={}", ",".repeat(60_000)))).len(), 21);
    assert_eq!(books(&format!("title__contains={}", "x".repeat(1001))).expect_err("refused")[0].code, "invalid_value");
    let long = mistakes(books(&format!("{}=1", "n".repeat(60_000))));
    assert!(long[0].len() < 1_000);
}

#[test]
fn one_takes_only_what_is_loaded_with_it() {
    let options = options(&BOOK_RESOURCE);
    assert_eq!(one(&options, "include=authors&utm_source=x").expect("includes").include.len(), 1);
    assert_eq!(
        mistakes(one(&options, "page=1&includ=authors")),
        [
            "page unknown_parameter: unknown parameter \"page\"; accepted: include, include_count",
            "includ unknown_parameter: unknown parameter \"includ\"; did you mean \"include\"? accepted: include, include_count",
        ]
    );
}

#[test]
fn no_query_panics_and_what_is_read_is_within_its_limits() {
    let names = [
        "",
        "title",
        "id__in",
        "page",
        "per_page",
        "sort",
        "include",
        "q",
        "count",
        "__",
        "a__b__c",
        "title__",
        "__in",
        "%",
        "é",
        "🦀",
        "title%00",
        "sort%5B%5D",
        "page[]",
        "...",
        "id__in__in",
    ];
    let values = [
        "",
        "1",
        "-1",
        "9223372036854775808",
        "-9223372036854775809",
        "%",
        "%0",
        "%00",
        "%zz",
        "%ff%fe",
        "%ED%A0%80",
        "'; DROP TABLE books; --",
        "\" OR 1=1",
        "a.b.c.d.e.f.g",
        ",,,,",
        "--",
        "-",
        ".",
        "..",
        "é漢🦀",
        "{}",
        "null",
        "+",
        "=",
        "==",
        "true",
        "1e309",
        "NaN",
        "%F0%9F%A6%80",
        "series.parent.parent.parent",
    ];
    for name in names {
        for value in values {
            for query in
                [format!("{name}={value}"), format!("{name}={value}&{name}={value}"), format!("&&{name}&={value}")]
            {
                for resource in [&BOOK_RESOURCE, &AUTHOR_RESOURCE, &TAG_RESOURCE] {
                    let _ = one(&options(resource), &query);
                    if let Ok(list) = list(&options(resource), &query) {
                        assert!(list.page.offset() <= resource.max_offset);
                        assert!((1..=resource.max_per_page).contains(&list.page.per_page));
                    }
                }
            }
        }
    }
}

#[test]
fn options_say_more_of_what_is_included() {
    let list =
        read("include.reviews.limit=3&include.reviews.sort=-rating&include.reviews.rating__gte=4&include=reviews");
    let [reviews] = &list.include[..] else { panic!("{:?}", list.include) };
    assert_eq!((reviews.limit, reviews.limit_chosen), (3, true));
    assert_eq!((reviews.sort[0].column.name, reviews.sort[0].descending), ("rating", true));
    let of_reviews = ListQuery { filter: reviews.filter.clone(), ..ListQuery::new(&BOOKS) };
    assert_eq!(comparisons(&of_reviews), [("rating", Operator::Gte, vec![Value::I32(4)])]);
    let plain = read("include=reviews");
    assert_eq!((plain.include[0].limit, plain.include[0].limit_chosen), (100, false));

    let nested = read("include=authors.books&include.authors.books.limit=2&include.authors.name=Ann");
    assert_eq!(nested.include[0].children[0].limit, 2);
    assert!(!nested.include[0].filter.is_everything());
    let row = one(&options(&BOOK_RESOURCE), "include=reviews&include.reviews.limit=1").expect("a limit");
    assert_eq!(row.include[0].limit, 1);
}

#[test]
fn mistakes_in_options_are_named_with_what_is_accepted() {
    for (query, expected) in [
        (
            "include.reviews.limit=3",
            "include.reviews.limit not_included: it is an option of \"reviews\", which is not included; add that path to `include`",
        ),
        (
            "include=reviews&include.reviews.limt=3",
            "include.reviews.limt unknown_parameter: unknown option \"limt\" of \"reviews\"; did you mean \"limit\"? accepted: limit, sort, book_id, book_id__in, rating, rating__gte, rating__lt",
        ),
        (
            "include=reviews&include.reviews.rating__gt=3",
            "include.reviews.rating__gt unknown_operator: unknown filter \"rating__gt\"; did you mean \"rating__gte\"? accepted: rating, rating__gte, rating__lt",
        ),
        (
            "include=reviews&include.reviews.limit=101",
            "include.reviews.limit invalid_value: \"101\" cannot be taken: expected a whole number from 1 to 100",
        ),
        (
            "include=reviews&include.reviews.limit=1&include.reviews.limit=2",
            "include.reviews.limit duplicate_parameter: given 2 times; it takes one value",
        ),
        (
            "include=reviews&include.reviews.sort=ratng",
            "include.reviews.sort unknown_field: unknown sort column \"ratng\"; did you mean \"rating\"? sortable: id, rating",
        ),
        (
            "include=reviews&include.reviews.rating=x",
            "include.reviews.rating invalid_value: \"x\" cannot be taken: expected an integer from -2147483648 to 2147483647",
        ),
        (
            "include=series&include.series.limit=1",
            "include.series.limit unknown_parameter: unknown option \"limit\" of \"series\", which has one row at most; accepted: id, id__in",
        ),
        (
            "include=reviews&include.review.limit=1",
            "include.review.limit unknown_relation: unknown relation \"review\"; did you mean \"reviews\"? includable: authors, series, reviews, cover, tags",
        ),
        (
            "include=authors.books.authors&include.authors.books.authors.limit=1",
            "include.authors.books.authors.limit too_deep: \"authors.books.authors\" is 3 relations deep; options go 2 deep at most",
        ),
        (
            "include=reviews&include.reviews=1",
            "include.reviews unknown_parameter: \"include.reviews\" names no option; expected one, as in \"include.reviews.limit\"",
        ),
    ] {
        assert_mistake(query, expected);
    }
    let broken = mistakes(books("include=review&include.reviews.limit=3"));
    assert_eq!(broken.len(), 1, "an include that is refused says nothing about its options: {broken:?}");
}

#[test]
fn relations_to_many_are_counted() {
    let list = read("include_count=reviews,tags,reviews");
    let counted: Vec<_> = list.include_count.iter().map(|count| count.relation.api_name).collect();
    assert_eq!(counted, ["reviews", "tags"]);
    assert_eq!(
        mistakes(books("include_count=series,review")),
        [
            "include_count unknown_relation: \"series\" has one row at most, so there is nothing to count; countable: authors, reviews, tags",
            "include_count unknown_relation: unknown relation \"review\"; did you mean \"reviews\"? countable: authors, reviews, tags",
        ]
    );
}
