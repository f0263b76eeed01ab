//! How a problem stands in the specification.

use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry};

use super::{CONTENT_TYPE, Problem, SCHEMA};
use crate::error::Error;

/// With this an `#[OpenApi]` method returns `Result<Json<T>, Problem>`, and the specification says so.
impl ApiResponse for Problem {
    fn meta() -> MetaResponses {
        let schema = MetaSchemaRef::Reference(SCHEMA.to_owned());
        let content = vec![MetaMediaType { content_type: CONTENT_TYPE, schema }];
        let description = "What went wrong";
        let response = MetaResponse { description, status: None, status_range: None, content, headers: Vec::new() };
        MetaResponses { responses: vec![response] }
    }

    fn register(registry: &mut Registry) {
        registry.schemas.entry(SCHEMA.to_owned()).or_insert_with(meta);
    }
}

/// With this an `#[OpenApi]` method returns `couplet::Result<Json<T>>`.
impl ApiResponse for Error {
    fn meta() -> MetaResponses {
        Problem::meta()
    }

    fn register(registry: &mut Registry) {
        Problem::register(registry);
    }
}

pub(super) fn meta() -> MetaSchema {
    let entry = MetaSchema {
        description: Some("One mistake"),
        required: vec!["code", "detail"],
        properties: vec![
            ("parameter", text("The query or path parameter that it is in", "sort")),
            ("pointer", text("A JSON pointer (RFC 6901) to the member of the body that it is in", "/title")),
            ("code", text("A stable name for programs", "unknown_field")),
            ("detail", text("What would be accepted, for people", "unknown field \"titel\"; did you mean \"title\"?")),
        ],
        ..MetaSchema::new("object")
    };
    let errors = MetaSchema {
        description: Some("Every single mistake"),
        items: Some(Box::new(inline(entry))),
        ..MetaSchema::new("array")
    };
    let status = MetaSchema {
        description: Some("The status of the answer"),
        example: Some(400.into()),
        ..MetaSchema::new_with_format("integer", "int32")
    };
    MetaSchema {
        description: Some("An error (RFC 9457)"),
        required: vec!["type", "title", "status"],
        properties: vec![
            ("type", text("Always `about:blank`: the status says what kind of problem it is", "about:blank")),
            ("title", text("The status in words", "Bad Request")),
            ("status", inline(status)),
            ("detail", text("What went wrong this time, for people", "unknown field \"titel\"")),
            ("instance", text("The path that was asked for", "/books")),
            ("request_id", text("The id under which the server's log knows the request", "0198f3a2-5b1c-7cc3")),
            ("errors", inline(errors)),
        ],
        ..MetaSchema::new("object")
    }
}

fn text(description: &'static str, example: &str) -> MetaSchemaRef {
    inline(MetaSchema { description: Some(description), example: Some(example.into()), ..MetaSchema::new("string") })
}

fn inline(schema: MetaSchema) -> MetaSchemaRef {
    MetaSchemaRef::Inline(Box::new(schema))
}
