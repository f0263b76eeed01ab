//! What endpoints written by hand take in a body: [`Search`].

use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use super::api::in_body;
use super::extract::{ListQuery, mounted};
use super::openapi::{PLACEHOLDER, whole_name};
use super::problem::Problem;
use crate::crud::Page;
use crate::db::Executor;
use crate::error::Result;
use crate::model::Resource;
use crate::query::Condition;

/// The body of a search for rows of `R`, for a `#[OpenApi]` endpoint written by hand: the same members, checks and errors as
/// the derived search has, in the specification too, but for `fields`, since it answers structs. The app must have the
/// resource, and the resource its search.
///
/// # Examples
///
/// ```
/// use couplet::http::{Problem, Search};
/// use couplet::crud::Page;
/// use couplet::prelude::*;
/// use poem::web::Data;
/// use poem_openapi::OpenApi;
///
/// /// A book.
/// #[derive(Model, Resource)]
/// pub struct Book {
///     pub id: i64,
///     #[field(filter)]
///     pub year: i32,
/// }
///
/// struct Classics;
///
/// #[OpenApi]
/// impl Classics {
///     /// Searches the books that are old enough.
///     #[oai(path = "/classics/search", method = "post")]
///     async fn search(&self, search: Search<Book>, db: Data<&Database>) -> Result<Page<Book>, Problem> {
///         Ok(search.filter(Book::YEAR.lt(1900)).fetch(*db).await?)
///     }
/// }
/// ```
pub struct Search<R>(ListQuery<R>);

impl<R: Resource> Search<R> {
    /// Narrows the rows further.
    #[must_use]
    pub fn filter(self, condition: Condition<R>) -> Self {
        Self(self.0.filter(condition))
    }

    /// Reads the page, as [`ListQuery::fetch`] does.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`](crate::Error::Invalid) for a cursor of another search, else the database's.
    pub async fn fetch<'a>(self, executor: impl Executor<'a>) -> Result<Page<R>> {
        self.0.fetch(executor).await.map_err(in_body)
    }
}

impl<'a, R: Resource> ApiExtractor<'a> for Search<R> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        let placeholder = MetaSchema { description: Some(PLACEHOLDER), ..MetaSchema::new("object") };
        registry.schemas.insert(whole_name(R::RESOURCE), placeholder);
    }

    fn request_meta() -> Option<MetaRequest> {
        let schema = MetaSchemaRef::Reference(whole_name(R::RESOURCE));
        let content = vec![MetaMediaType { content_type: "application/json", schema }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let query = mounted::<R>(request)?.search_of(request, body).await?;
        ListQuery::whole(query).map(Self).map_err(|error| Problem::from(in_body(error)).into())
    }
}
