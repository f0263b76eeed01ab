//! A to-many is cut for each parent, and each relation brings 10,000 rows at most; what was cut is named.

use couplet::prelude::*;
use couplet_tests::{Answer, on_each_database};
use serde_json::json;

use super::models::*;
use super::support::*;

async fn books(api: &Api, number: usize) -> Vec<Book> {
    Book::create_many((0..number).map(|number| NewBook::new(format!("Book {number}"))), api.database()).await.unwrap()
}

async fn review(api: &Api, book: &Book, number: usize) {
    let reviews = (0..number).map(|_| NewReview::new(book.id, 3));
    Review::create_many(reviews, api.database()).await.unwrap();
}

/// How many rows of `relation` each item has.
fn sizes(list: &Answer, relation: &str) -> Vec<usize> {
    let items = list["/items"].as_array().unwrap();
    items.iter().map(|item| item[relation].as_array().unwrap().len()).collect()
}

on_each_database! {
    async fn a_to_many_is_cut_for_each_parent(database: TestDatabase) {
        let api = Api::start(&database).await;
        let books = books(&api, 3).await;
        for (book, number) in books.iter().zip([101, 100, 1]) {
            review(&api, book, number).await;
        }
        let list = api.get("/books?include=reviews.book").await.expect(200);
        assert_eq!(sizes(&list, "reviews"), [100, 100, 1]);
        assert_eq!((&list["/meta/truncated"], list.statements()), (&json!(["reviews"]), 3));
        assert_eq!(list["/items/0/reviews/99/id"], 100, "the first by key are shown");
        let uncut = api.get("/books?include=reviews&sort=-id&per_page=2").await;
        assert_eq!(uncut["/meta/truncated"], json!([]));
    }

    async fn a_cut_in_a_single_row_is_named_in_a_header(database: TestDatabase) {
        let api = Api::start(&database).await;
        let books = books(&api, 1).await;
        review(&api, &books[0], 101).await;
        let book = api.get("/books/1?include=reviews,tags").await.expect(200);
        assert_eq!(book["/reviews"].as_array().unwrap().len(), 100);
        assert_eq!(book.header("x-truncated"), Some("reviews"));
        assert_eq!(api.get("/books/1?include=tags").await.header("x-truncated"), None);
    }

    async fn a_row_that_is_shown_for_many_parents_counts_for_each(database: TestDatabase) {
        let api = Api::start(&database).await;
        let books = books(&api, 3).await;
        for book in &books {
            review(&api, book, 100).await;
        }
        let list = api.get("/books?include=reviews.book.reviews").await.expect(200);
        assert_eq!(list["/meta/truncated"], json!(["reviews.book.reviews"]));
        let reviews = list["/items"].as_array().unwrap().iter().flat_map(|book| book["reviews"].as_array().unwrap());
        let nested = reviews.map(|review| review["book"]["reviews"].as_array().unwrap().len()).sum::<usize>();
        assert_eq!(nested, 10_000, "not 30,000, though there are 300 rows");
    }

    async fn a_resource_sets_its_own_cap_and_nested_paths_are_named(database: TestDatabase) {
        let api = Api::start(&database).await;
        for tag in ["a", "b"] {
            api.create("/tags", json!({"name": tag})).await;
        }
        for title in ["One", "Two", "Three"] {
            let body = json!({"title": title, "tag_ids": if title == "Three" { json!(["a"]) } else { json!(["a", "b"]) }});
            let book = api.create("/books", body).await;
            for _ in 0..3 {
                api.create("/reviews", json!({"book_id": book["/id"], "rating": 1})).await;
            }
        }
        let tags = api.get("/tags?include=books.reviews").await.expect(200);
        assert_eq!((sizes(&tags, "books"), &tags["/meta/truncated"]), (vec![2, 2], &json!(["books", "books.reviews"])));
        assert_eq!(tags["/items/0/books/1/reviews"].as_array().unwrap().len(), 2);
    }

    async fn over_the_row_budget_one_further_statement_cuts_for_each_parent(database: TestDatabase) {
        let api = Api::start(&database).await;
        let books = books(&api, 100).await;
        let reviews = books.iter().flat_map(|book| (0..101).map(|_| NewReview::new(book.id, 3)));
        Review::create_many(reviews, api.database()).await.unwrap();
        let list = api.get("/books?per_page=100&include=reviews").await.expect(200);
        assert_eq!(sizes(&list, "reviews"), [100; 100]);
        assert_eq!((&list["/meta/truncated"], list.statements()), (&json!(["reviews"]), 3));
    }

    async fn a_many_to_many_is_cut_over_the_row_budget_too(database: TestDatabase) {
        let api = Api::start(&database).await;
        let books = books(&api, 5_001).await;
        for name in ["Ann", "Bob"] {
            let author = Author::create(NewAuthor::new(name), api.database()).await.unwrap();
            let links = books.iter().map(|book| NewBookAuthor::new(book.id, author.id));
            BookAuthor::create_many(links, api.database()).await.unwrap();
        }
        let list = api.get("/authors?include=books").await.expect(200);
        assert_eq!((sizes(&list, "books"), list.statements()), (vec![100, 100], 3));
        assert_eq!((&list["/items/1/books/99/title"], &list["/meta/truncated"]), (&json!("Book 99"), &json!(["books"])));
    }

    async fn one_parent_with_very_many_rows_takes_none_from_the_others(database: TestDatabase) {
        let api = Api::start(&database).await;
        let books = books(&api, 3).await;
        for (book, number) in books.iter().zip([10_001, 2, 1]) {
            review(&api, book, number).await;
        }
        let list = api.get("/books?include=reviews").await.expect(200);
        assert_eq!((sizes(&list, "reviews"), &list["/meta/truncated"]), (vec![100, 2, 1], &json!(["reviews"])));
    }

    async fn ten_thousand_rows_of_a_relation_are_the_most_in_one_answer(database: TestDatabase) {
        let api = Api::start(&database).await;
        let series = (0..1_000).map(|number| NewSeries::new(format!("Series {number}")));
        let series = Series::create_many(series, api.database()).await.unwrap();
        let parts = |number: i32| series.iter().map(move |series| NewBook {
            series_id: Some(series.id),
            ..NewBook::new(format!("Part {number}"))
        });
        Book::create_many((0..10).flat_map(parts), api.database()).await.unwrap();
        let whole = api.get("/series?per_page=1000&include=books").await.expect(200);
        assert_eq!((sizes(&whole, "books"), &whole["/meta/truncated"]), (vec![10; 1_000], &json!([])));

        Book::create_many(parts(10), api.database()).await.unwrap();
        let cut = api.get("/series?per_page=1000&include=books.series").await.expect(200);
        assert_eq!(sizes(&cut, "books").iter().sum::<usize>(), 10_000);
        assert_eq!((&cut["/meta/truncated"], cut.statements()), (&json!(["books"]), 4));
    }
}
