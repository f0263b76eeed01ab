//! Everything that an app serves, put together: users' own endpoints, derived ones, specification and pages.

use std::sync::Arc;

use bytes::Bytes;
use poem::endpoint::BoxEndpoint;
use poem::http::uri::PathAndQuery;
use poem::http::{Method, Uri, header};
use poem::{Endpoint, EndpointExt, IntoEndpoint, Request, Response};
use poem_openapi::error::ParsePathError;
use poem_openapi::{OpenApi, OpenApiService};

use super::api::{self, Mounted};
use super::data::{Insert, WithData};
use super::docs;
use super::extract::Known;
use super::openapi::{Info, Specification, UserApi, specification};
use super::problem::Problem;
use super::routes::{Route, Routes};
use crate::db::Database;
use crate::error::{Error, InputError, Result};
use crate::model::Catalog;

/// An API that was written by hand, as [`App::api`](crate::App::api) takes it.
pub(crate) struct OwnApi {
    document: UserApi,
    endpoint: BoxEndpoint<'static>,
}

impl OwnApi {
    /// Takes a poem-openapi API that is to be served below `prefix`.
    pub(crate) fn new<A: OpenApi + 'static>(api: A, prefix: &str) -> Result<Self> {
        let service = OpenApiService::new(api, "", "");
        let document = UserApi::new(&service, prefix)?;
        Ok(Self { document, endpoint: service.into_endpoint().map_to_response().boxed() })
    }

    /// Lets the endpoints find `data` in their requests.
    pub(crate) fn with_data(self, data: Vec<Insert>) -> Self {
        Self { endpoint: WithData { endpoint: self.endpoint, data }.boxed(), ..self }
    }
}

/// Routes to everything but health and metrics, and the specification that describes it.
///
/// # Errors
///
/// Names that clash; see [`specification`].
pub(crate) fn assemble(
    info: &Info,
    catalog: &Catalog,
    mounted: &[Arc<Mounted>],
    own: Vec<OwnApi>,
    database: &Database,
    prefix: &str,
    with_docs: bool,
) -> Result<(Routes, Specification)> {
    let mut routes = Routes::default();
    let mut documents = Vec::new();
    for OwnApi { document, endpoint } in own {
        let endpoint = endpoint.data(Known(mounted.into())).data(database.clone());
        let shared = Arc::new(WithoutPrefix { endpoint: endpoint.boxed(), prefix: prefix.to_owned() });
        for (method, path) in document.operations() {
            let parameters = parameters(&path);
            let endpoint = OwnOperation { api: Arc::clone(&shared), parameters };
            let route = Route { method, path, endpoint: endpoint.boxed() };
            add(&mut routes, route, "another endpoint of yours; give one of them another path")?;
        }
        documents.push(document);
    }
    for resource in mounted {
        let find = |name: &str| mounted.iter().find(|other| other.resource().name == name).cloned();
        for route in api::routes(resource, find) {
            routes.add(route);
        }
        for route in api::bulk_routes(resource) {
            routes.add_large(route);
        }
    }
    let specification = specification(info, catalog, mounted, &documents)?;
    if with_docs {
        for route in docs_routes(&info.title, &specification) {
            add_own(&mut routes, route)?;
        }
    }
    Ok((routes, specification))
}

/// Adds a route of the framework, which no endpoint of the app may take.
///
/// # Errors
///
/// One has taken it.
pub(crate) fn add_own(routes: &mut Routes, route: Route) -> Result<()> {
    add(routes, route, "the framework itself; give your resource or endpoint another path, or set server.prefix")
}

fn add(routes: &mut Routes, route: Route, by: &str) -> Result<()> {
    let place = format!("{} {}", route.method, route.path);
    if routes.add(route) { Ok(()) } else { Err(Error::Startup(format!("{place} is served by {by}"))) }
}

/// Where the specification is served.
pub(crate) const SPECIFICATION: &str = "/openapi.json";

fn docs_routes(title: &str, specification: &Specification) -> Vec<Route> {
    let route = |path: &str, endpoint| Route { method: Method::GET, path: path.to_owned(), endpoint };
    let mut routes = vec![
        route(SPECIFICATION, fixed("application/json", &specification.json)),
        route("/openapi.yaml", fixed("application/yaml", &specification.yaml)),
    ];
    routes.extend(docs::pages(title, SPECIFICATION).into_iter().map(|page| route(page.path(), page.boxed())));
    routes
}

/// Answers with the same bytes each time.
fn fixed(content_type: &'static str, text: &str) -> BoxEndpoint<'static> {
    let bytes = Bytes::from(text.to_owned());
    poem::endpoint::make_sync(move |_| {
        Response::builder().header(header::CONTENT_TYPE, content_type).body(bytes.clone())
    })
    .boxed()
}

/// poem-openapi routes by paths without the app's prefix.
struct WithoutPrefix {
    endpoint: BoxEndpoint<'static>,
    prefix: String,
}

impl Endpoint for WithoutPrefix {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        if let Some(uri) = without_prefix(request.uri(), &self.prefix) {
            *request.uri_mut() = uri;
        }
        self.endpoint.call(request).await
    }
}

fn without_prefix(uri: &Uri, prefix: &str) -> Option<Uri> {
    let rest = uri.path_and_query()?.as_str().strip_prefix(prefix)?;
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(rest.parse::<PathAndQuery>().ok()?);
    Uri::from_parts(parts).ok()
}

/// One operation of an API that was written by hand.
struct OwnOperation {
    api: Arc<WithoutPrefix>,
    /// The names of the path's parameters.
    parameters: Vec<String>,
}

impl Endpoint for OwnOperation {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let error = match self.api.call(request).await {
            Ok(response) => return Ok(response),
            Err(error) => error,
        };
        Err(self.refused_parameter(&error).map_or(error, Into::into))
    }
}

impl OwnOperation {
    /// The problem of a path's parameter under its own name; poem-openapi calls them `param0`, `param1` and so on.
    fn refused_parameter(&self, error: &poem::Error) -> Option<Problem> {
        let ParsePathError { name, reason } = error.downcast_ref()?;
        let place: usize = name.strip_prefix("param")?.parse().ok()?;
        let entry = InputError::parameter(self.parameters.get(place)?, "invalid_parameter", reason);
        Some(Error::Parameters(vec![entry]).into())
    }
}

fn parameters(path: &str) -> Vec<String> {
    let inside = |segment: &str| segment.strip_prefix('{')?.strip_suffix('}').map(str::to_owned);
    path.split('/').filter_map(inside).collect()
}
