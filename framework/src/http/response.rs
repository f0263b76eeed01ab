//! Pages as answers of endpoints written by hand: bytes, as derived lists answer them.

use poem::http::StatusCode;
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry};

use super::api::json_response;
use super::openapi::{PLACEHOLDER, page_name};
use crate::crud::Page;
use crate::model::Resource;

impl<R: Resource> IntoResponse for Page<R> {
    fn into_response(self) -> Response {
        let mut body = Vec::with_capacity(4096);
        self.write_json(&mut body);
        json_response(StatusCode::OK, body)
    }
}

impl<R: Resource> ApiResponse for Page<R> {
    fn meta() -> MetaResponses {
        let schema = MetaSchemaRef::Reference(page_name(R::META));
        MetaResponses {
            responses: vec![MetaResponse {
                description: "A page of rows.",
                status: Some(200),
                status_range: None,
                content: vec![MetaMediaType { content_type: "application/json", schema }],
                headers: vec![],
            }],
        }
    }

    fn register(registry: &mut Registry) {
        let placeholder = MetaSchema { description: Some(PLACEHOLDER), ..MetaSchema::new("object") };
        registry.schemas.insert(page_name(R::META), placeholder);
    }
}
