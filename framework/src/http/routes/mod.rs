//! From a list of endpoints to one that routes between them, measures and protects each.
//!
//! Everything that an app serves comes here as a [`Route`]. Labels of metrics are resolved once, when the routes are
//! built, so a request costs no lookup.

mod template;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::Either;
use futures_util::{FutureExt, TryFutureExt};
use poem::endpoint::BoxEndpoint;
use poem::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, EndpointExt, Request, Response};

use template::Template;

use super::middleware::{
    BodyLimit, BodyLimited, CatchPanic, Deadline, Deadlined, HeadLimit, HeadLimited, PanicsCaught,
};
use super::problem::{Occasion, Problem};
use crate::db::Meter;
use crate::error::{Error, Result};
use crate::metrics::{EndpointMetrics, Metrics};

/// One endpoint and where it is found.
pub struct Route {
    /// The method; `HEAD` and `OPTIONS` come by themselves.
    pub method: Method,
    /// The path with its parameters in braces, as in `/books/{id}`.
    pub path: String,
    /// What answers.
    pub endpoint: BoxEndpoint<'static>,
}

/// All endpoints of an app.
#[derive(Default)]
pub struct Routes {
    known: HashSet<(Method, String)>,
    paths: Vec<Path>,
}

/// What every endpoint is surrounded with.
#[derive(Clone)]
pub struct RouteOptions {
    /// Where requests are counted.
    pub metrics: Arc<Metrics>,
    /// The statements that a request may execute, until its endpoint knows better.
    pub query_budget: u32,
    /// Whether a statement beyond the budget is refused, and `Server-Timing` sent.
    pub development: bool,
    /// How long an answer may take.
    pub deadline: Duration,
    /// Bytes of a body at most.
    pub body_limit: usize,
    /// Bytes of the body of an endpoint at most that takes large ones.
    pub bulk_body_limit: usize,
    /// How long a client may take to send a body.
    pub body_timeout: Duration,
}

impl Routes {
    /// Adds an endpoint. The first for a method and path wins, whatever the parameters are called, so that endpoints
    /// written by hand, which come first, replace derived ones. Answers whether it was taken.
    pub fn add(&mut self, route: Route) -> bool {
        self.add_with(route, false)
    }

    /// As [`Routes::add`], for an endpoint that takes large bodies.
    pub fn add_large(&mut self, route: Route) -> bool {
        self.add_with(route, true)
    }

    fn add_with(&mut self, route: Route, large: bool) -> bool {
        let template = Template::parse(&route.path);
        let shape = template.shape();
        if !self.known.insert((route.method.clone(), shape.clone())) {
            return false;
        }
        let endpoint = (template, route.method, route.endpoint, large);
        match self.paths.iter_mut().find(|path| path.shape == shape) {
            Some(path) => path.endpoints.push(endpoint),
            None => self.paths.push(Path { shape, endpoints: vec![endpoint] }),
        }
        true
    }

    /// Makes one endpoint of all.
    ///
    /// # Errors
    ///
    /// A path that cannot be routed to.
    pub fn build(self, options: RouteOptions) -> Result<Router> {
        let options = Arc::new(options);
        let mut route = poem::Route::new();
        for path in self.paths {
            let (pattern, methods) = path.build(&options)?;
            route = route
                .try_at(&pattern, methods)
                .map_err(|error| Error::Startup(format!("the path {pattern} cannot be routed to: {error}")))?;
        }
        Ok(Router { route, metrics: Arc::clone(&options.metrics) })
    }
}

/// Answers every request of an app, each by its endpoint.
pub struct Router {
    route: poem::Route,
    metrics: Arc<Metrics>,
}

impl Endpoint for Router {
    type Output = Response;

    fn call(&self, request: Request) -> impl Future<Output = poem::Result<Response>> + Send {
        let (since, method, occasion) = (Instant::now(), method_label(request.method()), Occasion::of(&request));
        self.route.call(request).or_else(move |error| self.unmatched(error, since, method, occasion))
    }
}

impl Router {
    async fn unmatched(
        &self,
        error: poem::Error,
        since: Instant,
        method: &'static str,
        occasion: Occasion,
    ) -> poem::Result<Response> {
        // Endpoints settle their errors themselves: what comes here has found none. It is settled as well, since the
        // layers around, which add headers, see answers only.
        self.metrics.refused(method, "unmatched", error.status().as_str(), since.elapsed());
        let error = match error.status() {
            StatusCode::NOT_FOUND => Problem::new(StatusCode::NOT_FOUND).with_detail("nothing is served here").into(),
            _ => error,
        };
        Ok(occasion.settle(Err(error)).await)
    }
}

struct Path {
    shape: String,
    /// Each with whether it takes large bodies.
    endpoints: Vec<(Template, Method, BoxEndpoint<'static>, bool)>,
}

impl Path {
    fn build(self, options: &Arc<RouteOptions>) -> Result<(String, Methods)> {
        let first = self.endpoints.first().map(|(template, ..)| template.clone()).unwrap_or_default();
        let label: Arc<str> = first.label().into();
        let has_head = self.endpoints.iter().any(|(_, method, ..)| *method == Method::HEAD);
        let mut methods = Vec::new();
        for (template, method, endpoint, large) in self.endpoints {
            let endpoint = match template == first {
                true => endpoint,
                false => renamed(&template, endpoint)?,
            };
            let guarded = Arc::new(guard(endpoint, large, options));
            if method == Method::GET && !has_head {
                let head = Measured { as_get: true, ..Measured::new(&guarded, &Method::HEAD, &label, options) };
                methods.push((Method::HEAD, head));
            }
            let measured = Measured::new(&guarded, &method, &label, options);
            methods.push((method, measured));
        }
        let mut names: Vec<&str> = methods.iter().map(|(method, _)| method.as_str()).chain(["OPTIONS"]).collect();
        names.sort_unstable();
        names.dedup();
        let allow = HeaderValue::try_from(names.join(", ")).map_err(Error::other)?;
        Ok((first.pattern(), Methods { methods, allow, label, metrics: Arc::clone(&options.metrics) }))
    }
}

/// The endpoint behind a template whose parameters have other names than the path's first: it is matched once more, under
/// its own names.
fn renamed(template: &Template, endpoint: BoxEndpoint<'static>) -> Result<BoxEndpoint<'static>> {
    let route = poem::Route::new().try_at(template.pattern(), endpoint);
    Ok(route.map_err(|error| Error::Startup(error.to_string()))?.boxed())
}

type Guarded = HeadLimited<BodyLimited<Deadlined<PanicsCaught<BoxEndpoint<'static>>>>>;

fn guard(endpoint: BoxEndpoint<'static>, large: bool, options: &RouteOptions) -> Guarded {
    let bytes = if large { options.bulk_body_limit.max(options.body_limit) } else { options.body_limit };
    endpoint
        .with(CatchPanic)
        .with(Deadline(options.deadline))
        .with(BodyLimit { bytes, timeout: options.body_timeout })
        .with(HeadLimit)
}

/// The endpoints of one path, by method.
struct Methods {
    methods: Vec<(Method, Measured)>,
    allow: HeaderValue,
    label: Arc<str>,
    metrics: Arc<Metrics>,
}

impl Endpoint for Methods {
    type Output = Response;

    fn call(&self, request: Request) -> impl Future<Output = poem::Result<Response>> + Send {
        let answer = match self.methods.iter().find(|(method, _)| method == request.method()) {
            Some((_, endpoint)) => Either::Left(endpoint.answer(request)),
            None => Either::Right(self.refuse(request)),
        };
        answer.map(Ok)
    }
}

impl Methods {
    /// Answers a method that no endpoint is for.
    async fn refuse(&self, request: Request) -> Response {
        tracing::Span::current().record("route", &*self.label);
        let (since, occasion) = (Instant::now(), Occasion::of(&request));
        let answer = match *request.method() {
            Method::OPTIONS => Ok(Response::builder().status(StatusCode::NO_CONTENT).finish()),
            _ => Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED)
                .with_detail(format!("not allowed here: {}", request.method()))
                .into()),
        };
        let mut answer = occasion.settle(answer).await;
        answer.headers_mut().insert(header::ALLOW, self.allow.clone());
        self.metrics.refused(method_label(request.method()), &self.label, answer.status().as_str(), since.elapsed());
        answer
    }
}

/// An endpoint whose requests are counted, timed and given a query budget.
struct Measured {
    endpoint: Arc<Guarded>,
    /// Whether a `HEAD` is answered by the endpoint of `GET`.
    as_get: bool,
    label: Arc<str>,
    metrics: EndpointMetrics,
    options: Arc<RouteOptions>,
}

impl Measured {
    fn new(endpoint: &Arc<Guarded>, method: &Method, label: &Arc<str>, options: &Arc<RouteOptions>) -> Self {
        Self {
            endpoint: Arc::clone(endpoint),
            as_get: false,
            label: Arc::clone(label),
            metrics: options.metrics.endpoint(method_label(method), label),
            options: Arc::clone(options),
        }
    }

    fn answer(&self, mut request: Request) -> impl Future<Output = Response> + Send {
        tracing::Span::current().record("route", &*self.label);
        let occasion = Occasion::of(&request);
        if self.as_get {
            request.set_method(Method::GET);
        }
        let in_progress = self.metrics.begin();
        let meter = Meter::new(self.options.query_budget, self.options.development);
        let answer = Meter::scope(Arc::clone(&meter), self.endpoint.call(request));
        answer.then(move |result| async move {
            let mut response = occasion.settle(result).await;
            in_progress.finish(response.status().as_str(), meter.statements(), meter.is_exceeded());
            if self.options.development
                && let Ok(timing) = HeaderValue::try_from(server_timing(&meter))
            {
                response.headers_mut().insert(HeaderName::from_static("server-timing"), timing);
            }
            response
        })
    }
}

fn server_timing(meter: &Meter) -> String {
    let (count, milliseconds) = (meter.statements(), meter.elapsed().as_secs_f64() * 1000.0);
    let noun = if count == 1 { "query" } else { "queries" };
    format!("db;desc=\"{count} {noun}\";dur={milliseconds:.1}")
}

/// The value of the label `method`; whatever a client invents is `other`, so that labels stay bounded.
fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        "CONNECT" => "CONNECT",
        "TRACE" => "TRACE",
        _ => "other",
    }
}

#[cfg(test)]
mod tests;
