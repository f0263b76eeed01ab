//! Tags change rarely and are asked for often: their answers are kept.

use couplet_tests::on_each_database;
use reqwest::Method;
use serde_json::json;

use super::support::{example, stop};

on_each_database! {
    async fn the_tags_are_kept_until_one_is_new(database: TestDatabase) {
        let service = example(&database).serve().await;
        let client = service.client();
        let path = "/tags?sort=name&per_page=100";
        let first = client.get(path).await.expect(200);
        let second = client.get(path).await.expect(200);
        assert_eq!((second.statements(), second.text()), (1, first.text()));
        let tag = second.header("etag").unwrap().to_owned();
        let ask = || client.send(client.request(Method::GET, path).header("if-none-match", &tag));
        assert_eq!(ask().await.expect(304).bytes(), b"");
        client.post("/tags", &json!({"name": "a tag of its own"})).await.expect(201);
        let third = ask().await.expect(200);
        assert_eq!(third["/meta/total"], 45);
        stop(service).await;
    }
}
