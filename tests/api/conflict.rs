//! What the database refuses: 409, with the fields under their names in the API.

use couplet_tests::on_each_database;
use reqwest::Method;
use serde_json::json;

use super::support::*;

on_each_database! {
    async fn what_is_there_already_or_still_needed_is_a_conflict(database: TestDatabase) {
        let api = Api::start(&database).await;
        api.create("/authors", json!({"name": "Ann", "email": "a@example.org"})).await;
        api.create("/authors", json!({"name": "Bob"})).await;
        for problem in [
            api.post("/authors", &json!({"name": "Eve", "email": "a@example.org"})).await,
            api.patch("/authors/2", &json!({"email": "a@example.org"})).await,
            api.put("/authors/2", &json!({"name": "Bob", "email": "a@example.org"})).await,
        ] {
            assert_mistakes(&problem.expect(409), [("/email", "unique")]);
        }
        api.create("/tags", json!({"name": "a"})).await;
        assert_mistakes(&api.post("/tags", &json!({"name": "a"})).await.expect(409), [("/name", "unique")]);

        assert_eq!(api.post("/reviews", &json!({"book_id": 9, "rating": 1})).await.expect(409)["/errors/0/code"], "foreign_key");
        api.create("/books", json!({"title": "One", "author_ids": [1]})).await;
        let review = api.create("/reviews", json!({"book_id": 1, "rating": 1})).await;
        let review = review.header("location").unwrap();
        assert_eq!(api.delete("/books/1").await.expect(409)["/errors/0/code"], "foreign_key");
        assert_eq!(api.patch(review, &json!({"book_id": 9})).await.expect(409)["/errors/0/code"], "foreign_key");
        api.delete("/authors/1").await.expect(204);
        assert_eq!(api.get("/book-authors").await["/items"], json!([]), "the link went with its author");
    }

    async fn a_conflict_names_the_fields_as_the_api_does(database: TestDatabase) {
        let api = Api::start(&database).await;
        let edition = |label: &str| json!({"countryCode": "de", "printNumber": 1, "label": label, "bookId": null});
        api.create("/editions", edition("first")).await;
        let problem = api.post("/editions", &edition("second")).await.expect(409);
        assert!(!problem.text().contains("country_code"), "{problem}");
        let problem = api.patch("/editions/de/1", &json!({"bookId": 9, "label": "second"})).await.expect(409);
        assert_mistakes(&problem, [("/bookId", "foreign_key")]);
        assert_eq!(api.get("/editions/de/1").await["/label"], "first");
        api.create("/authors", json!({"name": "Ann"})).await;
        let problem = api.post("/book-authors", &json!({"book_id": 9, "author_id": 1})).await.expect(409);
        assert_mistakes(&problem, [("/book_id", "foreign_key")]);
    }

    async fn of_many_creates_of_one_key_at_a_time_one_succeeds(database: TestDatabase) {
        let api = Api::start(&database).await;
        let requests = (0..8).map(|_| tokio::spawn(api.request(Method::POST, "/tags").json(&json!({"name": "a"})).send()));
        let mut statuses = Vec::new();
        for request in requests.collect::<Vec<_>>() {
            statuses.push(request.await.unwrap().unwrap().status().as_u16());
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
    }

    async fn deletes_do_to_related_rows_what_the_relation_says(database: TestDatabase) {
        let api = Api::start(&database).await;
        api.create("/series", json!({"name": "World"})).await;
        api.create("/books", json!({"title": "One", "series_id": 1})).await;
        api.delete("/series/1").await.expect(204);
        assert_eq!(api.get("/books/1").await["/series_id"], json!(null));
    }
}
