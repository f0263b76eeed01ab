//! `fields` chooses what rows show.

use couplet::crud;
use couplet::model::{Fields, Model};
use couplet::prelude::*;
use couplet::query::{Include, ListQuery};
use couplet_tests::{Answer, on_each_database};
use serde_json::{Value, json};

use super::models::*;
use super::support::*;

/// The names of the members of a JSON object, in their order.
fn names(row: &Value) -> Vec<&str> {
    row.as_object().unwrap().keys().map(String::as_str).collect()
}

/// The text of the member `name` in the text of a flat object.
fn raw<'a>(text: &'a str, name: &str, next: Option<&&str>) -> &'a str {
    let start = text.find(&format!("\"{name}\":")).unwrap_or_else(|| panic!("{name} is not in {text}"));
    let end = next.map_or(text.len() - 1, |next| text.find(&format!(",\"{next}\":")).unwrap());
    &text[start..end]
}

/// A row without the braces of the list around it.
fn first(list: &Answer) -> &Value {
    &list["/items/0"]
}

on_each_database! {
    async fn a_row_shows_what_is_asked_for_in_the_order_of_the_model(database: TestDatabase) {
        let api = Api::start(&database).await;
        api.create("/authors", json!({"name": "Ann", "email": "ann@example.org"})).await;
        for path in ["/authors?fields=email,id", "/authors?fields=email,id&sort=-name&per_page=1", "/authors?q=ann&fields=id,email"] {
            let list = api.get(path).await.expect(200);
            assert_eq!(first(&list), &json!({"id": 1, "email": "ann@example.org"}), "{path}");
            assert_eq!(names(first(&list)), ["id", "email"], "{path}");
            assert_eq!((list.statements(), &list["/meta/total"]), (1, &json!(1)));
        }
        assert_eq!(api.get("/authors/1?fields=name").await.expect(200).text(), r#"{"name":"Ann"}"#);
        assert_eq!(api.get("/authors?fields=name").await.expect(200).text().find(r#"[{"name":"Ann"}]"#), Some(9));
        assert_eq!(api.get("/authors/9?fields=name").await.expect(404).statements(), 1);
        let list = api.get("/authors?fields=name&per_page=1&page=1").await;
        assert!(list.header("link").unwrap().contains("fields=name"), "links keep what is asked for");
    }

    async fn computed_fields_may_be_asked_for(database: TestDatabase) {
        let api = Api::start(&database).await;
        api.create("/authors", json!({"name": "Ann"})).await;
        assert_eq!(api.get("/authors/1?fields=initial").await.expect(200).text(), r#"{"initial":"A"}"#);
        assert_eq!(api.get("/authors/1?fields=initial,name").await.text(), r#"{"name":"Ann","initial":"A"}"#);
        api.create("/essays", json!({"title": "One", "text": "two words"})).await;
        let found = api.get("/essays?q=words&fields=words,id").await.expect(200);
        assert_eq!(first(&found), &json!({"id": 1, "words": 2}));
    }

    async fn each_type_is_written_as_the_whole_row_writes_it(database: TestDatabase) {
        let api = Api::start(&database).await;
        let full = json!({
            "aBool": false, "small": -3, "medium": 7, "large": i64::MAX, "float": 0.1, "text": "a \"b\"\n\u{1}é🦀",
            "bytes": "AQL/", "uuid": "018f4c2e-7b1a-7c3d-9e4f-5a6b7c8d9e0f", "time": "2024-05-06T09:08:09.123456+02:00",
            "date": "2024-02-29", "decimal": "10.10", "json": {"b": [1, null, "x"], "a": {"c": 1.5}}, "state": "on_leave",
        });
        api.create("/every-types", full).await;
        api.create("/every-types", json!({})).await;
        for id in [1, 2] {
            let whole = api.get(&format!("/every-types/{id}")).await.expect(200);
            let whole_row = whole.json().clone();
            let all = names(&whole_row);
            assert_eq!(all.len(), 14);
            for (place, name) in all.iter().enumerate() {
                let chosen = api.get(&format!("/every-types/{id}?fields={name}")).await.expect(200);
                assert_eq!(chosen.text(), format!("{{{}}}", raw(&whole.text(), name, all.get(place + 1))), "{name}");
            }
            let every = api.get(&format!("/every-types/{id}?fields={}", all.join(","))).await.expect(200);
            assert_eq!(every.text(), whole.text());
        }
        let list = api.get("/every-types").await.expect(200);
        let all = names(first(&list)).join(",");
        assert_eq!(api.get(&format!("/every-types?fields={all}")).await.expect(200).text(), list.text());
    }

    async fn fields_go_by_the_names_of_the_api_and_keys_need_not_be_among_them(database: TestDatabase) {
        let api = Api::start(&database).await;
        api.create("/editions", json!({"countryCode": "de", "printNumber": 1, "label": "first"})).await;
        assert_eq!(api.get("/editions/de/1?fields=label,copiesSold").await.expect(200).text(), r#"{"label":"first","copiesSold":0}"#);
        assert_mistakes(&api.get("/editions?fields=name").await.expect(400), [("fields", "unknown_field")]);
    }

    async fn related_rows_are_shown_besides_the_fields(database: TestDatabase) {
        let api = Api::start(&database).await;
        api.create("/authors", json!({"name": "Ann"})).await;
        api.create("/books", json!({"title": "One", "author_ids": [1]})).await;
        api.create("/essays", json!({"title": "Short", "author_id": 1})).await;
        let list = api.get("/essays?fields=title&include=author.books,author.profile").await.expect(200);
        assert_eq!(names(first(&list)), ["title", "author"]);
        assert_eq!(first(&list)["author"]["name"], "Ann", "an included row is whole");
        assert_eq!(first(&list)["author"]["books"][0]["title"], "One");
        assert_eq!(list.statements(), 4);
        let list = api.get("/authors?fields=initial&include=books").await.expect(200);
        assert_eq!(names(first(&list)), ["initial", "books"]);
        let row = api.get("/essays/1?fields=id&include=author").await.expect(200);
        assert_eq!((names(row.json()), &row["/author/id"]), (vec!["id", "author"], &json!(1)));
    }

    async fn related_rows_show_what_an_include_asks_for(database: TestDatabase) {
        let db = connect(&database).await;
        let author = Author::create(NewAuthor::new("Ann"), &db).await.unwrap();
        let series = Series::create(NewSeries::new("Parts"), &db).await.unwrap();
        for title in ["One", "Two"] {
            let new = NewBook { series_id: Some(series.id), author_ids: Some(vec![author.id]), ..NewBook::new(title) };
            Book::create(new, &db).await.unwrap();
        }
        let only = |columns: &[usize], include: Include| {
            let fields = Some(Fields { columns: columns.to_vec(), computed: Vec::new() });
            Include { fields, ..include }
        };
        let of_series = only(&[1], Book::SERIES.into_include());
        let mut books = only(&[1], Author::BOOKS.into_include());
        books.children = vec![of_series];
        let query = ListQuery { include: vec![books], ..ListQuery::new(Author::META) };
        let query = ListQuery { fields: Some(Fields { columns: vec![1], computed: vec![0] }), ..query };
        let result = crud::list(&query, &mut db.session()).await.unwrap();
        let mut text = Vec::new();
        result.write_json(&mut text).unwrap();
        let items: Value = serde_json::from_slice(&text).unwrap();
        let book = |title| json!({"title": title, "series": {"name": "Parts"}});
        assert_eq!(items["items"], json!([{"name": "Ann", "initial": "A", "books": [book("One"), book("Two")]}]));
    }

    async fn lists_below_a_row_take_what_their_resource_does(database: TestDatabase) {
        let api = Api::start(&database).await;
        api.create("/authors", json!({"name": "Ann"})).await;
        api.create("/essays", json!({"title": "Desert", "author_id": 1})).await;
        api.create("/essays", json!({"title": "Desert, by nobody"})).await;
        let list = api.get("/authors/1/essays?q=des&fields=title").await.expect(200);
        assert_eq!((&list["/items"], list.statements()), (&json!([{"title": "Desert"}]), 1));
    }

    async fn every_mistake_is_named_and_what_is_not_shown_is_unknown(database: TestDatabase) {
        let api = Api::start(&database).await;
        api.create("/authors", json!({"name": "Ann"})).await;
        for path in ["/authors", "/authors/1"] {
            let problem = api.get(&format!("{path}?fields=nam,note,password,id,id")).await.expect(400);
            let expected = [
                ("fields", "unknown_field"),
                ("fields", "unknown_field"),
                ("fields", "unknown_field"),
                ("fields", "invalid_value"),
            ];
            assert_mistakes(&problem, expected);
            assert!(problem["/errors/0/detail"].as_str().unwrap().contains("did you mean \"name\"?"), "{problem}");
            assert_mistakes(&api.get(&format!("{path}?fields=")).await.expect(400), [("fields", "unknown_field")]);
        }
        assert_mistakes(&api.get("/books?fields=id").await.expect(400), [("fields", "unknown_parameter")]);
        assert_mistakes(&api.get("/books/1?fields=id").await.expect(400), [("fields", "unknown_parameter")]);
        assert_mistakes(&api.get("/authors/1/books?fields=id").await.expect(400), [("fields", "unknown_parameter")]);
    }
}
