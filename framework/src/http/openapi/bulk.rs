//! Bodies and answers of operations on many rows.

use serde_json::{Value as JsonValue, json};

use super::super::api::Mounted;
use super::operations::request_id;
use super::schemas::{body, body_name, column_schema, example_body, example_value, reference};
use crate::crud::items::identifying;
use crate::crud::validate::BodyKind;
use crate::model::{ModelMeta, Operation, ResourceMeta};

/// The schemas of a resource's bodies and answers of many rows, by name.
pub(super) fn schemas(mounted: &Mounted) -> Vec<(String, JsonValue)> {
    let (resource, model) = (mounted.resource(), mounted.model());
    let offers = |operation| mounted.operations.contains(&operation);
    let mut schemas = Vec::new();
    if offers(Operation::BulkCreate) {
        if !offers(Operation::Create) {
            schemas.push((body_name(model, BodyKind::Create), body(model, BodyKind::Create)));
        }
        let item = reference(&body_name(model, BodyKind::Create));
        schemas.push((list_name(model, Operation::BulkCreate), list(resource, &item)));
    }
    for operation in [Operation::BulkUpdate, Operation::BulkDelete].into_iter().filter(|it| offers(*it)) {
        schemas.push((item_name(model, operation), item(resource, operation)));
        schemas.push((list_name(model, operation), list(resource, &reference(&item_name(model, operation)))));
    }
    if offers(Operation::BulkCreate) || offers(Operation::BulkUpdate) {
        let rows = json!({"type": "array", "items": reference(model.name)});
        let schema = json!({"type": "object", "required": ["items"], "properties": {"items": rows}});
        schemas.push((rows_name(model), schema));
    }
    schemas
}

fn rows_name(model: &ModelMeta) -> String {
    format!("{}Rows", model.name)
}

fn list_name(model: &ModelMeta, operation: Operation) -> String {
    let what = match operation {
        Operation::BulkCreate => "Create",
        Operation::BulkUpdate => "Update",
        _ => "Delete",
    };
    format!("{}Bulk{what}", model.name)
}

fn item_name(model: &ModelMeta, operation: Operation) -> String {
    format!("{}Item", list_name(model, operation))
}

fn list(resource: &ResourceMeta, item: &JsonValue) -> JsonValue {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["items"],
        "properties": {"items": {"type": "array", "maxItems": resource.max_items, "items": item}},
    })
}

/// The members that say which row is meant, and for a change those that are set.
fn item(resource: &ResourceMeta, operation: Operation) -> JsonValue {
    let model = (resource.model)();
    let mut schema = match operation {
        Operation::BulkUpdate => body(model, BodyKind::Patch),
        _ => json!({"type": "object", "additionalProperties": false, "properties": {}}),
    };
    let mut required = Vec::new();
    for (place, column) in identifying(model).enumerate() {
        let is_version = place >= model.key.len();
        let mut member = column_schema(column);
        if is_version {
            member["description"] = json!("The version that the row must have.");
        }
        schema["properties"][column.api_name] = member;
        if !is_version || resource.require_if_match {
            required.push(column.api_name);
        }
    }
    schema["required"] = json!(required);
    schema
}

/// The body of an operation on many rows.
pub(super) fn request_body(mounted: &Mounted, operation: Operation) -> Option<JsonValue> {
    if !Operation::BULK.contains(&operation) {
        return None;
    }
    let model = mounted.model();
    let mut media = json!({"schema": reference(&list_name(model, operation))});
    if let Some(item) = example(mounted.resource(), operation) {
        media["example"] = json!({"items": [item]});
    }
    let content = match operation {
        Operation::BulkUpdate => json!({"application/merge-patch+json": media, "application/json": media}),
        _ => json!({"application/json": media}),
    };
    Some(json!({"required": true, "content": content}))
}

fn example(resource: &ResourceMeta, operation: Operation) -> Option<JsonValue> {
    let model = (resource.model)();
    let mut item = match operation {
        Operation::BulkCreate => return example_body(model, BodyKind::Create),
        Operation::BulkUpdate => example_body(model, BodyKind::Patch)?,
        _ => json!({}),
    };
    let named = if resource.require_if_match { usize::MAX } else { model.key.len() };
    for column in identifying(model).take(named) {
        item[column.api_name] = example_value(column)?;
    }
    Some(item)
}

/// The answer with rows.
pub(super) fn rows(model: &ModelMeta, description: &str) -> JsonValue {
    let media = json!({"schema": reference(&rows_name(model))});
    json!({"description": description, "headers": request_id(), "content": {"application/json": media}})
}
