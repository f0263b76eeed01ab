//! The parameters of operations, each typed.

use serde_json::{Value as JsonValue, json};

use super::super::api::{Mounted, idempotency};
use super::schemas::{example_of_key, input_schema};
use crate::model::{ColumnMeta, ColumnType, ModelMeta, Operator, RelationMeta, ResourceMeta};
use crate::query::Deleted;
use crate::query::parse::{
    Filterable, MAX_FIELDS, MAX_NEEDLE, MAX_PATHS, MAX_RELATIONS, MAX_SEARCH, MAX_SORTS, MAX_VALUES, ON_CONFLICT,
    conflict_keys, countable, filterable, filters, find_filter, includable, include_options, nameable, sortable,
};

/// The parameters of a row's path.
pub(super) fn key(model: &ModelMeta) -> Vec<JsonValue> {
    let parameter = |column: &ColumnMeta| {
        let mut parameter = json!({
            "name": column.api_name,
            "in": "path",
            "required": true,
            "schema": input_schema(column.ty),
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
    parameters.extend(related(resource));
    parameters.extend(fields(resource));
    let fields: Vec<&str> = model.search_columns().map(|column| column.api_name).collect();
    if !fields.is_empty() {
        let what = match model.full_text {
            Some(_) => "Words to search for, each by its beginning, all of them, whatever the case, in",
            None => "A text to search for, whatever the case, in",
        };
        let description = format!("{what}: {}.", fields.join(", "));
        parameters.push(query("q", &description, text(MAX_SEARCH)));
    }
    parameters.extend(deleted(resource));
    for target in filters(resource) {
        parameters.extend(target.column.filter.iter().map(|operator| filter(&target, *operator)));
    }
    parameters
}

/// The parameters that say what is loaded with each row, where there is something to load.
pub(super) fn related(resource: &ResourceMeta) -> Vec<JsonValue> {
    let mut parameters: Vec<JsonValue> = include(resource).into_iter().collect();
    parameters.extend(include_count((resource.model)()));
    options(resource, (resource.model)(), "include", resource.options_depth, &mut parameters);
    parameters
}

fn include_count(model: &'static ModelMeta) -> Option<JsonValue> {
    let relations: Vec<String> = countable(model).map(|(_, relation)| relation.api_name.to_owned()).collect();
    (!relations.is_empty()).then(|| {
        let description =
            "Relations whose rows are counted for each row, separated by commas; the numbers are in `_count`.";
        names("include_count", description, &relations, MAX_RELATIONS)
    })
}

/// The options of every path of includable relations up to `depth`: exactly what the server takes.
fn options(
    resource: &ResourceMeta,
    model: &'static ModelMeta,
    path: &str,
    depth: usize,
    parameters: &mut Vec<JsonValue>,
) {
    if depth == 0 {
        return;
    }
    for (_, relation) in includable(model) {
        let target = (relation.target)();
        let path = format!("{path}.{}", relation.api_name);
        for option in include_options(resource, relation) {
            parameters.push(include_option(resource, relation, &path, &option));
        }
        options(resource, target, &path, depth - 1, parameters);
    }
}

fn include_option(resource: &ResourceMeta, relation: &RelationMeta, path: &str, option: &str) -> JsonValue {
    let (target, to_many) = ((relation.target)(), relation.kind.to_many());
    let name = format!("{path}.{option}");
    let mut parameter = match option {
        "limit" if to_many => {
            let schema = json!({"type": "integer", "format": "int32", "minimum": 1, "maximum": resource.include_limit});
            let description = format!("Rows of `{}` of one row at most.", relation.api_name);
            query(&name, &description, schema)
        }
        "sort" if to_many => sort(target).unwrap_or_default(),
        "fields" if resource.fields => fields_of(target),
        _ => {
            let named = find_filter(option, filterable(target).map(Filterable::own)).ok();
            named.map(|(target, operator)| filter(&target, operator)).unwrap_or_default()
        }
    };
    let description = parameter["description"].as_str().unwrap_or_default();
    let included = path.strip_prefix("include.").unwrap_or(path);
    parameter["description"] = json!(format!("{description} Only where `include` has `{included}`."));
    parameter["name"] = json!(name);
    parameter
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
fn include(resource: &ResourceMeta) -> Option<JsonValue> {
    let paths = include_paths((resource.model)(), resource.include_depth);
    (!paths.is_empty()).then(|| {
        let description = "Relations to load with the rows, separated by commas.";
        names("include", description, &paths, MAX_PATHS)
    })
}

/// The `fields` parameter, where the resource takes it.
pub(super) fn fields(resource: &ResourceMeta) -> Option<JsonValue> {
    let model = (resource.model)();
    (resource.fields && nameable(model).next().is_some()).then(|| fields_of(model))
}

/// Whether it chooses the fields that rows or related rows show.
pub(super) fn chooses_fields(parameter: &JsonValue) -> bool {
    parameter["name"]
        .as_str()
        .is_some_and(|name| name == "fields" || (name.starts_with("include.") && name.ends_with(".fields")))
}

fn fields_of(model: &'static ModelMeta) -> JsonValue {
    let names: Vec<String> = nameable(model).map(str::to_owned).collect();
    let description = "Fields to show, separated by commas, each once; included relations are shown besides them.";
    let mut parameter = self::names("fields", description, &names, names.len().min(MAX_FIELDS));
    parameter["schema"]["uniqueItems"] = json!(true);
    parameter
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
    let count = json!({"type": "string", "enum": ["exact", "estimated", "none"]});
    let how = "How the rows are counted: one by one, by the database's estimate, or not at all. By page they are counted one by \
               one unless this says otherwise, by cursor not at all.";
    let ceiling = format!(
        "The page's number, from 1. A page may skip {} rows at most, which are `(page - 1) * per_page`.",
        resource.max_offset
    );
    vec![
        query("page", &ceiling, page),
        query("per_page", "Rows of a page.", per_page),
        cursor(),
        query("count", how, count),
    ]
}

fn cursor() -> JsonValue {
    let description = "From where the list is walked, instead of by `page`: empty for the start, else `next_cursor` or \
                       `prev_cursor` of an answer, as it is. The filters and the order must stay what they were.";
    let mut cursor =
        query("cursor", description, json!({"type": "string", "format": "cursor", "pattern": "^[A-Za-z0-9_-]*$"}));
    cursor["allowEmptyValue"] = json!(true);
    cursor
}

fn sort(model: &'static ModelMeta) -> Option<JsonValue> {
    let terms: Vec<String> =
        sortable(model).flat_map(|column| [column.api_name.to_owned(), format!("-{}", column.api_name)]).collect();
    let description = "Columns to sort by, separated by commas; `-` is largest first. Of a column that is named twice the first counts.";
    (!terms.is_empty()).then(|| names("sort", description, &terms, MAX_SORTS))
}

pub(super) fn filter(target: &Filterable, operator: Operator) -> JsonValue {
    let (name, column) = (operator.parameter(target.name), target.column);
    let rows = |what: &str| match target.name.rsplit_once('.') {
        Some((path, name)) => format!("Rows with a row of `{path}` whose `{name}` {what}."),
        None => format!("Rows whose `{}` {what}.", target.name),
    };
    let (description, schema) = match operator {
        Operator::Eq => (rows("equals this"), operand(column)),
        Operator::Ne => (rows("is something else than this, NULL excepted"), operand(column)),
        Operator::Gt => (rows("is greater than this"), operand(column)),
        Operator::Gte => (rows("is this or greater"), operand(column)),
        Operator::Lt => (rows("is less than this"), operand(column)),
        Operator::Lte => (rows("is this or less"), operand(column)),
        Operator::In => (rows("is one of these; repeat the parameter"), many(column)),
        Operator::NotIn => (rows("is none of these; repeat the parameter"), many(column)),
        Operator::Contains => (rows("has this inside"), needle()),
        Operator::IContains => (rows("has this inside, whatever the case"), needle()),
        Operator::StartsWith => (rows("begins with this"), needle()),
        Operator::IStartsWith => (rows("begins with this, whatever the case"), needle()),
        Operator::IsNull => (rows("is NULL (`true`) or is not (`false`)"), json!({"type": "boolean"})),
    };
    query(&name, &description, schema)
}

/// The type of a filter's value; what a body must satisfy does not bind a filter, and an example would be filled in by
/// the pages when a request is tried out.
fn operand(column: &ColumnMeta) -> JsonValue {
    input_schema(column.ty)
}

fn many(column: &ColumnMeta) -> JsonValue {
    json!({"type": "array", "items": input_schema(column.ty), "minItems": 1, "maxItems": MAX_VALUES})
}

fn needle() -> JsonValue {
    text(MAX_NEEDLE)
}

fn text(most: usize) -> JsonValue {
    let mut schema = input_schema(ColumnType::Text);
    schema["maxLength"] = json!(most);
    schema
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
