//! The endpoints of a derived resource: from a request to a use case, from its rows to bytes.

mod body;
mod link;

use std::sync::Arc;

use poem::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, EndpointExt, Request, Response};

use super::problem::Problem;
use super::routes::Route;
use crate::crud::validate::{self, BodyKind};
use crate::crud::{self, Write};
use crate::db::{Database, Meter, Session};
use crate::error::{Error, InputError, Result};
use crate::model::{Loaded, ModelMeta, Operation, RelationMeta, ResourceMeta, Value};
use crate::query::parse::{self, ListOptions};
use crate::query::{Filter, ListQuery};
use crate::sql;

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
        let mut list = parse::list(&self.options, query).map_err(Error::Parameters)?;
        list.filter = self.filter.clone().and(list.filter);
        Ok(list)
    }

    /// The path of the list: `/api/v1/books`.
    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.prefix, self.resource().name)
    }

    /// The path of a row, with a segment for each key column: `/api/v1/books/{id}`.
    pub(crate) fn row_path(&self) -> String {
        self.model().key_columns().fold(self.path(), |path, column| format!("{path}/{{{}}}", column.api_name))
    }

    /// Whether its rows are listed, at its own path and below those of others.
    pub(crate) fn lists(&self) -> bool {
        self.operations.contains(&Operation::List)
    }

    fn operation_path(&self, operation: Operation) -> String {
        match operation {
            Operation::List | Operation::Create => self.path(),
            Operation::Get | Operation::Update | Operation::Replace | Operation::Delete => self.row_path(),
        }
    }
}

/// The method of an operation.
pub(crate) fn method(operation: Operation) -> Method {
    match operation {
        Operation::List | Operation::Get => Method::GET,
        Operation::Create => Method::POST,
        Operation::Update => Method::PATCH,
        Operation::Replace => Method::PUT,
        Operation::Delete => Method::DELETE,
    }
}

/// The routes of a resource. `find` answers the mounted resource of a name, for lists below a row's path.
pub(crate) fn routes(mounted: &Arc<Mounted>, find: impl Fn(&str) -> Option<Arc<Mounted>>) -> Vec<Route> {
    let mut routes = Vec::new();
    for operation in &mounted.operations {
        let endpoint = Derived { mounted: Arc::clone(mounted), action: Action::Operation(*operation) };
        routes.push(Route {
            method: method(*operation),
            path: mounted.operation_path(*operation),
            endpoint: endpoint.boxed(),
        });
    }
    for sub in mounted.resource().sub_resources {
        let relation = &mounted.model().relations[sub.relation];
        let Some(target) = find((sub.target)().name).filter(|target| target.lists()) else { continue };
        let endpoint = Derived { mounted: Arc::clone(mounted), action: Action::Related { relation, target } };
        let path = format!("{}/{}", mounted.row_path(), relation.api_name);
        routes.push(Route { method: Method::GET, path, endpoint: endpoint.boxed() });
    }
    routes
}

struct Derived {
    mounted: Arc<Mounted>,
    action: Action,
}

enum Action {
    Operation(Operation),
    Related { relation: &'static RelationMeta, target: Arc<Mounted> },
}

impl Endpoint for Derived {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let mounted = &*self.mounted;
        match &self.action {
            Action::Operation(Operation::List) => mounted.list(&request).await,
            Action::Operation(Operation::Get) => mounted.get(&request).await,
            Action::Operation(Operation::Create) => mounted.create(request).await,
            Action::Operation(Operation::Update) => mounted.change(request, BodyKind::Patch).await,
            Action::Operation(Operation::Replace) => mounted.change(request, BodyKind::Replace).await,
            Action::Operation(Operation::Delete) => mounted.delete(&request).await,
            Action::Related { relation, target } => mounted.list_related(relation, target, &request).await,
        }
    }
}

impl Mounted {
    async fn list(&self, request: &Request) -> poem::Result<Response> {
        let query = self.list_query(query_string(request)).map_err(problem)?;
        set_budget(crud::list::budget(&query));
        let result = crud::list(&query, &mut self.database.session()).await.map_err(problem)?;
        list_response(request, &result)
    }

    async fn list_related(
        &self,
        relation: &'static RelationMeta,
        target: &Self,
        request: &Request,
    ) -> poem::Result<Response> {
        let key = self.key(request)?;
        let mut query = target.list_query(query_string(request)).map_err(problem)?;
        set_budget(crud::list::budget(&query));
        let mut session = self.database.session();
        // Where the path tells what the list is found by, its parent is asked for only if the list is empty: an empty one may
        // mean that there is none.
        let is_known = self.model().key == relation.link.local() && self.filter.is_everything();
        let values = match is_known {
            true => key.clone(),
            false => self.parent(&key, relation, &mut session).await.map_err(problem)?,
        };
        query.filter = Filter::LinkedTo(relation, values).and(query.filter);
        let result = crud::list(&query, &mut session).await.map_err(problem)?;
        if result.loaded.is_empty() && is_known {
            self.parent(&key, relation, &mut session).await.map_err(problem)?;
        }
        list_response(request, &result)
    }

    /// What the rows related to a row are found by; asked with a statement beyond the budget.
    async fn parent(
        &self,
        key: &[Value],
        relation: &'static RelationMeta,
        session: &mut Session<'_>,
    ) -> Result<Vec<Value>> {
        Meter::allow(1);
        let model = self.model();
        let statement = sql::select::by_key(model, key, &self.filter, false, session.dialect());
        let rows = session.fetch(&statement).await?;
        if rows.len() == 0 {
            return Err(Error::NotFound(model.name));
        }
        crud::values(model, rows.row(0), relation.link.local())
    }

    async fn get(&self, request: &Request) -> poem::Result<Response> {
        let with = parse::one(&self.options, query_string(request)).map_err(bad_parameters)?;
        let key = self.key(request)?;
        set_budget(crud::get::budget(&with));
        let mut session = self.database.session();
        let (row, truncated) =
            crud::get(self.model(), &key, &self.filter, &with, &mut session).await.map_err(problem)?;
        let mut response = row_response(StatusCode::OK, &row)?;
        if !truncated.is_empty() {
            // A row has no `meta` that could say it.
            insert_header(&mut response, HeaderName::from_static(TRUNCATED), &truncated.join(", "));
        }
        Ok(response)
    }

    async fn create(&self, mut request: Request) -> poem::Result<Response> {
        self.no_parameters(&request)?;
        let body = body::object(&mut request, &[body::JSON], self.json_depth).await?;
        let changes = validate::body(self.model(), BodyKind::Create, &body).map_err(Error::Invalid).map_err(problem)?;
        let write = Write::Create(vec![changes]);
        let row = self.write(write).await?;
        let mut response = row_response(StatusCode::CREATED, &row)?;
        let location = link::row(&self.path(), self.model(), &row).map_err(problem)?;
        insert_header(&mut response, header::LOCATION, &location);
        Ok(response)
    }

    async fn change(&self, mut request: Request, kind: BodyKind) -> poem::Result<Response> {
        self.no_parameters(&request)?;
        let key = self.key(&request)?;
        let types: &[&str] = if kind == BodyKind::Patch { &[body::JSON, body::MERGE_PATCH] } else { &[body::JSON] };
        let body = body::object(&mut request, types, self.json_depth).await?;
        let changes = validate::body(self.model(), kind, &body).map_err(Error::Invalid).map_err(problem)?;
        let row = self.write(Write::Update { key, changes, filter: self.filter.clone() }).await?;
        row_response(StatusCode::OK, &row)
    }

    async fn delete(&self, request: &Request) -> poem::Result<Response> {
        self.no_parameters(request)?;
        let key = self.key(request)?;
        self.write(Write::Delete { key, filter: self.filter.clone() }).await?;
        Ok(StatusCode::NO_CONTENT.into())
    }

    async fn write(&self, write: Write) -> poem::Result<Loaded> {
        set_budget(crud::write::budget(self.model(), &write));
        let mut rows = crud::write(self.model(), write, &self.database).await.map_err(problem)?;
        rows.pop().ok_or_else(|| problem(Error::NotFound(self.model().name)))
    }

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

/// The header that names the included relations of which not every row is shown.
const TRUNCATED: &str = "x-truncated";

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

fn list_response(request: &Request, result: &crud::ListResult) -> poem::Result<Response> {
    let mut body = Vec::with_capacity(4096);
    result.write_json(&mut body).map_err(problem)?;
    let mut response = json_response(StatusCode::OK, body);
    let links = link::pages(request.original_uri().path(), query_string(request), &result.meta);
    insert_header(&mut response, header::LINK, &links);
    Ok(response)
}

fn row_response(status: StatusCode, row: &Loaded) -> poem::Result<Response> {
    let mut body = Vec::with_capacity(512);
    row.write_row(0, &mut body).map_err(|error| problem(crud::decode_error(row.meta)(error)))?;
    Ok(json_response(status, body))
}

pub(crate) fn json_response(status: StatusCode, body: Vec<u8>) -> Response {
    Response::builder().status(status).header(header::CONTENT_TYPE, "application/json").body(body)
}

fn insert_header(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
