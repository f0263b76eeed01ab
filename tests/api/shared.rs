//! Two models of one table.

use couplet::App;
use couplet::prelude::*;
use couplet_tests::on_each_database;
use serde_json::json;

use super::support::*;

/// A letter, with all that its writer knows of it.
#[derive(Model, Resource)]
pub struct Letter {
    pub id: i64,
    pub subject: String,
    pub text: String,
    #[field(filter, index)]
    pub public: bool,
}

/// A letter, as everybody may see it.
#[derive(Debug, Model, Resource)]
#[model(table = "letters", shared)]
#[resource(read_only)]
pub struct Headline {
    pub id: i64,
    #[field(sort)]
    pub subject: String,
}

on_each_database! {
    async fn a_shared_table_is_made_once_and_shown_twice(database: TestDatabase) {
        let app = App::new(config(&database)).resource::<Headline>().resource::<Letter>();
        let api = Api::of(app).await;
        api.create("/letters", json!({"subject": "Hello", "text": "What only you may read.", "public": true})).await;
        let shown = api.get("/headlines?sort=subject").await.expect(200);
        assert_eq!(shown["/items"], json!([{"id": 1, "subject": "Hello"}]));
        assert_eq!(shown["/meta/total"], 1);
        api.post("/headlines", &json!({"subject": "x"})).await.expect(405);
        api.delete("/letters/1").await.expect(204);
        assert_eq!(api.get("/headlines").await.expect(200)["/meta/total"], 0);
    }

    async fn a_shared_table_that_nobody_makes_is_missed_at_the_start(database: TestDatabase) {
        let said = match App::new(config(&database)).resource::<Headline>().start().await {
            Err(error) => error.to_string(),
            Ok(_) => unreachable!("there is no table"),
        };
        assert!(said.contains("that Headline shares is missing"), "{said}");
        assert!(said.contains("add the model that creates"), "{said}");
    }
}
