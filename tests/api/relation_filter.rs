//! Filters by columns of related rows: parents that have such a row, each once.

use couplet::App;
use couplet::crud::Page;
use couplet::http::{ListQuery, Problem};
use couplet::prelude::*;
use couplet_tests::on_each_database;
use poem::web::Data;
use poem_openapi::OpenApi;
use serde_json::json;

use super::models::*;
use super::support::*;

struct Shelf;

#[OpenApi]
impl Shelf {
    /// Books that can be bought.
    #[oai(path = "/shelf", method = "get")]
    async fn list(&self, list: ListQuery<Book>, db: Data<&Database>) -> Result<Page<Book>, Problem> {
        Ok(list.filter(Book::TITLE.ne("Four")).fetch(*db).await?)
    }
}

/// Three authors, four books: `One` of Ann, `Two` of Ann and Bob, `Three` of Eve, `Four` of nobody.
async fn fill(api: &Api) {
    for author in [
        json!({"name": "Ann", "email": "ann@example.org"}),
        json!({"name": "Bob", "status": "on_leave"}),
        json!({"name": "Eve", "status": "on_leave", "email": "eve@example.org"}),
    ] {
        api.create("/authors", author).await;
    }
    for tag in ["new", "old"] {
        api.create("/tags", json!({"name": tag})).await;
    }
    for series in [
        json!({"name": "World"}),
        json!({"name": "Land", "parent_id": 1}),
        json!({"name": "Town", "parent_id": 2}),
        json!({"name": "World"}),
    ] {
        api.create("/series", series).await;
    }
    for book in [
        json!({"title": "One", "author_ids": [1], "series_id": 1, "tag_ids": ["new"], "rating": 4.0, "year": 1969}),
        json!({"title": "Two", "author_ids": [1, 2], "series_id": 2, "tag_ids": ["new", "old"], "rating": 3.0}),
        json!({"title": "Three", "author_ids": [3], "series_id": 3, "year": 1990}),
        json!({"title": "Four"}),
    ] {
        api.create("/books", book).await;
    }
    for (book, rating) in [(1, 5), (1, 5), (1, 2), (2, 4), (3, 1)] {
        api.create("/reviews", json!({"book_id": book, "rating": rating})).await;
    }
    api.create("/profiles", json!({"author_id": 2, "text": "Lives by the sea"})).await;
}

impl Api {
    /// The titles of the books that a query finds, in the order of their keys.
    #[track_caller]
    fn titles(&self, query: &str) -> impl Future<Output = Vec<String>> {
        let path = format!("/books?{query}");
        async move { self.column(&path, "title").await }
    }
}

on_each_database! {
    async fn each_kind_of_relation_is_filtered_by(database: TestDatabase) {
        let api = Api::start(&database).await;
        fill(&api).await;
        assert_eq!(api.titles("authors.status=on_leave").await, ["Two", "Three"], "many-to-many");
        assert_eq!(api.titles("tags.name=old").await, ["Two"], "many-to-many by a text");
        assert_eq!(api.titles("reviews.rating__gte=4").await, ["One", "Two"], "has-many");
        assert_eq!(api.titles("series.name=World").await, ["One"], "belongs-to");
        assert_eq!(api.column("/authors?profile.text__icontains=SEA", "name").await, ["Bob"], "has-one");
        assert_eq!(api.column("/series?parent.name=World", "name").await, ["Land"], "belongs-to itself");
        assert_eq!(api.column("/series?children.name=Town", "name").await, ["Land"], "has-many of itself");
        api.create("/editions", json!({"countryCode": "de", "printNumber": 1, "label": "a", "bookId": 1})).await;
        api.create("/editions", json!({"countryCode": "fr", "printNumber": 1, "label": "b", "bookId": 3})).await;
        assert_eq!(api.column("/editions?book.year__lt=1970", "label").await, ["a"], "of a composite key");
    }

    async fn paths_lead_over_several_relations(database: TestDatabase) {
        let api = Api::start(&database).await;
        fill(&api).await;
        assert_eq!(api.titles("series.parent.name=World").await, ["Two"]);
        assert_eq!(api.titles("series.parent.parent.name=World").await, ["Three"]);
        assert_eq!(api.titles("series.name=Town&series.parent.name=Land").await, ["Three"]);
        assert_eq!(api.titles("series.name=Town&series.parent.name=World").await, [""; 0]);
        assert_eq!(api.column("/authors?books.reviews.rating=1", "name").await, ["Eve"]);
        assert_eq!(api.column("/authors?books.authors.name=Bob", "name").await, ["Ann", "Bob"], "and back again");
    }

    async fn conditions_below_one_path_hold_for_the_same_row(database: TestDatabase) {
        let api = Api::start(&database).await;
        fill(&api).await;
        assert_eq!(api.titles("authors.name=Ann&authors.status=active").await, ["One", "Two"]);
        assert_eq!(api.titles("authors.name=Ann&authors.status=on_leave").await, [""; 0], "Two has one of each only");
        assert_eq!(api.titles("reviews.rating__gte=3&reviews.rating__lt=5").await, ["Two"], "One has 5 and 2 only");
        assert_eq!(api.column("/authors?books.year__gte=1960&books.reviews.rating=2", "name").await, ["Ann"]);
        assert_eq!(api.column("/authors?books.title=Two&books.reviews.rating=2", "name").await, [""; 0]);
    }

    async fn every_operator_means_what_it_means_on_a_column_of_the_related_row(database: TestDatabase) {
        let api = Api::start(&database).await;
        fill(&api).await;
        assert_eq!(api.titles("authors.email__isnull=true").await, ["Two"], "an author without one, not a book without authors");
        assert_eq!(api.titles("authors.email__isnull=false").await, ["One", "Two", "Three"]);
        assert_eq!(api.titles("authors.name__ne=Ann").await, ["Two", "Three"], "some author is another");
        assert_eq!(api.titles("authors.name__not_in=Ann&authors.name__not_in=Bob").await, ["Three"]);
        assert_eq!(api.titles("authors.name__in=Bob&authors.name__in=Eve").await, ["Two", "Three"]);
        assert_eq!(api.titles("authors.name__startswith=E").await, ["Three"]);
        assert_eq!(api.titles("authors.name__contains=%25").await, [""; 0], "literal");
    }

    async fn totals_are_right_and_no_row_comes_twice(database: TestDatabase) {
        let api = Api::start(&database).await;
        fill(&api).await;
        let list = api.get("/books?reviews.rating=5").await.expect(200);
        assert_eq!((column(&list, "title"), &list["/meta/total"]), (vec!["One".to_owned()], &json!(1)), "by two reviews");
        let list = api.get("/books?authors.name__in=Ann&authors.name__in=Bob&per_page=1&sort=-title").await.expect(200);
        assert_eq!((column(&list, "title"), &list["/meta/total"]), (vec!["Two".to_owned()], &json!(2)));
        assert_eq!((&list["/meta/has_more"], list.statements()), (&json!(true), 2), "the page and the count");
        let list = api.get("/books?authors.status=active&rating__gte=3.5&q=on&include=authors,reviews&count=none").await.expect(200);
        assert_eq!((column(&list, "title"), list.statements()), (vec!["One".to_owned()], 3));
        assert_eq!(list["/items/0/reviews"].as_array().unwrap().len(), 3, "an include is not narrowed");
        let link = api.get("/books?authors.name=Ann&per_page=1").await;
        assert!(link.header("link").unwrap().contains("</books?page=2&authors.name=Ann&per_page=1>; rel=\"next\""), "{link}");
        let estimated = api.get("/books?authors.name=Ann&count=estimated&per_page=1").await.expect(200);
        assert_eq!(column(&estimated, "title"), ["One"]);
    }

    async fn what_is_not_opted_in_is_unknown(database: TestDatabase) {
        let api = Api::start(&database).await;
        for (query, code) in [
            ("authors.note=x", "unknown_parameter"),
            ("authors.password=x", "unknown_parameter"),
            ("authors.nope=x", "unknown_parameter"),
            ("authors.created_at__gte=2024-05-06T07:08:09Z", "unknown_parameter"),
            ("authors=x", "unknown_parameter"),
            ("authors.=x", "unknown_parameter"),
            (".status=active", "unknown_parameter"),
            ("series.parent.parent.parent.name=x", "unknown_parameter"),
            ("authors.status__gte=active", "unknown_operator"),
            ("authors.status=gone", "invalid_value"),
            ("reviews.rating=x", "invalid_value"),
            ("reviews.rating=1&reviews.rating=2", "duplicate_parameter"),
        ] {
            let problem = api.get(&format!("/books?{query}")).await.expect(400);
            assert_eq!((mistakes(&problem)[0].1.as_str(), problem.statements()), (code, 0), "{problem}");
        }
        let problem = api.get("/books?author.status=active&reviews.ratng__gte=4").await.expect(400);
        for (place, likely) in [(0, "authors.status"), (1, "reviews.rating__gte")] {
            let detail = problem["/errors"][place]["detail"].as_str().unwrap();
            assert!(detail.contains(&format!("did you mean {likely:?}?")), "{detail}");
        }
        assert_mistakes(&api.get("/tags?books.title=x").await.expect(400), [("books.title", "unknown_parameter")]);
        assert_mistakes(&api.get("/books/1?authors.name=x").await.expect(400), [("authors.name", "unknown_parameter")]);
    }

    async fn lists_below_a_row_and_those_written_by_hand_take_them_too(database: TestDatabase) {
        let api = Api::of(catalogue(config(&database)).api(Shelf)).await;
        fill(&api).await;
        assert_eq!(api.column("/authors/1/books?reviews.rating=4", "title").await, ["Two"]);
        assert_eq!(api.column("/authors/1/books?authors.name=Bob", "title").await, ["Two"]);
        let own = api.get("/shelf?authors.status=on_leave&per_page=1").await.expect(200);
        assert_eq!((column(&own, "title"), &own["/meta/total"], own.statements()), (vec!["Two".to_owned()], &json!(2), 2));
        assert_mistakes(&api.get("/shelf?authors.nam=x").await.expect(400), [("authors.nam", "unknown_parameter")]);
    }

    async fn related_rows_that_are_hidden_are_not_found_by(database: TestDatabase) {
        let app = App::new(config(&database)).resource_with::<Author>(|authors| authors.filter(Author::STATUS.eq(Status::Active)));
        let api = Api::of(app.resource::<Book>().resource::<Review>().resource::<Series>().resource::<Tag>().resource::<Profile>()).await;
        fill(&api).await;
        assert_eq!(api.titles("authors.name__in=Ann&authors.name__in=Bob&authors.name__in=Eve").await, ["One", "Two"]);
        assert_eq!(api.titles("authors.name=Eve").await, [""; 0]);
        assert_eq!(api.titles("authors.email__isnull=true").await, [""; 0]);
        assert_eq!(api.column("/authors?books.authors.name=Bob", "name").await, [""; 0], "at any depth");
        let searched = api.post("/books/search", &json!({"filter": {"not": {"authors.name": "Eve"}}})).await.expect(200);
        assert_eq!(searched["/meta/total"], 4, "a hidden row says nothing by its absence either");
    }

    async fn rust_asks_the_same(database: TestDatabase) {
        let api = Api::start(&database).await;
        fill(&api).await;
        let ann = Author::NAME.eq("Ann") & Author::STATUS.eq(Status::Active);
        let world = Book::SERIES.any(Series::PARENT.any(Series::NAME.eq("World")));
        let found = Book::query().filter(Book::AUTHORS.any(ann) & world).fetch(api.database()).await.unwrap();
        assert_eq!(found.items.iter().map(|book| book.title.as_str()).collect::<Vec<_>>(), ["Two"]);
        assert_eq!(api.titles("authors.name=Ann&authors.status=active&series.parent.name=World").await, ["Two"]);
    }

    async fn the_specification_names_each_path_with_its_type(database: TestDatabase) {
        let api = Api::start(&database).await;
        let specification = api.get("/openapi.json").await.expect(200);
        for path in ["/books", "/authors/{id}/books"] {
            let operation = &specification.json()["paths"][path]["get"]["parameters"];
            let parameter = |name: &str| {
                let found = operation.as_array().unwrap().iter().find(|parameter| parameter["name"] == name);
                found.unwrap_or_else(|| panic!("no {name}")).clone()
            };
            assert_eq!(parameter("authors.status")["schema"]["enum"], json!(["active", "on_leave"]));
            assert_eq!(parameter("authors.status__in")["schema"]["items"]["enum"], json!(["active", "on_leave"]));
            assert_eq!(parameter("reviews.rating__gte")["schema"]["format"], "int32");
            assert_eq!(parameter("series.parent.name")["description"], "Rows with a row of `series.parent` whose `name` equals this.");
        }
    }
}
