//! The operations of a resource: parameters, bodies, answers of every status.

use serde_json::{Map, Value as JsonValue, json};

use super::super::api::{Mounted, method};
use super::super::problem;
use super::schemas::{body_kind, body_name, example_body, page_name, reference};
use super::{bulk, conditions, parameters, partial, search};
use crate::crud::validate::BodyKind;
use crate::model::{ModelMeta, Operation, SubResource};
use crate::query::parse::includable;

/// The path, the method and the description of a derived operation.
pub(super) fn operation(mounted: &Mounted, operation: Operation) -> (String, String, JsonValue) {
    let (resource, model) = (mounted.resource(), mounted.model());
    let noun = words(model.name);
    let nouns = resource.name.replace('-', " ");
    let (path, summary) = match operation {
        Operation::List => (mounted.path(), format!("List {nouns}")),
        Operation::Get => (mounted.row_path(), format!("Get {} {noun}", article(&noun))),
        Operation::Create => (mounted.path(), format!("Create {} {noun}", article(&noun))),
        Operation::Update => (mounted.row_path(), format!("Update {} {noun}", article(&noun))),
        Operation::Replace => (mounted.row_path(), format!("Replace {} {noun}", article(&noun))),
        Operation::Delete => (mounted.row_path(), format!("Delete {} {noun}", article(&noun))),
        Operation::Search => (mounted.search_path(), format!("Search {nouns}")),
        Operation::Restore => {
            (format!("{}/restore", mounted.row_path()), format!("Restore {} deleted {noun}", article("deleted")))
        }
        Operation::BulkCreate => (mounted.operation_path(operation), format!("Create many {nouns}")),
        Operation::BulkUpdate => (mounted.operation_path(operation), format!("Update many {nouns}")),
        Operation::BulkDelete => (mounted.operation_path(operation), format!("Delete many {nouns}")),
    };
    let mut document = json!({
        "tags": [resource.name],
        "summary": summary,
        "operationId": format!("{}.{}", resource.name, operation.name()),
    });
    let parameters = parameters_of(mounted, operation);
    if !parameters.is_empty() {
        document["parameters"] = parameters.into();
    }
    if let Some(kind) = body_kind(operation) {
        document["requestBody"] = request_body(model, kind);
    }
    if operation == Operation::Search {
        document["requestBody"] = search::request_body(mounted);
    }
    if let Some(body) = bulk::request_body(mounted, operation) {
        document["requestBody"] = body;
    }
    let mut responses = responses(mounted, operation);
    partial::answer(&mut responses, resource, operation);
    document["responses"] = responses.into();
    let method = method(operation).as_str().to_lowercase();
    (path, method, document)
}

/// The path and the description of a list below a row's path.
pub(super) fn related(parent: &Mounted, sub: &SubResource, target: &Mounted) -> (String, JsonValue) {
    let relation = &parent.model().relations[sub.relation];
    let mut parameters = parameters::key(parent.model());
    parameters.extend(parameters::list(target));
    parameters.extend(target.resource().cache.map(|_| conditions::known()));
    let mut responses = responses(target, Operation::List);
    partial::answer(&mut responses, target.resource(), Operation::List);
    responses.insert("404".to_owned(), error_reference("NotFound"));
    responses.sort_keys();
    let noun = words(parent.model().name);
    let document = json!({
        "tags": [parent.resource().name],
        "summary": format!("List the {} of {} {noun}", relation.api_name, article(&noun)),
        "operationId": format!("{}.{}.list", parent.resource().name, relation.api_name),
        "parameters": parameters,
        "responses": responses,
    });
    (format!("{}/{}", parent.row_path(), relation.api_name), document)
}

fn parameters_of(mounted: &Mounted, operation: Operation) -> Vec<JsonValue> {
    match operation {
        Operation::List => {
            let mut parameters = parameters::list(mounted);
            parameters.extend(mounted.resource().cache.map(|_| conditions::known()));
            parameters
        }
        Operation::Search => Vec::new(),
        Operation::Create | Operation::BulkCreate => {
            let on_conflict = parameters::on_conflict(mounted.resource());
            on_conflict.into_iter().chain([parameters::idempotency_key()]).collect()
        }
        Operation::BulkUpdate | Operation::BulkDelete => vec![parameters::idempotency_key()],
        Operation::Get => {
            let mut parameters = parameters::key(mounted.model());
            parameters.extend(parameters::related(mounted.resource()));
            parameters.extend(parameters::fields(mounted.resource()));
            parameters.extend(parameters::deleted(mounted.resource()));
            match mounted.resource().cache {
                Some(_) => parameters.push(conditions::known()),
                None => parameters.extend(conditions::if_none_match(mounted.model())),
            }
            parameters
        }
        Operation::Update | Operation::Replace | Operation::Delete => {
            let mut parameters = parameters::key(mounted.model());
            parameters.extend(conditions::if_match(mounted.resource()));
            parameters
        }
        Operation::Restore => {
            let mut parameters = parameters::key(mounted.model());
            parameters.extend(conditions::if_match(mounted.resource()));
            parameters.push(parameters::idempotency_key());
            parameters
        }
    }
}

fn request_body(model: &ModelMeta, kind: BodyKind) -> JsonValue {
    let mut media = json!({"schema": reference(&body_name(model, kind))});
    if let Some(example) = example_body(model, kind) {
        media["example"] = example;
    }
    let content = match kind {
        BodyKind::Patch => json!({"application/merge-patch+json": media, "application/json": media}),
        BodyKind::Create | BodyKind::Replace => json!({"application/json": media}),
    };
    json!({"required": true, "content": content})
}

fn responses(mounted: &Mounted, operation: Operation) -> Map<String, JsonValue> {
    let model = mounted.model();
    let mut responses = Map::new();
    let (status, success) = match operation {
        Operation::List => ("200", page(model)),
        Operation::Search => ("200", row_page(model, request_id())),
        Operation::Get => ("200", got(model)),
        Operation::Create => ("201", created(model)),
        Operation::Update | Operation::Replace => ("200", row(model, "The row as it is now.")),
        Operation::Restore => ("200", replayable(row(model, "The row, which is there again."))),
        Operation::Delete => ("204", json!({"description": "Deleted.", "headers": request_id()})),
        Operation::BulkCreate => ("201", replayable(bulk::rows(model, "The new rows, in the order of the items."))),
        Operation::BulkUpdate => {
            ("200", replayable(bulk::rows(model, "The rows as they are now, in the order of the items.")))
        }
        Operation::BulkDelete => {
            ("204", replayable(json!({"description": "All are deleted.", "headers": request_id()})))
        }
    };
    responses.insert(status.to_owned(), success);
    let upserts = !mounted.resource().upsert.is_empty();
    if operation == Operation::Create && upserts {
        responses.insert("200".to_owned(), replayable(row(model, "The row that was there, as it is now.")));
    }
    if operation == Operation::BulkCreate && upserts {
        let rows = bulk::rows(model, "With `on_conflict`: the rows as they are now, in the order of the items.");
        responses.insert("200".to_owned(), replayable(rows));
    }
    if operation == Operation::Get && model.version().is_some() {
        responses.insert("304".to_owned(), conditions::not_modified());
    }
    if mounted.resource().cache.is_some() && matches!(operation, Operation::List | Operation::Get) {
        conditions::kept(&mut responses, operation == Operation::Get && model.version().is_some());
    }
    for status in errors(mounted, operation) {
        if let Some(name) = error_name(status) {
            responses.insert(status.to_string(), error_reference(name));
        }
    }
    responses.sort_keys();
    responses
}

fn page(model: &ModelMeta) -> JsonValue {
    let mut headers = request_id();
    headers["Link"] = json!({"$ref": "#/components/headers/Link"});
    row_page(model, headers)
}

fn row_page(model: &ModelMeta, headers: JsonValue) -> JsonValue {
    let schema = reference(&page_name(model));
    json!({"description": "A page of rows.", "headers": headers, "content": {"application/json": {"schema": schema}}})
}

fn row(model: &ModelMeta, description: &str) -> JsonValue {
    let schema = reference(model.name);
    let mut row = json!({
        "description": description,
        "headers": request_id(),
        "content": {"application/json": {"schema": schema}},
    });
    if model.version().is_some() {
        row["headers"]["ETag"] = json!({"$ref": "#/components/headers/ETag"});
    }
    row
}

fn got(model: &'static ModelMeta) -> JsonValue {
    let mut got = row(model, "The row.");
    if includable(model).next().is_some() {
        got["headers"]["X-Truncated"] = json!({"$ref": "#/components/headers/X-Truncated"});
    }
    got
}

fn created(model: &ModelMeta) -> JsonValue {
    let mut created = row(model, "The new row.");
    created["headers"]["Location"] = json!({"$ref": "#/components/headers/Location"});
    replayable(created)
}

/// An answer that may be given again to the same `Idempotency-Key`.
fn replayable(mut answer: JsonValue) -> JsonValue {
    answer["headers"]["Idempotency-Replayed"] = json!({"$ref": "#/components/headers/Idempotency-Replayed"});
    answer
}

pub(super) fn request_id() -> JsonValue {
    json!({"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}})
}

/// The headers that answers refer to.
pub(super) fn headers() -> JsonValue {
    let text = |description: &str| json!({"description": description, "schema": {"type": "string"}});
    json!({
        "X-Request-Id": text("The id under which the log knows the request."),
        "Link": text("References to the first, previous, next and last page (RFC 8288)."),
        "Location": text("The path of the new row."),
        "Idempotency-Replayed": text("`true` where the answer was made for an earlier request with the same key."),
        "ETag": text("The version of the row, as in `\"3\"`, for `If-Match` and `If-None-Match`."),
        "AnswerTag": text("What the answer is known by, for `If-None-Match`: another one as soon as a table that it reads has changed."),
        "Cache-Control": text("`private, no-cache`: the answer may be kept by who asked for it, and used after asking whether it is still the same."),
        "X-Truncated": text("Paths of included relations of which not every row is shown."),
        "Retry-After": {"description": "Seconds until it is worth trying again.", "schema": {"type": "integer"}},
    })
}

/// The errors that every operation can answer.
pub(super) const ERRORS_OF_ALL: &[u16] = &[414, 431, 500, 503, 504];

/// The errors that an operation can answer, in order.
fn errors(mounted: &Mounted, operation: Operation) -> Vec<u16> {
    let mut statuses = [&[400], ERRORS_OF_ALL].concat();
    if !matches!(operation, Operation::List | Operation::Create | Operation::Search | Operation::BulkCreate) {
        statuses.push(404);
    }
    if !matches!(operation, Operation::List | Operation::Get | Operation::Search) {
        statuses.push(409);
        // Only a hook forbids.
        statuses.extend(mounted.model().hooks.map(|_| 403));
        // Nor does anything else find a delete unacceptable.
        statuses.extend(mounted.model().hooks.filter(|_| operation == Operation::Delete).map(|_| 422));
    }
    if body_kind(operation).is_some() || operation == Operation::Search || Operation::BULK.contains(&operation) {
        statuses.extend([408, 413, 415, 422]);
    }
    if operation == Operation::Restore {
        // A body is read for the key's sake alone, and the key may be that of another request.
        statuses.extend([408, 413, 422]);
    }
    statuses.extend(conditions::errors(mounted.resource(), operation));
    statuses.sort_unstable();
    statuses
}

/// Every error answer: its name in the components, its status, what it means, an example of `errors`.
const ERRORS: &[(&str, u16, &str)] = &[
    ("BadRequest", 400, "A parameter or a JSON text that cannot be read; every bad one is named."),
    ("Forbidden", 403, "The caller may not do this."),
    ("NotFound", 404, "There is no such row."),
    ("SlowBody", 408, "The body did not come in time."),
    (
        "Conflict",
        409,
        "A unique or foreign key would be violated, or a request with the same `Idempotency-Key` is in flight.",
    ),
    ("Stale", 412, "The row has another version than the change is meant for."),
    ("TooLarge", 413, "The body is too large."),
    ("LongAddress", 414, "The path and query are too long."),
    ("MediaType", 415, "The body is of a media type that is not read."),
    ("Invalid", 422, "Values that cannot be accepted; every one is named."),
    ("VersionRequired", 428, "The change must name the version that it is meant for, by `If-Match`."),
    ("LongHeaders", 431, "The headers are too long."),
    ("Internal", 500, "An internal error; the log has its cause under the request id."),
    ("Unavailable", 503, "The database is down or all its connections are in use."),
    ("Timeout", 504, "The deadline has passed."),
];

/// The error answers that operations refer to.
pub(super) fn error_responses() -> JsonValue {
    let mut responses = Map::new();
    for (name, status, description) in ERRORS {
        let mut headers = request_id();
        if [409, 503].contains(status) {
            headers["Retry-After"] = json!({"$ref": "#/components/headers/Retry-After"});
        }
        let media = json!({"schema": reference(problem::SCHEMA), "example": problem_example(*status, description)});
        let response =
            json!({"description": description, "headers": headers, "content": {problem::CONTENT_TYPE: media}});
        responses.insert((*name).to_owned(), response);
    }
    responses.into()
}

fn problem_example(status: u16, description: &str) -> JsonValue {
    let title = poem::http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let errors = match status {
        400 => {
            json!([{"parameter": "sort", "code": "unknown_field", "detail": "unknown sort column \"titel\"; did you mean \"title\"?"}])
        }
        409 => json!([{"pointer": "/email", "code": "unique", "detail": "another row has this email"}]),
        412 => json!([{"code": "stale", "detail": "the row has version 4 now, not 3"}]),
        422 => json!([{"pointer": "/name", "code": "required", "detail": "\"name\" is required"}]),
        _ => JsonValue::Null,
    };
    let mut problem = json!({
        "type": "about:blank",
        "title": title.unwrap_or_default(),
        "status": status,
        "detail": description,
        "instance": "/books",
        "request_id": "0190a5d4-5c1e-7cc2-8f3a-2f1c6e9b7d10",
    });
    if !errors.is_null() {
        problem["errors"] = errors;
    }
    problem
}

pub(super) fn error_reference(name: &str) -> JsonValue {
    json!({"$ref": format!("#/components/responses/{name}")})
}

/// The name of the error answer of a status.
pub(super) fn error_name(status: u16) -> Option<&'static str> {
    ERRORS.iter().find(|(_, known, _)| *known == status).map(|(name, ..)| *name)
}

/// `BookAuthor` as `book author`.
fn words(name: &str) -> String {
    let mut words = String::new();
    for (index, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && index > 0 {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}
