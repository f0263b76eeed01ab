//! Users' own poem-openapi endpoints in the specification.

use std::collections::HashSet;
use std::sync::Arc;

use poem::http::Method;
use poem_openapi::{OpenApi, OpenApiService};
use serde_json::{Map, Value as JsonValue, json};

use super::super::api::Mounted;
use super::super::problem;
use super::schemas::reference;
use super::{operations, parameters, search};
use crate::error::{Error, Result};

/// What a user's `#[OpenApi]` says of itself.
pub(crate) struct UserApi {
    document: JsonValue,
    prefix: String,
}

impl UserApi {
    /// Reads the document that poem-openapi makes of an API which is mounted below `prefix`.
    pub(crate) fn new<A: OpenApi>(service: &OpenApiService<A, ()>, prefix: &str) -> Result<Self> {
        let document = serde_json::from_str(&service.spec()).map_err(Error::other)?;
        Ok(Self { document, prefix: prefix.to_owned() })
    }
}

impl UserApi {
    /// The method and the path template of every operation.
    pub(crate) fn operations(&self) -> Vec<(Method, String)> {
        let mut operations = Vec::new();
        for (path, item) in self.document["paths"].as_object().into_iter().flatten() {
            for method in item.as_object().into_iter().flatten().map(|(method, _)| method.to_uppercase()) {
                operations.extend(method.parse().ok().map(|method| (method, format!("{}{path}", self.prefix))));
            }
        }
        operations
    }
}

/// Adds a user's API to the document: an operation of a derived resource that it declares too is replaced.
pub(super) fn merge(document: &mut JsonValue, user: &UserApi, mounted: &[Arc<Mounted>]) -> Result<()> {
    merge_schemas(document, &user.document)?;
    for (path, item) in user.document["paths"].as_object().into_iter().flatten() {
        let path = format!("{}{path}", user.prefix);
        let known = document["paths"].as_object().into_iter().flatten().map(|(known, _)| known);
        let same = known.into_iter().find(|known| template(known) == template(&path)).cloned();
        let target = &mut document["paths"][same.as_deref().unwrap_or(&path)];
        if target.is_null() {
            *target = json!({});
        }
        for (method, operation) in item.as_object().into_iter().flatten() {
            target[method] = adapted(operation, mounted, same.as_deref());
            if target[method].get("operationId").is_none() {
                target[method]["operationId"] = operation_id(method, &path).into();
            }
        }
    }
    for tag in user.document["tags"].as_array().into_iter().flatten() {
        let Some(tags) = document["tags"].as_array_mut() else { continue };
        if !tags.iter().any(|known| known["name"] == tag["name"]) {
            tags.push(tag.clone());
        }
    }
    if let Some(schemes) = user.document["components"]["securitySchemes"].as_object() {
        for (name, scheme) in schemes {
            document["components"]["securitySchemes"][name] = scheme.clone();
        }
    }
    Ok(())
}

/// The name of an operation that has none, by which generated clients call it: `get_books_id_cover`. An operation that stands in
/// for a derived one is of the user's making too.
fn operation_id(method: &str, path: &str) -> String {
    let words = path.split(|it: char| !it.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

/// A path with the names of its parameters left out, by which two paths are the same route.
fn template(path: &str) -> Vec<&str> {
    path.split('/').map(|segment| if segment.starts_with('{') { "{}" } else { segment }).collect()
}

/// Two schemas of one name must be the same; a page or problem of ours is always ours.
fn merge_schemas(document: &mut JsonValue, user: &JsonValue) -> Result<()> {
    let ours: Map<String, JsonValue> = document["components"]["schemas"].as_object().cloned().unwrap_or_default();
    for (name, schema) in user["components"]["schemas"].as_object().into_iter().flatten() {
        if name == problem::SCHEMA || is_placeholder(schema) {
            continue;
        }
        if ours.get(name).is_some_and(|known| known != schema) {
            return Err(Error::Startup(format!(
                "two schemas are named {name}: one of a model, one of an endpoint of yours; rename yours with \
                 #[oai(rename = \"..\")]"
            )));
        }
        document["components"]["schemas"][name] = schema.clone();
    }
    Ok(())
}

/// The description of a schema that stands for one of ours until the documents are merged.
pub(crate) const PLACEHOLDER: &str = "couplet: written by the app";

fn is_placeholder(schema: &JsonValue) -> bool {
    schema["description"] == json!(PLACEHOLDER)
}

/// A user's operation with the parameters that a [`ListQuery`](super::super::ListQuery) stands for and the errors that
/// every operation can answer.
fn adapted(operation: &JsonValue, mounted: &[Arc<Mounted>], renamed: Option<&str>) -> JsonValue {
    let mut operation = operation.clone();
    let mut expanded = Vec::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        match list_query_of(parameter, mounted) {
            // What it answers are structs, which are whole.
            Some(mounted) => {
                let whole = |parameter: &JsonValue| !parameters::chooses_fields(parameter);
                expanded.extend(parameters::list(mounted).into_iter().filter(whole));
            }
            None => expanded.push(parameter.clone()),
        }
    }
    if let Some(path) = renamed {
        rename_path_parameters(&mut expanded, path);
    }
    let mut statuses = operations::ERRORS_OF_ALL.to_vec();
    if !expanded.is_empty() {
        statuses.push(400);
        operation["parameters"] = expanded.into();
    }
    if !operation["requestBody"].is_null() {
        statuses.extend([400, 408, 413, 415]);
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let is_search = |mounted: &Arc<Mounted>| *schema == reference(&search::whole_name(mounted.resource()));
        statuses.extend(mounted.iter().any(is_search).then_some(422));
    }
    if let Some(responses) = operation["responses"].as_object_mut() {
        for status in statuses {
            if let Some(name) = operations::error_name(status) {
                responses.entry(status.to_string()).or_insert_with(|| operations::error_reference(name));
            }
        }
        responses.sort_keys();
    }
    operation
}

/// Path parameters take the names of the derived path, in its order: `{book_id}` becomes `{id}`.
fn rename_path_parameters(parameters: &mut [JsonValue], path: &str) {
    let names = path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let in_path = parameters.iter_mut().filter(|parameter| parameter["in"] == json!("path"));
    for (parameter, name) in in_path.zip(names) {
        parameter["name"] = json!(name);
    }
}

/// The name of the schema by which a [`ListQuery`](super::super::ListQuery) of a resource marks its parameter.
pub(crate) fn list_query_marker(resource: &str) -> String {
    format!("ListQuery.{resource}")
}

fn list_query_of<'a>(parameter: &JsonValue, mounted: &'a [Arc<Mounted>]) -> Option<&'a Mounted> {
    let reference = parameter["schema"]["$ref"].as_str()?;
    let marker = reference.strip_prefix("#/components/schemas/")?;
    mounted.iter().find(|mounted| list_query_marker(mounted.resource().name) == marker).map(AsRef::as_ref)
}

/// Every `$ref` must lead somewhere.
pub(super) fn check_references(document: &JsonValue) -> Result<()> {
    let mut missing = HashSet::new();
    visit_references(document, &mut |reference| {
        let found = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer)).is_some();
        if !found {
            missing.insert(reference.to_owned());
        }
    });
    if missing.is_empty() {
        return Ok(());
    }
    let mut missing: Vec<String> = missing.into_iter().collect();
    missing.sort();
    Err(Error::Startup(format!(
        "the specification refers to what the app does not know: {}; add the resource with `.resource::<M>()`",
        missing.join(", ")
    )))
}

/// Calls `found` with every `$ref` inside of `value`.
pub(super) fn visit_references(value: &JsonValue, found: &mut impl FnMut(&str)) {
    match value {
        JsonValue::Object(members) => {
            for (name, value) in members {
                match (name.as_str(), value) {
                    ("$ref", JsonValue::String(reference)) => found(reference),
                    _ => visit_references(value, found),
                }
            }
        }
        JsonValue::Array(items) => items.iter().for_each(|item| visit_references(item, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_without_a_name_has_that_of_its_method_and_path() {
        assert_eq!(operation_id("get", "/books/{id}/cover.png"), "get_books_id_cover_png");
        assert_eq!(operation_id("post", "/v1/book-lists"), "post_v1_book_lists");
    }
}
