//! Answers satisfy the schemas that the specification gives them, and bodies that satisfy theirs are accepted.

use couplet_tests::{Answer, Client, on_each_database};
use serde_json::{Value, json};

use super::document::{an_owner, document, operations, path_of_a_row};
use super::schema::Schemas;
use super::support::start;

/// Asserts that the operation describes the answer's status, and that the body satisfies the schema.
#[track_caller]
fn assert_described(document: &Value, operation: &Value, answer: &Answer) {
    let schemas = Schemas(document);
    let response = &operation["responses"][answer.status().to_string()];
    assert!(!response.is_null(), "the status is not described: {answer}");
    let content = &schemas.resolve(response)["content"];
    let media_type = answer.header("content-type").unwrap_or_default();
    let Some(media) = content.get(media_type) else {
        assert!(content.is_null() && answer.bytes().is_empty(), "{media_type:?} is not described: {answer}");
        return;
    };
    let mistakes = schemas.mistakes(&media["schema"], answer.json());
    assert!(mistakes.is_empty(), "{}\nin {answer}", mistakes.join("\n"));
}

async fn everything_included(client: &Client, operation: &Value, path: &str) -> Answer {
    let parameters: Vec<&Value> = operation["parameters"].as_array().into_iter().flatten().collect();
    let all = ["include", "include_count"].into_iter().filter_map(|name| {
        let parameter = parameters.iter().find(|parameter| parameter["name"] == name)?;
        let relations = parameter["schema"]["items"]["enum"].as_array().unwrap();
        let relations: Vec<&str> = relations.iter().filter_map(Value::as_str).collect();
        Some(format!("{name}={}", relations.join(",")))
    });
    client.get(&format!("{path}?{}", all.collect::<Vec<_>>().join("&"))).await
}

on_each_database! {
    async fn lists_and_rows_are_as_described(database: TestDatabase) {
        let (app, client) = start(&database).await;
        let document = document(&client).await;
        let owner = an_owner(&client).await;
        for described in operations(&document).iter().filter(|described| described.method == "get") {
            let path = path_of_a_row(described.path, &owner);
            let answer = everything_included(&client, described.operation, &path).await.expect(200);
            assert_described(&document, described.operation, &answer);
            let answer = client.get(&format!("{path}?nope=1&sort=nope")).await.expect(400);
            assert_described(&document, described.operation, &answer);
        }
        let things = client.get("/things?include=owner,labels&sort=id").await;
        assert_eq!(things["/items/0/owner/name"], "Ada");
        assert_eq!(things["/items/1/owner"], Value::Null);
        let counted = client.get("/things?include_count=labels").await.expect(200);
        assert!(counted["/items/0/_count/labels"].is_u64(), "{counted}");
        app.stop().await.unwrap();
    }

    async fn examples_are_accepted_and_mistakes_are_as_described(database: TestDatabase) {
        let (app, client) = start(&database).await;
        let document = document(&client).await;
        let owner = an_owner(&client).await;
        client.delete("/things/1").await.expect(204);
        for method in ["patch", "put", "post"] {
            for described in operations(&document).iter().filter(|described| described.method == method) {
                let content = &described.operation["requestBody"]["content"];
                for (media_type, media) in content.as_object().into_iter().flatten() {
                    let path = path_of_a_row(described.path, &owner).replace("/things/1", "/things/2");
                    let send = async |body: &Value| {
                        let request = client.request(method.to_uppercase().parse().unwrap(), &path);
                        client.send(request.header("content-type", media_type).body(body.to_string())).await
                    };
                    if described.path != "/labels/{name}" {
                        let accepted = send(&media["example"]).await;
                        assert!([200, 201, 204].contains(&accepted.status()), "{} of {}: {accepted}", method, described.id());
                        assert_described(&document, described.operation, &accepted);
                    }
                    // What is unique in the examples is free for the next.
                    client.patch("/things/2", &json!({"code": null})).await.expect(200);
                    client.patch(&format!("/owners/{owner}"), &json!({"name": "Ada"})).await.expect(200);
                    let refused = send(&json!({"nope": 1})).await.expect(422);
                    assert_described(&document, described.operation, &refused);
                    let refused = send(&json!([])).await.expect(422);
                    assert_described(&document, described.operation, &refused);
                }
            }
        }
        for described in operations(&document).iter().filter(|described| described.method == "delete") {
            let path = path_of_a_row(described.path, &owner).replace("/things/1", "/things/2");
            for _ in 0..2 {
                let answer = client.delete(&path).await;
                assert_described(&document, described.operation, &answer);
            }
        }
        for (label, status) in [("a%2Fb%20%C3%A7", 200), ("a%2Fb%20%C3%A7", 200), ("nobody", 404)] {
            let path = format!("/labels/{label}/restore");
            let answer = client.send(client.request(reqwest::Method::POST, &path)).await;
            let restore = &document["paths"]["/labels/{name}/restore"]["post"];
            assert_described(&document, restore, &answer.expect(status));
        }
        for status in [201, 200] {
            let answer = client.post("/labels?on_conflict=name", &json!({"name": "twice"})).await.expect(status);
            assert_described(&document, &document["paths"]["/labels"]["post"], &answer);
        }
        let owner = json!({"name": "Eve", "things": [{"name": "hat"}]});
        let answer = client.post("/owners", &owner).await.expect(201);
        assert_described(&document, &document["paths"]["/owners"]["post"], &answer);
        app.stop().await.unwrap();
    }
}
