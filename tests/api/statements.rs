//! The number of statements of each endpoint, whatever the number of rows.

use couplet::prelude::*;
use couplet_tests::on_each_database;
use serde_json::json;

use super::models::*;
use super::support::*;

on_each_database! {
    async fn an_include_takes_one_statement_for_1_10_and_1000_parents(database: TestDatabase) {
        let api = Api::start(&database).await;
        let mut root = None;
        for (more, all) in [(1, 1), (9, 10), (990, 1000)] {
            let new = (0..more).map(|number| NewSeries { parent_id: root, ..NewSeries::new(format!("Series {number}")) });
            let series = Series::create_many(new, api.database()).await.unwrap();
            root = root.or(Some(series[0].id));
            let books = series.iter().map(|series| NewBook { series_id: Some(series.id), ..NewBook::new("Part 1") });
            Book::create_many(books, api.database()).await.unwrap();

            let path = "/series?per_page=1000&include=parent,children.books.reviews,books.authors,books.tags";
            let list = api.get(path).await.expect(200);
            assert_eq!(column(&list, "id").len(), all);
            let items = list["/items"].as_array().unwrap();
            assert!(items.iter().all(|series| series["books"].as_array().unwrap().len() == 1), "for {all}");
            // What has no row to be looked for costs nothing: the parent and what comes after children.
            let expected = if all == 1 { 5 } else { 8 };
            assert_eq!(list.statements(), expected, "for {all}");
        }
    }

    async fn an_include_takes_one_statement_for_1_10_and_1000_related_rows(database: TestDatabase) {
        let api = Api::start(&database).await;
        let books = (0..10).map(|number| NewBook::new(format!("Book {number}")));
        let books = Book::create_many(books, api.database()).await.unwrap();
        for numbers in [0..1, 1..10, 10..1000] {
            let reviews = numbers.map(|number| NewReview::new(books[number % 10].id, 3));
            Review::create_many(reviews, api.database()).await.unwrap();
            assert_eq!(api.get("/books?include=reviews.book").await.expect(200).statements(), 3);
        }
        let list = api.get("/books?include=reviews").await;
        assert!(list["/items"].as_array().unwrap().iter().all(|book| book["reviews"].as_array().unwrap().len() == 100));
        assert_eq!(list["/meta/truncated"], json!([]), "100 of 100 are all");
    }

    async fn each_endpoint_takes_the_statements_that_it_should(database: TestDatabase) {
        let api = Api::start(&database).await;
        let author = api.create("/authors", json!({"name": "Ann"})).await;
        let book = api.create("/books", json!({"title": "One", "author_ids": [1]})).await;
        assert_eq!((author.statements(), book.statements()), (1, 2), "an insert, and one for the links");
        api.create("/books", json!({"title": "Two"})).await;

        assert_eq!(api.get("/books?per_page=1").await.statements(), 2, "the page and the count");
        assert_eq!(api.get("/books?per_page=1&include=authors").await.statements(), 3);
        assert_eq!(api.get("/books/1").await.statements(), 1);
        assert_eq!(api.get("/books/1?include=authors,series").await.statements(), 2, "there is no series to look for");
        assert_eq!(api.get("/books/9").await.expect(404).statements(), 1);
        assert_eq!(api.get("/authors/1/books").await.statements(), 1);
        assert_eq!(api.patch("/books/1", &json!({"year": 1})).await.expect(200).statements(), 1);
        assert_eq!(api.patch("/books/1", &json!({"year": 1, "author_ids": [1]})).await.expect(200).statements(), 3);
        assert_eq!(api.patch("/books/1", &json!({})).await.expect(200).statements(), 1);
        assert_eq!(api.put("/books/1", &json!({"title": "1"})).await.expect(200).statements(), 1);
        assert_eq!(api.patch("/books/9", &json!({"year": 1})).await.expect(404).statements(), 1);
        assert_eq!(api.delete("/books/1").await.expect(204).statements(), 1);
        assert_eq!(api.post("/books", &json!({})).await.expect(422).statements(), 0);
        for path in ["/health/live", "/openapi.json", "/metrics"] {
            assert_eq!(api.get(path).await.expect(200).statements(), 0, "{path}");
        }
    }
}
