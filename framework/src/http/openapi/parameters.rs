//! The parameters of operations, each typed.

use serde_json::{Value as JsonValue, json};

use super::super::api::{Mounted, idempotency};
use super::schemas::{example_of_key, type_schema};
use crate::model::{ColumnMeta, ModelMeta, Operator, ResourceMeta};
use crate::query::Deleted;
use crate::query::parse::{
    MAX_NEEDLE, MAX_PATHS, MAX_SEARCH, MAX_VALUES, ON_CONFLICT, conflict_keys, filterable, includable, sortable,
};

/// The parameters of a row's path.
pub(super) fn key(model: &ModelMeta) -> Vec<JsonValue> {
    let parameter = |column: &ColumnMeta| {
        let mut parameter = json!({
            "name": column.api_name,
            "in": "path",
            "required": true,
            "schema": type_schema(column.ty),
            "example": example_of_key(column),
        });
        if !column.doc.is_empty() {
            parameter["description"] = json!(column.doc);
        }
        parameter
    };
    model.key_columns().map(parameter).collect()
}

/// The header by which a create may be sent again.
pub(super) fn idempotency_key() -> JsonValue {
    json!({
        "name": idempotency::HEADER,
        "in": "header",
        "description": "A text that no other request has, such as a UUID. Sent again with the same key, the request is not \
                        carried out twice but gets the answer of the first one.",
        "required": false,
        "schema": {"type": "string", "minLength": 1, "maxLength": idempotency::LONGEST_KEY, "pattern": "^[!-~]+$"},
    })
}

/// The parameters of a list.
pub(crate) fn list(mounted: &Mounted) -> Vec<JsonValue> {
    let (resource, model) = (mounted.resource(), mounted.model());
    let mut parameters = pagination(resource);
    parameters.extend(sort(model));
    parameters.extend(include(resource));
    if model.columns.iter().any(|column| column.search) {
        let fields: Vec<&str> = model.columns.iter().filter(|column| column.search).map(|c| c.api_name).collect();
        let description = format!("A text to search for, whatever the case, in: {}.", fields.join(", "));
        parameters.push(query("q", &description, json!({"type": "string", "maxLength": MAX_SEARCH})));
    }
    parameters.extend(deleted(resource));
    for column in filterable(model) {
        parameters.extend(column.filter.iter().map(|operator| filter(column, *operator)));
    }
    parameters
}

/// The `deleted` parameter, where clients may ask for deleted rows.
pub(super) fn deleted(resource: &ResourceMeta) -> Option<JsonValue> {
    let values: Vec<&str> = Deleted::ALL.into_iter().map(Deleted::name).collect();
    let schema = json!({"type": "string", "enum": values, "default": Deleted::default().name()});
    let description =
        "Whether deleted rows are left out, shown too, or the only ones. Related rows that are deleted are left out.";
    resource.deleted.then(|| query("deleted", description, schema))
}

/// The `on_conflict` parameter of a create, where there is a unique key that it may name.
pub(super) fn on_conflict(resource: &ResourceMeta) -> Option<JsonValue> {
    let keys = conflict_keys(resource);
    let description = "A unique key: where a row has the same, that row is changed to what the body names.";
    (!keys.is_empty()).then(|| query(ON_CONFLICT, description, json!({"type": "string", "enum": keys})))
}

/// The `include` parameter, where there is something to include.
pub(super) fn include(resource: &ResourceMeta) -> Option<JsonValue> {
    let paths = include_paths((resource.model)(), resource.include_depth);
    (!paths.is_empty()).then(|| {
        let description = "Relations to load with the rows, separated by commas.";
        names("include", description, &paths, MAX_PATHS)
    })
}

/// Every path of includable relations up to `depth`: exactly what the server takes.
fn include_paths(model: &'static ModelMeta, depth: usize) -> Vec<String> {
    let mut paths = Vec::new();
    if depth == 0 {
        return paths;
    }
    for (_, relation) in includable(model) {
        paths.push(relation.api_name.to_owned());
        let nested = include_paths((relation.target)(), depth - 1);
        paths.extend(nested.into_iter().map(|path| format!("{}.{path}", relation.api_name)));
    }
    paths
}

fn pagination(resource: &ResourceMeta) -> Vec<JsonValue> {
    let page =
        json!({"type": "integer", "format": "int64", "minimum": 1, "maximum": resource.max_offset + 1, "default": 1});
    let per_page = json!({
        "type": "integer",
        "format": "int32",
        "minimum": 1,
        "maximum": resource.max_per_page,
        "default": resource.per_page,
    });
    let count = json!({"type": "string", "enum": ["exact", "estimated", "none"], "default": "exact"});
    let ceiling = format!("The page's number, from 1. A page may skip {} rows at most.", resource.max_offset);
    vec![
        query("page", &ceiling, page),
        query("per_page", "Rows of a page.", per_page),
        query("count", "How the rows are counted: one by one, by the database's estimate, or not at all.", count),
    ]
}

fn sort(model: &'static ModelMeta) -> Option<JsonValue> {
    let terms: Vec<String> =
        sortable(model).flat_map(|column| [column.api_name.to_owned(), format!("-{}", column.api_name)]).collect();
    let description = "Columns to sort by, separated by commas, each once; `-` is largest first.";
    (!terms.is_empty()).then(|| {
        let mut parameter = names("sort", description, &terms, terms.len() / 2);
        parameter["schema"]["uniqueItems"] = json!(true);
        parameter
    })
}

fn filter(column: &ColumnMeta, operator: Operator) -> JsonValue {
    let name = operator.parameter(column.api_name);
    let text = |what: &str| format!("Rows whose `{}` {what}.", column.api_name);
    let (description, schema) = match operator {
        Operator::Eq => (text("equals this"), operand(column)),
        Operator::Ne => (text("is something else than this, NULL excepted"), operand(column)),
        Operator::Gt => (text("is greater than this"), operand(column)),
        Operator::Gte => (text("is this or greater"), operand(column)),
        Operator::Lt => (text("is less than this"), operand(column)),
        Operator::Lte => (text("is this or less"), operand(column)),
        Operator::In => (text("is one of these; repeat the parameter"), many(column)),
        Operator::NotIn => (text("is none of these; repeat the parameter"), many(column)),
        Operator::Contains => (text("has this inside"), needle()),
        Operator::IContains => (text("has this inside, whatever the case"), needle()),
        Operator::StartsWith => (text("begins with this"), needle()),
        Operator::IStartsWith => (text("begins with this, whatever the case"), needle()),
        Operator::IsNull => (text("is NULL (`true`) or is not (`false`)"), json!({"type": "boolean"})),
    };
    query(&name, &description, schema)
}

/// The type of a filter's value; what a body must satisfy does not bind a filter, and an example would be filled in by
/// the pages when a request is tried out.
fn operand(column: &ColumnMeta) -> JsonValue {
    type_schema(column.ty)
}

fn many(column: &ColumnMeta) -> JsonValue {
    json!({"type": "array", "items": type_schema(column.ty), "minItems": 1, "maxItems": MAX_VALUES})
}

fn needle() -> JsonValue {
    json!({"type": "string", "maxLength": MAX_NEEDLE})
}

fn names(name: &str, description: &str, values: &[String], most: usize) -> JsonValue {
    let schema = json!({
        "type": "array",
        "items": {"type": "string", "enum": values},
        "minItems": 1,
        "maxItems": most,
    });
    let mut parameter = query(name, description, schema);
    parameter["style"] = json!("form");
    parameter["explode"] = json!(false);
    parameter
}

fn query(name: &str, description: &str, schema: JsonValue) -> JsonValue {
    json!({"name": name, "in": "query", "description": description, "required": false, "schema": schema})
}
