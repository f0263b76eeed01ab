//! `q` looks into the fields declared for it.

use couplet_tests::on_each_database;
use serde_json::json;

use super::support::*;

on_each_database! {
    async fn q_finds_a_text_in_one_of_the_declared_fields(database: TestDatabase) {
        let api = Api::start(&database).await;
        api.create("/authors", json!({"name": "Ursula Desert", "email": null})).await;
        api.create("/authors", json!({"name": "Terry", "email": "terry@DESERT.example"})).await;
        api.create("/authors", json!({"name": "Ann", "email": "ann@example.org", "password": "in the desert"})).await;
        assert_eq!(api.column("/authors?q=desert", "id").await, ["1", "2"], "a NULL beside it hides nothing");
        assert_eq!(api.column("/authors?q=desert&name__startswith=Ter", "id").await, ["2"]);
        assert_eq!(api.column("/authors?q=nowhere", "id").await, [""; 0]);
        assert_eq!(api.column("/authors?q=", "id").await.len(), 3, "an empty search changes nothing");
        assert_eq!(api.get("/authors?q=desert").await["/meta/total"], 2);
    }

    async fn q_is_a_parameter_of_resources_with_such_fields_only(database: TestDatabase) {
        let api = Api::start(&database).await;
        assert_mistakes(&api.get("/tags?q=x").await.expect(400), [("q", "unknown_parameter")]);
        assert_mistakes(&api.get("/authors?q=a&q=b").await.expect(400), [("q", "duplicate_parameter")]);
        let long = "x".repeat(201);
        assert_mistakes(&api.get(&format!("/authors?q={long}")).await.expect(400), [("q", "invalid_value")]);
    }
}
