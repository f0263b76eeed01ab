//! The schemas of a search: its body, and the tree of conditions in it.

use serde_json::{Map, Value as JsonValue, json};

use super::super::api::Mounted;
use super::parameters;
use super::schemas::{example_value, reference};
use crate::model::{ModelMeta, Operator, ResourceMeta};
use crate::query::parse::{AND, Filterable, MAX_TERMS, NOT, OR, filters, fixed, sortable};

/// The name of the schema of a search's body.
pub(super) fn body_name(model: &ModelMeta) -> String {
    format!("{}Search", model.name)
}

/// The name of the schema of a search that answers whole rows, as one written by hand does.
pub(crate) fn whole_name(resource: &ResourceMeta) -> String {
    let name = body_name((resource.model)());
    if resource.fields { format!("Whole{name}") } else { name }
}

/// The body of a search and its filter, by name; what nothing refers to is left out later.
pub(super) fn schemas(mounted: &Mounted) -> Vec<(String, JsonValue)> {
    let model = mounted.model();
    let mut schemas = vec![(body_name(model), body(mounted, |_| true))];
    if mounted.resource().fields {
        let whole = body(mounted, |parameter| !parameters::chooses_fields(parameter));
        schemas.push((whole_name(mounted.resource()), whole));
    }
    if filters(mounted.resource()).next().is_some() {
        schemas.push((filter_name(model), filter(mounted)));
    }
    schemas
}

pub(super) fn request_body(mounted: &Mounted) -> JsonValue {
    let media = json!({"schema": reference(&body_name(mounted.model())), "example": example(mounted)});
    json!({"required": true, "content": {"application/json": media}})
}

fn filter_name(model: &ModelMeta) -> String {
    format!("{}Filter", model.name)
}

/// The filter, and those parameters of the list that are none of the filter's.
fn body(mounted: &Mounted, accepted: impl Fn(&JsonValue) -> bool) -> JsonValue {
    let mut properties = Map::new();
    if filters(mounted.resource()).next().is_some() {
        properties.insert("filter".to_owned(), reference(&filter_name(mounted.model())));
    }
    let names = fixed(mounted.resource());
    for parameter in parameters::list(mounted).into_iter().filter(accepted) {
        let is_member = |name: &&str| names.contains(name) || name.starts_with("include.");
        let Some(name) = parameter["name"].as_str().filter(is_member) else { continue };
        let mut schema = parameter["schema"].clone();
        if schema["type"] == "array" {
            // None at all is as good as none named.
            schema["minItems"] = json!(0);
        }
        schema["description"] = json!(described(&parameter["description"]));
        properties.insert(name.to_owned(), schema);
    }
    json!({
        "type": "object",
        "description": "A list that is asked for: its members mean what the parameters of the list do.",
        "additionalProperties": false,
        "properties": properties,
    })
}

/// Conditions by their names in query strings, and trees of such filters.
fn filter(mounted: &Mounted) -> JsonValue {
    let tree = reference(&filter_name(mounted.model()));
    let list =
        |description: &str| json!({"type": "array", "items": tree, "maxItems": MAX_TERMS, "description": description});
    let mut properties = Map::new();
    properties.insert(AND.to_owned(), list("All of these hold, each for itself."));
    properties.insert(OR.to_owned(), list("One of these holds."));
    properties.insert(NOT.to_owned(), tree.clone());
    for target in filters(mounted.resource()) {
        for operator in target.column.filter {
            properties.insert(operator.parameter(target.name), condition(&target, *operator));
        }
    }
    let description = "Conditions that must all hold. `not` is that of SQL: where a comparison with NULL is neither true \
                       nor false, its negation is not true either.";
    json!({
        "type": "object",
        "description": description,
        "additionalProperties": false,
        "properties": properties,
    })
}

fn condition(target: &Filterable, operator: Operator) -> JsonValue {
    let parameter = parameters::filter(target, operator);
    let mut schema = parameter["schema"].clone();
    if operator.takes_list() {
        schema["minItems"] = json!(0);
    }
    schema["description"] = json!(described(&parameter["description"]));
    schema
}

/// A parameter's description without what is so in query strings only.
fn described(parameter: &JsonValue) -> String {
    parameter.as_str().unwrap_or_default().replace(", separated by commas", "").replace("; repeat the parameter", "")
}

/// A body that is accepted: one of two conditions, where there are as many.
fn example(mounted: &Mounted) -> JsonValue {
    let mut conditions = filters(mounted.resource()).filter_map(|target| {
        let operator = *target.column.filter.first()?;
        let value = match operator {
            Operator::IsNull => json!(false),
            _ => example_value(target.column)?,
        };
        let value = if operator.takes_list() { json!([value]) } else { value };
        Some(json!({operator.parameter(target.name): value}))
    });
    let mut body = json!({"page": 1});
    match (conditions.next(), conditions.next()) {
        (Some(first), Some(second)) => body["filter"] = json!({OR: [first, {NOT: second}]}),
        (Some(only), None) => body["filter"] = only,
        (None, _) => {}
    }
    if let Some(column) = sortable(mounted.model()).next() {
        body["sort"] = json!([format!("-{}", column.api_name)]);
    }
    body
}
