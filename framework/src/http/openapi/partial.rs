//! Rows of which a client chooses the fields: `PartialBook` is a `Book` that may lack each of them.

use std::sync::Arc;

use serde_json::{Map, Value as JsonValue, json};

use super::super::api::Mounted;
use super::schemas::{self, page_name, reference};
use crate::model::{Catalog, ModelMeta, Operation, ResourceMeta};

/// The schemas of such rows and of their pages, by name; those that nothing refers to are left out later.
pub(super) fn schemas(catalog: &Catalog, mounted: &[Arc<Mounted>]) -> Vec<(String, JsonValue)> {
    let resources: Vec<&ResourceMeta> = mounted.iter().map(|it| it.resource()).filter(|it| it.fields).collect();
    if resources.is_empty() {
        return Vec::new();
    }
    let rows = catalog.models().iter().map(|model| (partial(model.name), row(model)));
    let page = |resource: &&ResourceMeta| {
        let model = (resource.model)();
        let mut page = schemas::page(resource);
        page["properties"]["items"]["items"] = reference(&partial(model.name));
        (partial(&page_name(model)), page)
    };
    rows.chain(resources.iter().map(page)).collect()
}

/// Says of an operation that reads that it answers such rows, where the resource lets a client choose.
pub(super) fn answer(responses: &mut Map<String, JsonValue>, resource: &ResourceMeta, operation: Operation) {
    let model = (resource.model)();
    let reads = [Operation::List, Operation::Get, Operation::Search];
    if !resource.fields || !reads.contains(&operation) {
        return;
    }
    if let Some(schema) = responses.get_mut("200").and_then(|it| it.pointer_mut("/content/application~1json/schema")) {
        let page = page_name(model);
        for name in [model.name, page.as_str()] {
            if *schema == reference(name) {
                *schema = reference(&partial(name));
                return;
            }
        }
    }
}

fn partial(name: &str) -> String {
    format!("Partial{name}")
}

/// The model's row without members that must be there; the rows of an include may lack some too.
fn row(model: &'static ModelMeta) -> JsonValue {
    let mut row = schemas::row(model);
    if let Some(members) = row.as_object_mut() {
        members.remove("required");
    }
    let what =
        format!("The fields that were asked for of: {}", if model.doc.is_empty() { model.name } else { model.doc });
    row["description"] = json!(what);
    refer_to_partial(&mut row["properties"]);
    row
}

fn refer_to_partial(schema: &mut JsonValue) {
    match schema {
        JsonValue::Object(members) => {
            for (name, value) in members {
                match value.as_str().filter(|_| name == "$ref").and_then(|it| it.strip_prefix("#/components/schemas/"))
                {
                    Some(target) => *value = reference(&partial(target))["$ref"].take(),
                    None => refer_to_partial(value),
                }
            }
        }
        JsonValue::Array(items) => items.iter_mut().for_each(refer_to_partial),
        _ => {}
    }
}
