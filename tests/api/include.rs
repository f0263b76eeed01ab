//! Related rows in an answer: of every kind of relation, nested, and only where they were asked for.

use couplet_tests::on_each_database;
use serde_json::{Value, json};

use super::support::*;

/// Two authors, one with a profile; two books of a series that is part of another; a review, a tag, an edition.
async fn shelf(api: &Api) {
    api.create("/authors", json!({"name": "Ursula"})).await;
    api.create("/authors", json!({"name": "Terry"})).await;
    api.create("/profiles", json!({"author_id": 1, "text": "Of Earthsea"})).await;
    api.create("/series", json!({"name": "World"})).await;
    api.create("/series", json!({"name": "Part", "parent_id": 1})).await;
    api.create("/tags", json!({"name": "sf/fantasy"})).await;
    let both = json!({"title": "One", "series_id": 2, "author_ids": [1, 2], "tag_ids": ["sf/fantasy"]});
    api.create("/books", both).await;
    api.create("/books", json!({"title": "Two"})).await;
    api.create("/reviews", json!({"book_id": 1, "rating": 5})).await;
    api.create("/editions", json!({"countryCode": "de", "printNumber": 1, "label": "first", "bookId": 1})).await;
}

/// The values of `member` of an array's objects.
#[track_caller]
fn each<'a>(array: &'a Value, member: &str) -> Vec<&'a Value> {
    array.as_array().unwrap_or_else(|| panic!("no array: {array}")).iter().map(|item| &item[member]).collect()
}

on_each_database! {
    async fn what_is_not_included_is_absent(database: TestDatabase) {
        let api = Api::start(&database).await;
        shelf(&api).await;
        let book = api.get("/books/1").await.expect(200);
        let expected = json!({"id": 1, "title": "One", "year": null, "rating": 0.0, "series_id": 2});
        assert_eq!((book.json(), book.statements()), (&expected, 1));
        assert_eq!(api.get("/books").await["/items/0"], expected);
        let with_one = api.get("/books?include=series").await;
        assert_eq!(with_one["/items/0"].get("reviews"), None);
    }

    async fn every_kind_of_relation_is_included(database: TestDatabase) {
        let api = Api::start(&database).await;
        shelf(&api).await;
        let books = api.get("/books?include=authors,reviews,tags,series").await.expect(200);
        assert_eq!(each(&books["/items/0/authors"], "name"), ["Ursula", "Terry"]);
        assert_eq!(each(&books["/items/0/reviews"], "rating"), [5]);
        assert_eq!(books["/items/0/tags"], json!([{"name": "sf/fantasy", "color": null}]));
        assert_eq!(books["/items/0/series"], json!({"id": 2, "name": "Part", "parent_id": 1}));
        for to_many in ["authors", "reviews", "tags"] {
            assert_eq!(books["/items/1"][to_many], json!([]), "{to_many}");
        }
        assert_eq!(books["/items/1/series"], json!(null));
        assert_eq!((&books["/meta/truncated"], books.statements()), (&json!([]), 5));

        let authors = api.get("/authors?include=profile,books").await.expect(200);
        assert_eq!((&authors["/items/0/profile/text"], &authors["/items/1/profile"]), (&json!("Of Earthsea"), &json!(null)));
        assert_eq!(each(&authors["/items/1/books"], "title"), ["One"]);
        let profile = api.get("/profiles?include=author").await;
        assert_eq!(profile["/items/0/author/name"], "Ursula");
        let tags = api.get("/tags?include=books").await;
        assert_eq!(each(&tags["/items/0/books"], "id"), [1]);
        let links = api.get("/book-authors?include=book,author").await.expect(200);
        assert_eq!((&links["/items/1/book/title"], &links["/items/1/author/name"]), (&json!("One"), &json!("Terry")));
        let edition = api.get("/editions/de/1?include=book").await.expect(200);
        assert_eq!((&edition["/book/title"], edition.statements()), (&json!("One"), 2));
    }

    async fn a_relation_of_a_table_to_itself_goes_both_ways(database: TestDatabase) {
        let api = Api::start(&database).await;
        shelf(&api).await;
        let series = api.get("/series?include=parent,children.children,children.parent").await.expect(200);
        assert_eq!(series.statements(), 5);
        assert_eq!(series["/items/0/parent"], json!(null));
        assert_eq!((&series["/items/0/children/0/name"], &series["/items/0/children/0/children"]), (&json!("Part"), &json!([])));
        assert_eq!(series["/items/0/children/0/parent/name"], "World");
        assert_eq!((&series["/items/1/parent/name"], &series["/items/1/children"]), (&json!("World"), &json!([])));
    }

    async fn includes_nest_and_go_round_in_circles_as_far_as_they_may(database: TestDatabase) {
        let api = Api::start(&database).await;
        shelf(&api).await;
        let authors = api.get("/authors?include=books.reviews.book").await.expect(200);
        assert_eq!(authors["/items/0/books/0/reviews/0/book/title"], "One");
        assert_eq!(authors["/items/0/books/0/reviews/0/book"].get("reviews"), None);
        assert_eq!(authors.statements(), 4);
        let circle = api.get("/books/1?include=authors.books.authors").await.expect(200);
        assert_eq!(each(&circle["/authors/0/books/0/authors"], "name"), ["Ursula", "Terry"]);
        assert_eq!(circle.statements(), 4);
        let problem = api.get("/authors?include=books.reviews.book.series").await.expect(400);
        assert_mistakes(&problem, [("include", "too_deep")]);
        api.get("/series?include=parent.parent.parent.parent.parent").await.expect(200);
        api.get("/series?include=parent.parent.parent.parent.parent.parent").await.expect(400);
    }

    async fn paths_that_begin_alike_are_one(database: TestDatabase) {
        let api = Api::start(&database).await;
        shelf(&api).await;
        let authors = api.get("/authors?include=books,books.reviews,books.series,books").await.expect(200);
        assert_eq!(authors["/items/0/books/0/reviews/0/rating"], 5);
        assert_eq!(authors["/items/0/books/0/series/name"], "Part");
        assert_eq!(authors.text().matches("\"books\":").count(), 2, "once for each author");
        assert_eq!(authors.statements(), 4);
    }

    async fn a_relation_that_is_none_names_the_nearest(database: TestDatabase) {
        let api = Api::start(&database).await;
        for (path, hint) in [
            ("/books?include=autors,series.paernt", "did you mean \\\"authors\\\"?"),
            ("/books/1?include=series.paernt,autors", "in \\\"series.paernt\\\"; did you mean \\\"parent\\\"?"),
        ] {
            let problem = api.get(path).await.expect(400);
            assert_mistakes(&problem, [("include", "unknown_relation"), ("include", "unknown_relation")]);
            assert!(problem.text().contains(hint), "{problem}");
        }
        assert_mistakes(&api.get("/books?include=").await.expect(400), [("include", "unknown_relation")]);
        assert_mistakes(&api.get("/books/1?sort=id").await.expect(400), [("sort", "unknown_parameter")]);
    }
}
