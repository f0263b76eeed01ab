//! Headers and answers of requests that are made for one version of a row.

use serde_json::{Map, Value as JsonValue, json};

use super::operations::request_id;
use crate::model::{ModelMeta, Operation, ResourceMeta};

/// The header of a change, where rows have a version.
pub(super) fn if_match(resource: &ResourceMeta) -> Option<JsonValue> {
    let description = "The version that the change is meant for: the `ETag` of the row, or several with commas between \
                       them. `*` is any.";
    let is_versioned = (resource.model)().version().is_some();
    is_versioned.then(|| header("If-Match", description, resource.require_if_match))
}

/// The header of a read, where rows have a version.
pub(super) fn if_none_match(model: &ModelMeta) -> Option<JsonValue> {
    model.version().map(|_| known())
}

/// The same of a read whose answers are kept, with which each has a tag.
pub(super) fn known() -> JsonValue {
    let description = "The `ETag` of an answer that the client has; the row is sent only if there is another by now.";
    header("If-None-Match", description, false)
}

fn header(name: &str, description: &str, required: bool) -> JsonValue {
    json!({
        "name": name,
        "in": "header",
        "description": description,
        "required": required,
        "schema": {"type": "string"},
    })
}

/// The answer to a client that has the row already.
pub(super) fn not_modified() -> JsonValue {
    let mut headers = request_id();
    headers["ETag"] = json!({"$ref": "#/components/headers/ETag"});
    json!({"description": "The client has this answer already.", "headers": headers})
}

/// Adds to the answers of a read what they have where they are kept.
pub(super) fn kept(responses: &mut Map<String, JsonValue>, is_versioned_row: bool) {
    let tag = if is_versioned_row { "ETag" } else { "AnswerTag" };
    let reference = |name: &str| json!({"$ref": format!("#/components/headers/{name}")});
    responses.insert("304".to_owned(), not_modified());
    for status in ["200", "304"] {
        responses[status]["headers"]["ETag"] = reference(tag);
        responses[status]["headers"]["Cache-Control"] = reference("Cache-Control");
    }
    responses.sort_keys();
}

/// What a change answers where the version is another or is not named. Without a version no tag but `*` matches.
pub(super) fn errors(resource: &ResourceMeta, operation: Operation) -> Vec<u16> {
    match operation {
        Operation::Update | Operation::Replace | Operation::Delete | Operation::Restore => {
            if resource.require_if_match { vec![412, 428] } else { vec![412] }
        }
        Operation::BulkUpdate | Operation::BulkDelete if (resource.model)().version().is_some() => vec![412],
        _ => Vec::new(),
    }
}
