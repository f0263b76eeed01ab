//! Lists that are walked by cursor, over HTTP.

use couplet::prelude::*;
use couplet::sql::Dialect;
use couplet::testing::TestApp;
use couplet_tests::{Answer, Client, on_each_database};
use serde_json::json;

use super::models::*;
use super::support::*;

async fn books(api: &Api, number: usize) {
    let new = (1..=number).map(|number| NewBook::new(format!("Book {number:02}")));
    Book::create_many(new, api.database()).await.unwrap();
}

/// The target of a link, by its relation.
fn link<'a>(list: &'a Answer, rel: &str) -> Option<&'a str> {
    let links = list.header("link")?.split(", ");
    links
        .filter_map(|link| link.strip_prefix('<')?.split_once(">; rel="))
        .find_map(|(target, name)| (name.trim_matches('"') == rel).then_some(target))
}

fn cursor(list: &Answer, which: &str) -> Option<String> {
    list[&format!("/meta/{which}")].as_str().map(str::to_owned)
}

fn next(list: &Answer) -> String {
    cursor(list, "next_cursor").unwrap_or_else(|| panic!("no next cursor: {list}"))
}

on_each_database! {
    async fn a_walk_goes_to_the_end_and_back(database: TestDatabase) {
        let api = Api::start(&database).await;
        books(&api, 7).await;
        let mut pages = Vec::new();
        let mut list = api.get("/books?cursor=&per_page=3&sort=-title").await.expect(200);
        assert_eq!((cursor(&list, "prev_cursor"), link(&list, "prev")), (None, None));
        loop {
            pages.push(column(&list, "id"));
            assert_eq!(list.statements(), 1, "{list}");
            assert_eq!(list["/meta/has_more"], json!(link(&list, "next").is_some()));
            assert_eq!(link(&list, "first"), Some("/books?cursor=&per_page=3&sort=-title"));
            let Some(target) = link(&list, "next").map(str::to_owned) else { break };
            list = api.get(&target).await.expect(200);
        }
        assert_eq!(pages, [vec!["7", "6", "5"], vec!["4", "3", "2"], vec!["1"]]);
        for page in [["4", "3", "2"], ["7", "6", "5"]] {
            list = api.get(link(&list, "prev").unwrap()).await.expect(200);
            assert_eq!((column(&list, "id"), &list["/meta/has_more"]), (page.map(str::to_owned).to_vec(), &json!(true)));
        }
        assert_eq!((cursor(&list, "prev_cursor"), link(&list, "prev")), (None, None));
        let forward = api.get(link(&list, "next").unwrap()).await.expect(200);
        assert_eq!(column(&forward, "id"), ["4", "3", "2"]);
    }

    async fn padding_is_no_part_of_a_text(database: TestDatabase) {
        let api = Api::start(&database).await;
        if api.database().dialect() == Dialect::Postgres {
            let padded = "ALTER TABLE authors ALTER COLUMN name TYPE char(20), ALTER COLUMN status TYPE char(20)";
            // A trigger that names a column keeps it as it is.
            couplet::db::tokens::loosen(api.database()).await.unwrap();
            couplet::sql(padded).execute(api.database()).await.unwrap();
        }
        let new = ["Ann", "Ann", "Anna", "Ann"].map(NewAuthor::new);
        let authors = Author::create_many(new, api.database()).await.unwrap();
        assert_eq!((authors[0].name.as_str(), authors[0].status), ("Ann", Status::Active));
        for (sort, expected) in [("name", ["1", "2", "4", "3"]), ("-name", ["3", "4", "2", "1"]), ("status,-name", ["3", "4", "2", "1"])] {
            let (mut ids, mut list) = (Vec::new(), api.get(&format!("/authors?cursor=&per_page=1&sort={sort}")).await.expect(200));
            while ids.len() < 10 {
                ids.extend(column(&list, "id"));
                let Some(target) = link(&list, "next").map(str::to_owned) else { break };
                list = api.get(&target).await.expect(200);
            }
            assert_eq!(ids, expected, "{sort}");
        }
    }

    async fn meta_has_every_key_and_no_page(database: TestDatabase) {
        let api = Api::start(&database).await;
        books(&api, 3).await;
        let list = api.get("/books?cursor=&per_page=2").await.expect(200);
        let meta = json!({
            "page": null, "per_page": 2, "total": null, "pages": null, "count": "none", "has_more": true,
            "next_cursor": next(&list), "prev_cursor": null, "truncated": [],
        });
        assert_eq!(list["/meta"], meta);
        let counted = api.get(&format!("/books?cursor={}&per_page=2&count=exact", next(&list))).await.expect(200);
        assert_eq!((&counted["/meta/total"], &counted["/meta/count"]), (&json!(3), &json!("exact")));
        assert_eq!(counted.statements(), 2, "how many rows lie before is not known");
        let whole = api.get("/books?cursor=&count=exact").await.expect(200);
        assert_eq!((&whole["/meta/total"], whole.statements()), (&json!(3), 1));
        let empty = api.get("/tags?cursor=").await.expect(200);
        assert_eq!((&empty["/items"], cursor(&empty, "next_cursor"), cursor(&empty, "prev_cursor")), (&json!([]), None, None));
    }

    async fn a_page_leads_into_a_walk_without_a_statement_more(database: TestDatabase) {
        let api = Api::start(&database).await;
        books(&api, 5).await;
        let page = api.get("/books?page=2&per_page=2&count=none").await.expect(200);
        assert_eq!((page.statements(), &page["/meta/page"]), (1, &json!(2)));
        let after = api.get(&format!("/books?cursor={}&per_page=2", next(&page))).await.expect(200);
        assert_eq!(column(&after, "id"), ["5"]);
        let before = api.get(&format!("/books?cursor={}", cursor(&page, "prev_cursor").unwrap())).await.expect(200);
        assert_eq!(column(&before, "id"), ["1", "2"]);
        let first = api.get("/books").await.expect(200);
        assert_eq!((cursor(&first, "next_cursor"), cursor(&first, "prev_cursor")), (None, None));
        let beyond = api.get("/books?page=9&per_page=2").await.expect(200);
        assert_eq!(cursor(&beyond, "next_cursor"), None);
        let last = format!("/books?cursor={}&per_page=2", cursor(&beyond, "prev_cursor").unwrap());
        assert_eq!(column(&api.get(&last).await.expect(200), "id"), ["4", "5"]);
        for at in [link(&page, "next"), link(&page, "prev")] {
            assert!(at.unwrap().starts_with("/books?page="), "{page}");
        }
    }

    async fn the_size_may_change_and_includes_and_counts_too(database: TestDatabase) {
        let api = Api::start(&database).await;
        books(&api, 6).await;
        let list = api.get("/books?cursor=&per_page=1").await.expect(200);
        let list = api.get(&format!("/books?cursor={}&per_page=4&include=reviews", next(&list))).await.expect(200);
        assert_eq!(column(&list, "id"), ["2", "3", "4", "5"]);
        assert_eq!(list["/items/0/reviews"], json!([]));
        let back = format!("/books?per_page=100&cursor={}", cursor(&list, "prev_cursor").unwrap());
        assert_eq!(column(&api.get(&back).await.expect(200), "id"), ["1"]);
    }

    async fn a_cursor_belongs_to_one_list(database: TestDatabase) {
        let api = Api::start(&database).await;
        books(&api, 9).await;
        let by_title = next(&api.get("/books?cursor=&per_page=2&sort=title&title__in=Book%2001&title__in=Book%2002&title__in=Book%2003").await.expect(200));
        let same = "title__in=Book%2003&title__in=Book%2001&title__in=Book%2003&title__in=Book%2002";
        let list = api.get(&format!("/books?{same}&sort=title,id&cursor={by_title}")).await.expect(200);
        assert_eq!(column(&list, "id"), ["3"], "reordered and repeated values are the same question");
        for other in [
            format!("/books?cursor={by_title}"),
            format!("/books?{same}&cursor={by_title}"),
            format!("/books?{same}&sort=-title&cursor={by_title}"),
            format!("/books?{same}&sort=title&rating=0&cursor={by_title}"),
            format!("/books?sort=title&title__in=Book%2001&title__in=Book%2002&cursor={by_title}"),
            format!("/books?{same}&sort=title&q=Book&cursor={by_title}"),
        ] {
            let problem = api.get(&other).await.expect(400);
            assert_mistakes(&problem, [("cursor", "cursor_mismatch")]);
            assert!(problem.header("server-timing").is_some_and(|timing| timing.contains("0 queries")), "{problem}");
        }
        for name in ["a", "b", "c"] {
            api.create("/tags", json!({"name": name})).await;
            api.create("/series", json!({"name": name})).await;
        }
        let tags = next(&api.get("/tags?cursor=&per_page=1").await.expect(200));
        for other in ["/series", "/books", "/authors"] {
            assert_mistakes(&api.get(&format!("{other}?cursor={tags}")).await.expect(400), [("cursor", "cursor_mismatch")]);
        }
    }

    async fn what_is_no_cursor_is_refused(database: TestDatabase) {
        let api = Api::start(&database).await;
        books(&api, 3).await;
        let good = next(&api.get("/books?cursor=&per_page=1").await.expect(200));
        let flipped = |at: usize| {
            let mut text = good.clone().into_bytes();
            text[at] = if text[at] == b'A' { b'B' } else { b'A' };
            String::from_utf8(text).unwrap()
        };
        let mut bad: Vec<String> = (0..good.len() - 1).map(flipped).collect();
        bad.extend((1..good.len()).map(|length| good[..length].to_owned()));
        bad.extend([format!("{good}AAAA"), format!("{good}="), good.to_lowercase(), "x".to_owned(), "null".to_owned()]);
        bad.extend(["%00", "%F0%9F%A6%80", "1", "'; DROP TABLE books; --"].map(str::to_owned));
        bad.push("A".repeat(15_000));
        for cursor in bad {
            let problem = api.get(&format!("/books?cursor={}", cursor.replace(' ', "%20"))).await.expect(400);
            assert_mistakes(&problem, [("cursor", "invalid_cursor")]);
            assert!(problem.header("server-timing").is_some_and(|timing| timing.contains("0 queries")), "{problem}");
        }
        let huge = api.get(&format!("/books?cursor={}", "A".repeat(20_000))).await;
        assert_eq!(huge.status(), 414, "{huge}");
        api.get(&format!("/books?cursor={good}")).await.expect(200);
    }

    async fn page_and_cursor_exclude_each_other_and_every_mistake_is_named(database: TestDatabase) {
        let api = Api::start(&database).await;
        let problem = api.get("/books?page=1&cursor=").await.expect(400);
        assert_mistakes(&problem, [("cursor", "conflicting_parameters")]);
        let problem = api.get("/books?cursor=x&per_page=0&sort=titel").await.expect(400);
        assert_mistakes(&problem, [("cursor", "invalid_cursor"), ("per_page", "invalid_value"), ("sort", "unknown_field")]);
        assert_mistakes(&api.get("/books?cursor=&cursor=").await.expect(400), [("cursor", "duplicate_parameter")]);
    }

    async fn a_base_filter_and_a_parent_are_part_of_what_is_listed(database: TestDatabase) {
        let whole = Api::start(&database).await;
        let authors = two_authors(&whole).await;
        let all = next(&whole.get("/books?cursor=&per_page=1").await.expect(200));
        let below = next(&whole.get(&format!("/authors/{}/books?cursor=&per_page=1", authors.0)).await.expect(200));
        let other = whole.get(&format!("/authors/{}/books?cursor={below}", authors.1)).await.expect(400);
        assert_mistakes(&other, [("cursor", "cursor_mismatch")]);
        assert_mistakes(&whole.get(&format!("/books?cursor={below}")).await.expect(400), [("cursor", "cursor_mismatch")]);
        let rest = whole.get(&format!("/authors/{}/books?cursor={below}", authors.0)).await.expect(200);
        assert_eq!((column(&rest, "id"), rest.statements()), (vec!["2".to_owned()], 1));

        let narrowed = couplet::App::new(config(&database)).resource_with::<Book>(|books| books.filter(Book::RATING.lt(1.0)));
        let narrowed = Api::of(narrowed).await;
        assert_mistakes(&narrowed.get(&format!("/books?cursor={all}")).await.expect(400), [("cursor", "cursor_mismatch")]);
        let own = next(&narrowed.get("/books?cursor=&per_page=1").await.expect(200));
        assert_eq!(column(&narrowed.get(&format!("/books?cursor={own}")).await.expect(200), "id"), ["2"]);
    }

    async fn a_boundary_row_may_go(database: TestDatabase) {
        let api = Api::start(&database).await;
        books(&api, 5).await;
        let list = api.get("/books?cursor=&per_page=2&sort=title").await.expect(200);
        let middle = api.get(&format!("/books?sort=title&per_page=2&cursor={}", next(&list))).await.expect(200);
        for id in [1, 2, 3, 4] {
            api.delete(&format!("/books/{id}")).await.expect(204);
        }
        let after = api.get(&format!("/books?sort=title&cursor={}", next(&list))).await.expect(200);
        assert_eq!(column(&after, "id"), ["5"]);
        let before = format!("/books?sort=title&cursor={}", cursor(&middle, "prev_cursor").unwrap());
        let before = api.get(&before).await.expect(200);
        assert_eq!((&before["/items"], cursor(&before, "prev_cursor")), (&json!([]), None));
        let again = api.get(&format!("/books?sort=title&cursor={}", next(&before))).await.expect(200);
        assert_eq!(column(&again, "id"), ["5"], "what lies after nothing is everything");

        let end = next(&middle);
        api.delete("/books/5").await.expect(204);
        api.create("/books", json!({"title": "Book 00"})).await;
        let beyond = api.get(&format!("/books?sort=title&cursor={end}")).await.expect(200);
        assert_eq!((&beyond["/items"], cursor(&beyond, "next_cursor")), (&json!([]), None));
        let back = format!("/books?sort=title&cursor={}", cursor(&beyond, "prev_cursor").unwrap());
        assert_eq!(column(&api.get(&back).await.expect(200), "title"), ["Book 00"]);
    }

    async fn a_cursor_outlives_the_instance_that_signed_it(database: TestDatabase) {
        let one = Api::start(&database).await;
        books(&one, 3).await;
        let two = Api::start(&database).await;
        let cursor = next(&one.get("/books?cursor=&per_page=1").await.expect(200));
        assert_eq!(column(&two.get(&format!("/books?cursor={cursor}")).await.expect(200), "id"), ["2", "3"]);
        drop((one, two));
        let three = Api::start(&database).await;
        assert_eq!(column(&three.get(&format!("/books?cursor={cursor}")).await.expect(200), "id"), ["2", "3"]);
    }

    async fn a_key_of_the_settings_can_be_changed_while_clients_walk(database: TestDatabase) {
        let with = async |keys: &[&str]| {
            let mut config = config(&database);
            config.pagination.cursor_keys = keys.iter().map(|key| (*key).into()).collect();
            Api::of(catalogue(config)).await
        };
        let old = with(&["the old key"]).await;
        books(&old, 3).await;
        let cursor = next(&old.get("/books?cursor=&per_page=1").await.expect(200));
        let path = format!("/books?cursor={cursor}");
        let both = with(&["the new key", "the old key"]).await;
        assert_eq!(column(&both.get(&path).await.expect(200), "id"), ["2", "3"]);
        let signed = next(&both.get("/books?cursor=&per_page=1").await.expect(200));
        let new = with(&["the new key"]).await;
        assert_mistakes(&new.get(&path).await.expect(400), [("cursor", "invalid_cursor")]);
        assert_eq!(column(&new.get(&format!("/books?cursor={signed}")).await.expect(200), "id"), ["2", "3"]);
    }

    async fn a_list_written_by_hand_is_walked_too(database: TestDatabase) {
        let api = Api::of(catalogue(config(&database)).api(Shelf)).await;
        for year in [1800, 1810, 1820, 1950] {
            api.create("/books", json!({"title": "A", "year": year})).await;
        }
        let mut seen = Vec::new();
        let mut cursor = Some(String::new());
        while let Some(at) = cursor {
            let list = api.get(&format!("/old?sort=-year&per_page=2&cursor={at}")).await.expect(200);
            seen.extend(column(&list, "year"));
            cursor = self::cursor(&list, "next_cursor");
        }
        assert_eq!(seen, ["1820", "1810", "1800"]);
        let derived = next(&api.get("/books?sort=-year&per_page=2&cursor=").await.expect(200));
        let problem = api.get(&format!("/old?sort=-year&cursor={derived}")).await.expect(400);
        assert_mistakes(&problem, [("cursor", "cursor_mismatch")]);
    }
}

/// Two authors, each with two books.
async fn two_authors(api: &Api) -> (i64, i64) {
    let mut authors = Vec::new();
    for name in ["Ann", "Ben"] {
        authors.push(Author::create(NewAuthor::new(name), api.database()).await.unwrap().id);
    }
    for author in &authors {
        for _ in 0..2 {
            let new = NewBook { author_ids: Some(vec![*author]), ..NewBook::new("One") };
            Book::create(new, api.database()).await.unwrap();
        }
    }
    // The narrowed resource shows the first two.
    for id in [3, 4] {
        Book::update(id, BookPatch { rating: 1.0.into(), ..Default::default() }, api.database()).await.unwrap();
    }
    (authors[0], authors[1])
}

struct Shelf;

#[poem_openapi::OpenApi]
impl Shelf {
    /// Books that are old enough.
    #[oai(path = "/old", method = "get")]
    async fn old(
        &self,
        list: couplet::http::ListQuery<Book>,
        db: poem::web::Data<&Database>,
    ) -> Result<couplet::crud::Page<Book>, couplet::http::Problem> {
        Ok(list.filter(Book::YEAR.lt(1900)).fetch(*db).await?)
    }
}

#[tokio::test]
async fn an_app_in_tests_walks_as_well() {
    let app = TestApp::start(couplet::App::resource::<Series>).await.unwrap();
    let client = Client::new(app.url());
    for name in ["a", "b"] {
        client.post("/series", &json!({"name": name})).await.expect(201);
    }
    let list = client.get("/series?cursor=&per_page=1").await.expect(200);
    let rest = client.get(&format!("/series?cursor={}", next(&list))).await.expect(200);
    assert_eq!(column(&rest, "name"), ["b"]);
    app.stop().await.unwrap();
}
