//! What endpoints written by hand take: [`ListQuery`].

use std::marker::PhantomData;
use std::sync::Arc;

use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaParamIn, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use super::api::Mounted;
use super::openapi::{PLACEHOLDER, list_query_marker};
use super::problem::Problem;
use crate::crud::{self, Page, decode_error};
use crate::db::{Executor, Meter};
use crate::error::{Error, InputError, Result};
use crate::model::Resource;
use crate::query::{self, Condition, Include};

/// The query string of a list of `R`, for a `#[OpenApi]` endpoint written by hand: the same parameters, checks and
/// errors as the derived list has, in the specification too, but for `fields`, since it answers structs. The app must have the resource.
///
/// # Examples
///
/// ```
/// use couplet::http::{ListQuery, Problem};
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
///     /// Books that are old enough.
///     #[oai(path = "/classics", method = "get")]
///     async fn list(&self, list: ListQuery<Book>, db: Data<&Database>) -> Result<Page<Book>, Problem> {
///         Ok(list.filter(Book::YEAR.lt(1900)).fetch(*db).await?)
///     }
/// }
/// ```
pub struct ListQuery<R> {
    query: query::ListQuery,
    of: PhantomData<fn() -> R>,
}

impl<R: Resource> ListQuery<R> {
    /// A query that answers whole rows.
    ///
    /// # Errors
    ///
    /// [`Error::Parameters`] where the client chooses fields.
    pub(super) fn whole(query: query::ListQuery) -> Result<Self> {
        let refused = chosen(query.fields.is_some(), &query.include, "");
        if refused.is_empty() { Ok(Self { query, of: PhantomData }) } else { Err(Error::Parameters(refused)) }
    }

    /// Narrows the rows further.
    #[must_use]
    pub fn filter(mut self, condition: Condition<R>) -> Self {
        self.query.filter = condition.into_filter().and(self.query.filter);
        self
    }

    /// Reads the page. Its statements do not count against the endpoint's query budget, as the client says how many it takes.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn fetch<'a>(self, executor: impl Executor<'a>) -> Result<Page<R>> {
        Meter::allow(crud::list::budget(&self.query));
        let result = crud::list(&self.query, &mut executor.session()).await?;
        let items = result.loaded.build().map_err(decode_error(R::META))?;
        Ok(Page { items, meta: result.meta })
    }
}

/// The resources of an app by name, as extractors find them in a request.
#[derive(Clone)]
pub(crate) struct Known(pub(crate) Arc<[Arc<Mounted>]>);

impl<'a, R: Resource> ApiExtractor<'a> for ListQuery<R> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        let placeholder = MetaSchema { description: Some(PLACEHOLDER), ..MetaSchema::new("string") };
        registry.schemas.insert(list_query_marker(R::RESOURCE.name), placeholder);
    }

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Query)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(MetaSchemaRef::Reference(list_query_marker(R::RESOURCE.name)))
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let query = mounted::<R>(request)?.list_query(request.uri().query().unwrap_or_default());
        query.and_then(Self::whole).map_err(|error| Problem::from(error).into())
    }
}

/// The resource `R` of the app that serves the request.
pub(super) fn mounted<R: Resource>(request: &Request) -> poem::Result<&Mounted> {
    let known = request.data::<Known>().map(|known| &*known.0).unwrap_or_default();
    let found = known.iter().find(|mounted| mounted.resource().name == R::RESOURCE.name);
    found.map(AsRef::as_ref).ok_or_else(|| {
        let detail = format!("a list of {} is asked for, which is no resource of this app", R::META.name);
        Problem::from(Error::other(detail)).into()
    })
}

/// The parameters that choose fields, each a mistake: what an endpoint written by hand answers are structs, which are whole.
fn chosen(fields: bool, include: &[Include], path: &str) -> Vec<InputError> {
    let detail = "this list shows whole rows; only derived lists take it";
    let own = fields.then(|| InputError::parameter(format!("{path}fields"), "unknown_parameter", detail));
    let below = include.iter().flat_map(|include| {
        let path = match path {
            "" => format!("include.{}.", include.relation.api_name),
            path => format!("{path}{}.", include.relation.api_name),
        };
        chosen(include.fields.is_some(), &include.children, &path)
    });
    own.into_iter().chain(below).collect()
}
