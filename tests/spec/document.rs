//! The specification says what works, and what it says works.

use std::collections::BTreeSet;

use couplet::model::{Operator, Resource, ResourceMeta};
use couplet::query::parse::{includable, include_options, parameters};
use couplet_tests::{Answer, Client, TestDatabase, on_each_database};
use serde_json::Value;

use super::models::{Label, Owner, Thing, ThingLabel, Ticket};
use super::schema::Schemas;
use super::support::{OWNED, start};

/// An operation of the document.
pub struct Described<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub operation: &'a Value,
}

impl Described<'_> {
    pub fn id(&self) -> &str {
        self.operation["operationId"].as_str().unwrap_or_else(|| panic!("{} {} has no id", self.method, self.path))
    }

    pub fn parameters(&self, place: &str) -> Vec<&Value> {
        let all = self.operation["parameters"].as_array().into_iter().flatten();
        all.filter(|parameter| parameter["in"] == place).collect()
    }
}

pub fn operations(document: &Value) -> Vec<Described<'_>> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.push(Described { method, path, operation });
        }
    }
    operations
}

pub async fn document(client: &Client) -> Value {
    client.get("/openapi.json").await.expect(200).json().clone()
}

/// A path with the keys of rows that are there.
pub fn path_of_a_row(path: &str, owner: &str) -> String {
    let id = if path.starts_with("/owners") { owner } else { "1" };
    path.replace("{id}", id)
        .replace("{name}", "a%2Fb%20%C3%A7")
        .replace("{thing_id}", "1")
        .replace("{label_name}", "old")
}

pub async fn an_owner(client: &Client) -> String {
    client.get("/owners").await.expect(200)["/items/0/id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn its_bytes_are_the_same_from_run_to_run() {
    let mut texts = BTreeSet::new();
    for _ in 0..2 {
        let database = TestDatabase::sqlite();
        let (app, client) = start(&database).await;
        texts.insert(client.get("/openapi.json").await.expect(200).text());
        app.stop().await.unwrap();
    }
    assert_eq!(texts.len(), 1);
}

fn strings<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get(name).and_then(Value::as_str));
            members.values().for_each(|member| strings(member, name, found));
        }
        Value::Array(items) => items.iter().for_each(|item| strings(item, name, found)),
        _ => {}
    }
}

#[tokio::test]
async fn references_lead_somewhere_and_components_are_referred_to() {
    let database = TestDatabase::sqlite();
    let (app, client) = start(&database).await;
    let document = document(&client).await;
    let mut references = Vec::new();
    strings(&document, "$ref", &mut references);
    for reference in &references {
        assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
    }
    for kind in ["schemas", "responses", "headers"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            let reference = format!("#/components/{kind}/{name}");
            assert!(references.contains(&reference.as_str()), "nothing leads to {reference}");
        }
    }
    app.stop().await.unwrap();
}

#[tokio::test]
async fn null_is_said_of_schemas_with_a_type() {
    fn visit(value: &Value) {
        match value {
            Value::Object(members) => {
                assert!(!members.contains_key("nullable") || members.contains_key("type"), "{value}");
                members.values().for_each(visit);
            }
            Value::Array(items) => items.iter().for_each(visit),
            _ => {}
        }
    }
    let database = TestDatabase::sqlite();
    let (app, client) = start(&database).await;
    visit(&document(&client).await);
    app.stop().await.unwrap();
}

#[tokio::test]
async fn operations_have_ids_of_their_own_and_problems_as_errors() {
    let database = TestDatabase::sqlite();
    let (app, client) = start(&database).await;
    let document = document(&client).await;
    let schemas = Schemas(&document);
    let operations = operations(&document);
    let ids: BTreeSet<&str> = operations.iter().map(Described::id).collect();
    assert_eq!(ids.len(), operations.len());
    for id in [
        "things.list",
        "things.get",
        "things.create",
        "things.update",
        "things.replace",
        "things.delete",
        "things.search",
    ] {
        assert!(ids.contains(id), "{id}");
    }
    assert!(ids.contains("owners.things.list") && ids.contains("cheap.list"));
    for described in operations {
        let responses = described.operation["responses"].as_object().unwrap();
        let errors: Vec<_> = responses.iter().filter(|(status, _)| status.starts_with(['4', '5'])).collect();
        let statuses: Vec<&str> = errors.iter().map(|(status, _)| status.as_str()).collect();
        for expected in ["400", "414", "431", "500", "503", "504"] {
            assert!(statuses.contains(&expected), "{} cannot answer {expected}", described.id());
        }
        for (status, response) in errors {
            let media = &schemas.resolve(response)["content"]["application/problem+json"]["schema"];
            assert_eq!(media["$ref"], "#/components/schemas/Problem", "{} {status}", described.id());
        }
    }
    app.stop().await.unwrap();
}

#[tokio::test]
async fn every_example_satisfies_its_schema() {
    let database = TestDatabase::sqlite();
    let (app, client) = start(&database).await;
    let document = document(&client).await;
    let schemas = Schemas(&document);
    let mut examples = 0;
    let mut check = |schema: &Value, example: &Value, place: &str| {
        if !example.is_null() {
            examples += 1;
            assert_eq!(schemas.mistakes(schema, example), Vec::<String>::new(), "{place}");
        }
    };
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (member, schema) in schema["properties"].as_object().into_iter().flatten() {
            for keyword in ["example", "default"] {
                check(schema, &schema[keyword], &format!("{name}.{member}"));
            }
        }
    }
    for response in document["components"]["responses"].as_object().unwrap().values() {
        let media = &response["content"]["application/problem+json"];
        check(&media["schema"], &media["example"], "a problem");
    }
    for described in operations(&document) {
        for parameter in described.operation["parameters"].as_array().into_iter().flatten() {
            check(&parameter["schema"], &parameter["example"], described.id());
            check(&parameter["schema"], &parameter["schema"]["default"], described.id());
        }
        for media in described.operation["requestBody"]["content"].as_object().into_iter().flat_map(|c| c.values()) {
            check(&media["schema"], &media["example"], described.id());
        }
    }
    assert!(examples > 50, "{examples}");
    app.stop().await.unwrap();
}

#[tokio::test]
async fn what_clients_send_says_which_texts_and_decimals_are_taken() {
    let database = TestDatabase::sqlite();
    let (app, client) = start(&database).await;
    let document = document(&client).await;
    let schemas = Schemas(&document);
    let refused = |schema: &Value, value: Value| !schemas.mistakes(schema, &value).is_empty();
    let body = &document["components"]["schemas"]["NewThing"]["properties"];
    assert!(refused(&body["name"], "a\0b".into()) && !refused(&body["name"], "a\n\u{1}b".into()));
    assert!(refused(&body["price"], 9.5.into()) && !refused(&body["price"], "9.5".into()));
    let operations = operations(&document);
    let list = operations.iter().find(|described| described.id() == "things.list").unwrap();
    for name in ["name", "name__icontains", "q"] {
        let parameter = list.parameters("query").into_iter().find(|parameter| parameter["name"] == name).unwrap();
        assert!(refused(&parameter["schema"], "\0".into()), "{name}");
    }
    app.stop().await.unwrap();
}

/// Values that a schema admits, as a query string writes them.
fn values(schema: &Value) -> Vec<String> {
    let enumerated = |schema: &Value| -> Option<Vec<String>> {
        schema["enum"].as_array().map(|values| values.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    };
    if schema["type"] == "array" {
        return values(&schema["items"]);
    }
    if let Some(values) = enumerated(schema) {
        return values;
    }
    let bounds = ["minimum", "maximum"].iter().filter_map(|name| schema.get(*name)).map(Value::to_string);
    match (schema["type"].as_str().unwrap(), schema["format"].as_str().unwrap_or_default()) {
        ("boolean", _) => vec!["true".to_owned(), "false".to_owned()],
        ("integer", _) => bounds.collect(),
        ("number", _) => vec!["-1.5e10".to_owned()],
        (_, "date-time") => vec!["2024-05-06T07:08:09Z".to_owned()],
        (_, "date") => vec!["2024-05-06".to_owned()],
        (_, "uuid") => vec![OWNED.to_owned()],
        // Only the server can make others.
        (_, "cursor") => vec![String::new()],
        (_, "decimal") => vec!["-12.50".to_owned()],
        _ => {
            let most = schema["maxLength"].as_u64().unwrap_or(2_000);
            vec![String::new(), "'%;--".replace('%', "%25"), "x".repeat(usize::try_from(most).unwrap())]
        }
    }
}

/// What an option of an include asks for beside itself.
fn included_by(name: &str) -> String {
    let path = name.strip_prefix("include.").and_then(|option| option.rsplit_once('.'));
    path.map_or(String::new(), |(path, _)| format!("&include={path}"))
}

async fn ask(client: &Client, path: &str, name: &str, value: &str) -> Answer {
    // The largest page begins after more rows than may be skipped unless pages are small.
    let more = if name == "page" { "&per_page=1".to_owned() } else { included_by(name) };
    client.get(&format!("{path}?{name}={value}{more}")).await
}

on_each_database! {
    async fn every_described_parameter_works(database: TestDatabase) {
        let (app, client) = start(&database).await;
        let document = document(&client).await;
        let owner = an_owner(&client).await;
        let mut asked = 0;
        for described in operations(&document).iter().filter(|described| described.method == "get") {
            let path = path_of_a_row(described.path, &owner);
            client.get(&path).await.expect(200);
            ask(&client, &path, "surely_unknown", "1").await.expect(400);
            for parameter in described.parameters("query") {
                for value in values(&parameter["schema"]) {
                    // The row is there, so that it is not among those that are deleted.
                    let gone = value == "only" && described.id().ends_with(".get");
                    let status = if gone { 404 } else { 200 };
                    ask(&client, &path, parameter["name"].as_str().unwrap(), &value).await.expect(status);
                    asked += 1;
                }
                // As many names as the schema admits, and nothing that it says forbids one of them twice.
                if parameter["explode"] == false {
                    let most = usize::try_from(parameter["schema"]["maxItems"].as_u64().unwrap()).unwrap();
                    let names = values(&parameter["schema"]);
                    let all: Vec<&str> = names.iter().map(String::as_str).cycle().take(most).collect();
                    ask(&client, &path, parameter["name"].as_str().unwrap(), &all.join(",")).await.expect(200);
                }
            }
        }
        assert!(asked > 200, "{asked}");
        app.stop().await.unwrap();
    }

    async fn a_parameter_that_is_not_described_does_not_work(database: TestDatabase) {
        let (app, client) = start(&database).await;
        let document = document(&client).await;
        let owner = an_owner(&client).await;
        let of = |id: &str| -> &'static ResourceMeta {
            match id {
                "owners.list" => Owner::RESOURCE,
                "labels.list" => Label::RESOURCE,
                "thing-labels.list" => ThingLabel::RESOURCE,
                "tickets.list" => Ticket::RESOURCE,
                _ => Thing::RESOURCE,
            }
        };
        for described in operations(&document).iter().filter(|described| described.id().ends_with(".list")) {
            let resource = of(described.id());
            let model = (resource.model)();
            // An endpoint written by hand answers structs, which are whole.
            let chooses = |name: &str| name == "fields" || name.ends_with(".fields");
            let taken = |name: &String| !chooses(name) || described.id() != "cheap.list";
            let names: BTreeSet<String> =
                described.parameters("query").iter().map(|p| p["name"].as_str().unwrap().to_owned()).collect();
            let options = includable(model).flat_map(|(_, relation)| {
                let name = |option: String| format!("include.{}.{option}", relation.api_name);
                include_options(resource, relation).into_iter().map(name)
            });
            let accepted = parameters(resource).into_iter().chain(options).filter(taken).collect();
            assert_eq!(names, accepted, "{}", described.id());
            let path = path_of_a_row(described.path, &owner);
            for column in model.columns {
                for name in Operator::ALL.map(|operator| operator.parameter(column.api_name)) {
                    if !names.contains(&name) {
                        ask(&client, &path, &name, "1").await.expect(400);
                    }
                }
                let sort = described.parameters("query").into_iter().find(|p| p["name"] == "sort").unwrap();
                if !values(&sort["schema"]).contains(&column.api_name.to_owned()) {
                    ask(&client, &path, "sort", column.api_name).await.expect(400);
                }
            }
            for relation in model.relations.iter().filter(|relation| !relation.include) {
                ask(&client, &path, "include", relation.api_name).await.expect(400);
            }
        }
        app.stop().await.unwrap();
    }
}
