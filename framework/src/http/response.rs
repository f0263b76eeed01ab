//! Rows as answers of endpoints written by hand: bytes, as derived endpoints answer them.

use poem::http::StatusCode;
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry};

use super::api::json_response;
use super::openapi::{PLACEHOLDER, page_name};
use crate::crud::Page;
use crate::model::{Model, Resource};

/// One row as the answer of an endpoint written by hand: 200 with the JSON that the derived `GET` of one row answers, and the
/// schema of the model in the specification. The app must have the model.
///
/// # Examples
///
/// ```
/// use couplet::http::{Problem, Row};
/// use couplet::prelude::*;
/// use poem::web::Data;
/// use poem_openapi::OpenApi;
/// use poem_openapi::param::Path;
///
/// /// A book.
/// #[derive(Model, Resource)]
/// pub struct Book {
///     pub id: i64,
///     #[field(default = false)]
///     pub borrowed: bool,
/// }
///
/// struct Lending;
///
/// #[OpenApi]
/// impl Lending {
///     /// Lends a book.
///     #[oai(path = "/books/:id/lend", method = "post")]
///     async fn lend(&self, id: Path<i64>, db: Data<&Database>) -> Result<Row<Book>, Problem> {
///         let lent = BookPatch { borrowed: true.into(), ..Default::default() };
///         Ok(Row(Book::update(id.0, lent, *db).await?))
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<M>(pub M);

impl<M: Model> IntoResponse for Row<M> {
    fn into_response(self) -> Response {
        let mut body = Vec::with_capacity(512);
        self.0.write_json(&mut body);
        json_response(StatusCode::OK, body)
    }
}

impl<M: Model> ApiResponse for Row<M> {
    fn meta() -> MetaResponses {
        ok("The row.", M::META.name.to_owned())
    }

    fn register(registry: &mut Registry) {
        stand_in(registry, M::META.name.to_owned());
    }
}

impl<R: Resource> IntoResponse for Page<R> {
    fn into_response(self) -> Response {
        let mut body = Vec::with_capacity(4096);
        self.write_json(&mut body);
        json_response(StatusCode::OK, body)
    }
}

impl<R: Resource> ApiResponse for Page<R> {
    fn meta() -> MetaResponses {
        ok("A page of rows.", page_name(R::META))
    }

    fn register(registry: &mut Registry) {
        stand_in(registry, page_name(R::META));
    }
}

/// A 200 whose body has the schema of that name.
fn ok(description: &'static str, schema: String) -> MetaResponses {
    let schema = MetaSchemaRef::Reference(schema);
    MetaResponses {
        responses: vec![MetaResponse {
            description,
            status: Some(200),
            status_range: None,
            content: vec![MetaMediaType { content_type: "application/json", schema }],
            headers: vec![],
        }],
    }
}

/// Lets poem-openapi know a schema that the app writes.
fn stand_in(registry: &mut Registry, schema: String) {
    let placeholder = MetaSchema { description: Some(PLACEHOLDER), ..MetaSchema::new("object") };
    registry.schemas.insert(schema, placeholder);
}

#[cfg(test)]
mod tests {
    use poem_openapi::{OpenApi, OpenApiService};
    use serde_json::{Value as JsonValue, json};

    use super::*;
    use crate::error::Error;
    use crate::http::Problem;
    use crate::http::openapi::{Info, UserApi, specification};
    use crate::model::Catalog;

    /// A shelf.
    #[derive(couplet_macros::Model, couplet_macros::Resource)]
    pub(super) struct Shelf {
        /// The key.
        pub id: i64,
        /// What stands on it.
        pub label: String,
        /// Where the key lies.
        #[field(hidden)]
        pub secret: String,
    }

    struct Shelves;

    #[OpenApi]
    impl Shelves {
        #[oai(path = "/shelf", method = "get")]
        async fn shelf(&self) -> Result<Row<Shelf>, Problem> {
            Ok(Row(shelf()))
        }
    }

    fn shelf() -> Shelf {
        Shelf { id: 1, label: "a".to_owned(), secret: "in the wall".to_owned() }
    }

    #[tokio::test]
    async fn a_row_is_answered_as_derived_endpoints_do() {
        let shelf = shelf();
        let secret = shelf.secret.clone();
        let response = Row(shelf).into_response();
        assert_eq!((response.status(), response.content_type()), (StatusCode::OK, Some("application/json")));
        let body = response.into_body().into_string().await.expect("a text");
        assert_eq!(body, r#"{"id":1,"label":"a"}"#);
        assert!(!body.contains(&secret));
    }

    fn document(catalog: &Catalog) -> Result<JsonValue, Error> {
        let user = UserApi::new(&OpenApiService::new(Shelves, "", ""), "")?;
        let info = Info { title: String::new(), version: String::new(), description: String::new(), license: None };
        let document = specification(&info, catalog, &[], &[user])?.json;
        serde_json::from_str(&document).map_err(Error::other)
    }

    #[test]
    fn the_schema_of_a_row_is_the_models() {
        let mut catalog = Catalog::default();
        catalog.add(Shelf::META);
        let document = document(&catalog).expect("the model is known");
        let answer = &document["paths"]["/shelf"]["get"]["responses"]["200"]["content"]["application/json"];
        assert_eq!(answer["schema"], json!({"$ref": "#/components/schemas/Shelf"}));
        assert_eq!(document["components"]["schemas"]["Shelf"]["description"], "A shelf.");
    }

    #[test]
    fn a_row_of_a_model_that_the_app_does_not_have_is_a_mistake() {
        let error = document(&Catalog::default()).expect_err("it has no schema");
        assert!(error.to_string().contains("does not know: #/components/schemas/Shelf; add"), "{error}");
    }
}
