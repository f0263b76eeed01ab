//! The endpoints of a derived resource: from a request to a use case, from its rows to bytes.

mod answers;
mod body;
mod bulk;
mod etag;
pub(crate) mod idempotency;
mod items;
mod kept;
mod link;
mod read;
mod recent;
mod search;
mod unique;
mod write;

pub(crate) use search::in_body;

use std::sync::Arc;

use futures_util::FutureExt;
use poem::http::{HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, EndpointExt, Request, Response};

use self::answers::Cached;
use super::problem::Problem;
use super::routes::Route;
use crate::crud;
use crate::crud::answers::Answers;
use crate::crud::validate::BodyKind;
use crate::crud::write::idempotency::Keys;
use crate::db::{Database, Meter};
use crate::error::{Error, InputError, Result};
use crate::model::{Loaded, ModelMeta, Operation, RelationMeta, ResourceMeta, Value};
use crate::query::parse::{self, ListOptions};
use crate::query::{Filter, ListQuery};

/// A resource as an app mounts it.
pub(crate) struct Mounted {
    pub(crate) database: Database,
    pub(crate) options: ListOptions,
    /// The rows that the resource shows at all.
    pub(crate) filter: Filter,
    pub(crate) operations: Vec<Operation>,
    /// What stands before the resource's path, as in `/api/v1`.
    pub(crate) prefix: String,
    pub(crate) json_depth: usize,
    /// Idempotency keys in use.
    pub(crate) keys: Arc<Keys>,
    /// Answers that are kept.
    pub(crate) answers: Arc<Answers>,
}

impl Mounted {
    pub(crate) fn resource(&self) -> &'static ResourceMeta {
        self.options.resource
    }

    pub(crate) fn model(&self) -> &'static ModelMeta {
        (self.resource().model)()
    }

    /// Reads the query string of a list of the rows that the resource shows.
    pub(crate) fn list_query(&self, query: &str) -> Result<ListQuery> {
        parse::list(&self.options, query).map(|list| self.narrowed(list)).map_err(Error::Parameters)
    }

    /// Of a list, the rows that the resource shows.
    fn narrowed(&self, mut list: ListQuery) -> ListQuery {
        list.filter = self.filter.clone().and(list.filter);
        list
    }

    /// The path of the list: `/api/v1/books`.
    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.prefix, self.resource().name)
    }

    /// The path of a row, with a segment for each key column: `/api/v1/books/{id}`.
    pub(crate) fn row_path(&self) -> String {
        self.model().key_columns().fold(self.path(), |path, column| format!("{path}/{{{}}}", column.api_name))
    }

    /// The path of the search: `/api/v1/books/search`. It wins over a row whose key is this word.
    pub(crate) fn search_path(&self) -> String {
        format!("{}/search", self.path())
    }

    /// Whether its rows are listed, at its own path and below those of others.
    pub(crate) fn lists(&self) -> bool {
        self.operations.contains(&Operation::List)
    }

    /// The path of an operation.
    pub(crate) fn operation_path(&self, operation: Operation) -> String {
        match operation {
            Operation::List | Operation::Create => self.path(),
            Operation::Get | Operation::Update | Operation::Replace | Operation::Delete => self.row_path(),
            Operation::Restore => format!("{}/restore", self.row_path()),
            Operation::BulkCreate | Operation::BulkUpdate => format!("{}/bulk", self.path()),
            Operation::BulkDelete => format!("{}/bulk/delete", self.path()),
            Operation::Search => self.search_path(),
        }
    }
}

/// The method of an operation.
pub(crate) fn method(operation: Operation) -> Method {
    match operation {
        Operation::List | Operation::Get => Method::GET,
        Operation::Create | Operation::Search | Operation::Restore | Operation::BulkCreate | Operation::BulkDelete => {
            Method::POST
        }
        Operation::Update | Operation::BulkUpdate => Method::PATCH,
        Operation::Replace => Method::PUT,
        Operation::Delete => Method::DELETE,
    }
}

/// The routes of a resource. `find` answers the mounted resource of a name, for lists below a row's path.
pub(crate) fn routes(mounted: &Arc<Mounted>, find: impl Fn(&str) -> Option<Arc<Mounted>>) -> Vec<Route> {
    let mut routes = Vec::new();
    for operation in mounted.operations.iter().filter(|operation| !Operation::BULK.contains(operation)) {
        routes.push(operation_route(mounted, *operation));
    }
    for sub in mounted.resource().sub_resources {
        let relation = &mounted.model().relations[sub.relation];
        let Some(target) = find((sub.target)().name).filter(|target| target.lists()) else { continue };
        let path = format!("{}/{}", mounted.row_path(), relation.api_name);
        let cached = target.cached(&path);
        let endpoint = Derived { mounted: Arc::clone(mounted), action: Action::Related { relation, target }, cached };
        routes.push(Route { method: Method::GET, path, endpoint: endpoint.boxed() });
    }
    routes
}

/// The routes of a resource that take the bodies of many rows.
pub(crate) fn bulk_routes(mounted: &Arc<Mounted>) -> Vec<Route> {
    let operations = mounted.operations.iter().filter(|operation| Operation::BULK.contains(operation));
    operations.map(|operation| operation_route(mounted, *operation)).collect()
}

fn operation_route(mounted: &Arc<Mounted>, operation: Operation) -> Route {
    let path = mounted.operation_path(operation);
    let cached = mounted.cached(&path).filter(|_| operation.reads());
    let endpoint = Derived { mounted: Arc::clone(mounted), action: Action::Operation(operation), cached };
    Route { method: method(operation), path, endpoint: endpoint.boxed() }
}

struct Derived {
    mounted: Arc<Mounted>,
    action: Action,
    /// Where answers are kept.
    cached: Option<Cached>,
}

enum Action {
    Operation(Operation),
    Related { relation: &'static RelationMeta, target: Arc<Mounted> },
}

impl Endpoint for Derived {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let mounted = &*self.mounted;
        if let Some(cached) = &self.cached {
            return match &self.action {
                Action::Operation(Operation::Get) => cached.row(mounted, &request).await,
                Action::Operation(Operation::Search) => cached.search(mounted, request).boxed().await,
                Action::Operation(_) => cached.list(mounted, &request).await,
                Action::Related { relation, target } => cached.list_related(mounted, relation, target, &request).await,
            };
        }
        // Each boxed by itself, or every request would carry the room that the largest of them needs.
        let answer = match &self.action {
            Action::Operation(Operation::List) => mounted.list(&request).boxed(),
            Action::Operation(Operation::Get) => mounted.get(&request).boxed(),
            Action::Operation(Operation::Create) => mounted.create(request).boxed(),
            Action::Operation(Operation::Update) => mounted.change(request, BodyKind::Patch).boxed(),
            Action::Operation(Operation::Replace) => mounted.change(request, BodyKind::Replace).boxed(),
            Action::Operation(Operation::Delete) => mounted.delete(&request).boxed(),
            Action::Operation(Operation::Search) => mounted.search(request).boxed(),
            Action::Operation(Operation::Restore) => mounted.restore(request).boxed(),
            Action::Operation(Operation::BulkCreate) => mounted.bulk_create(request).boxed(),
            Action::Operation(Operation::BulkUpdate) => mounted.bulk_update(request).boxed(),
            Action::Operation(Operation::BulkDelete) => mounted.bulk_delete(request).boxed(),
            Action::Related { relation, target } => mounted.list_related(relation, target, &request).boxed(),
        };
        answer.await
    }
}

impl Mounted {
    /// The primary key in the path.
    fn key(&self, request: &Request) -> poem::Result<Vec<Value>> {
        if !is_encoded(request.original_uri().path()) {
            let detail = "the path is not UTF-8 in percent-encoding; write % as %25";
            return Err(bad_parameters(vec![InputError::request("malformed", detail)]));
        }
        let (mut key, mut errors) = (Vec::new(), Vec::new());
        for column in self.model().key_columns() {
            let text = request.raw_path_param(column.api_name).unwrap_or_default();
            match Value::parse_text(column.ty, text) {
                Ok(value) => key.push(value),
                Err(detail) => errors.push(InputError::parameter(column.api_name, "invalid_value", detail)),
            }
        }
        if errors.is_empty() { Ok(key) } else { Err(bad_parameters(errors)) }
    }

    fn no_parameters(&self, request: &Request) -> poem::Result<()> {
        parse::none(&self.options, query_string(request)).map_err(bad_parameters)
    }
}

fn query_string(request: &Request) -> &str {
    request.uri().query().unwrap_or_default()
}

/// A derived endpoint knows how many statements it may execute.
fn set_budget(statements: u32) {
    if let Some(meter) = Meter::current() {
        meter.set_budget(statements);
    }
}

/// Whether each `%` begins an escape and all of them are UTF-8; poem takes a segment where that is not so as it stands.
fn is_encoded(path: &str) -> bool {
    let mut after = path.split('%').skip(1).map(str::as_bytes);
    let is_escape = |text: &[u8]| text.len() >= 2 && text[..2].iter().all(u8::is_ascii_hexdigit);
    after.all(is_escape) && percent_encoding::percent_decode_str(path).decode_utf8().is_ok()
}

fn bad_parameters(errors: Vec<InputError>) -> poem::Error {
    problem(Error::Parameters(errors))
}

fn problem(error: Error) -> poem::Error {
    Problem::from(error).into()
}

fn row_response(status: StatusCode, row: &Loaded) -> poem::Result<Response> {
    let mut body = Vec::with_capacity(512);
    row.write_row(0, &mut body).map_err(|error| problem(crud::decode_error(row.meta)(error)))?;
    let mut response = json_response(status, body);
    etag::insert(&mut response, row).map_err(problem)?;
    Ok(response)
}

/// Headers of an answer, those of the layers around included.
const HEADERS: usize = 12;

pub(crate) fn json_response(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::builder().status(status).body(body);
    response.headers_mut().reserve(HEADERS);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn insert_header(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
