//! From a list of endpoints to one that routes between them, measures and protects each.
//!
//! Everything that an app serves comes here as a [`Route`]. Labels of metrics are resolved once, when the routes are
//! built, so a request costs no lookup.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use poem::endpoint::BoxEndpoint;
use poem::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, EndpointExt, Request, Response};

use super::middleware::{BodyLimit, BodyLimited, CatchPanic, Deadline, Deadlined, PanicsCaught};
use super::problem::{Occasion, Problem};
use super::template::Template;
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
    /// How long a client may take to send a body.
    pub body_timeout: Duration,
}

impl Routes {
    /// Adds an endpoint. The first for a method and path wins, whatever the parameters are called, so that endpoints
    /// written by hand, which come first, replace derived ones. Answers whether it was taken.
    pub fn add(&mut self, route: Route) -> bool {
        let template = Template::parse(&route.path);
        let shape = template.shape();
        if !self.known.insert((route.method.clone(), shape.clone())) {
            return false;
        }
        let endpoint = (template, route.method, route.endpoint);
        match self.paths.iter_mut().find(|path| path.shape == shape) {
            Some(path) => path.endpoints.push(endpoint),
            None => self.paths.push(Path { shape, endpoints: vec![endpoint] }),
        }
        true
    }

    /// Whether there is an endpoint for the method and path already.
    #[must_use]
    pub fn has(&self, method: &Method, path: &str) -> bool {
        self.known.contains(&(method.clone(), Template::parse(path).shape()))
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

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let (since, method) = (Instant::now(), method_label(request.method()));
        let answer = self.route.call(request).await;
        if let Err(error) = &answer {
            // Endpoints settle their errors themselves: what comes here has found none.
            self.metrics.refused(method, "unmatched", error.status().as_str(), since.elapsed());
        }
        answer.map_err(|error| match error.status() {
            StatusCode::NOT_FOUND => Problem::new(StatusCode::NOT_FOUND).with_detail("nothing is served here").into(),
            _ => error,
        })
    }
}

struct Path {
    shape: String,
    endpoints: Vec<(Template, Method, BoxEndpoint<'static>)>,
}

impl Path {
    fn build(self, options: &Arc<RouteOptions>) -> Result<(String, Methods)> {
        let first = self.endpoints.first().map(|(template, ..)| template.clone()).unwrap_or_default();
        let label: Arc<str> = first.label().into();
        let has_head = self.endpoints.iter().any(|(_, method, _)| *method == Method::HEAD);
        let mut methods = Vec::new();
        for (template, method, endpoint) in self.endpoints {
            let endpoint = match template == first {
                true => endpoint,
                false => renamed(&template, endpoint)?,
            };
            let guarded = Arc::new(guard(endpoint, options));
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

type Guarded = BodyLimited<Deadlined<PanicsCaught<BoxEndpoint<'static>>>>;

fn guard(endpoint: BoxEndpoint<'static>, options: &RouteOptions) -> Guarded {
    endpoint
        .with(CatchPanic)
        .with(Deadline(options.deadline))
        .with(BodyLimit { bytes: options.body_limit, timeout: options.body_timeout })
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

    async fn call(&self, request: Request) -> poem::Result<Response> {
        if let Some((_, endpoint)) = self.methods.iter().find(|(method, _)| method == request.method()) {
            return Ok(endpoint.answer(request).await);
        }
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
        Ok(answer)
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

    async fn answer(&self, mut request: Request) -> Response {
        tracing::Span::current().record("route", &*self.label);
        let occasion = Occasion::of(&request);
        if self.as_get {
            request.set_method(Method::GET);
        }
        let in_progress = self.metrics.begin();
        let meter = Meter::new(self.options.query_budget, self.options.development);
        let result = Meter::scope(Arc::clone(&meter), self.endpoint.call(request)).await;
        let mut response = occasion.settle(result).await;
        in_progress.finish(response.status().as_str(), meter.statements(), meter.budget());
        if self.options.development
            && let Ok(timing) = HeaderValue::try_from(server_timing(&meter))
        {
            response.headers_mut().insert(HeaderName::from_static("server-timing"), timing);
        }
        response
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
mod tests {
    use poem::endpoint::make;
    use poem::test::TestClient;
    use serde_json::Value;

    use super::*;
    use crate::http::middleware::Identify;

    fn options() -> RouteOptions {
        RouteOptions {
            metrics: Arc::new(Metrics::new("0").expect("the table is valid")),
            query_budget: 1,
            development: true,
            deadline: Duration::from_secs(5),
            body_limit: 16,
            body_timeout: Duration::from_secs(30),
        }
    }

    fn text(answer: &'static str) -> BoxEndpoint<'static> {
        make(move |_| async move { answer }).map_to_response().boxed()
    }

    fn route(method: Method, path: &str, endpoint: BoxEndpoint<'static>) -> Route {
        Route { method, path: path.to_owned(), endpoint }
    }

    fn client(routes: Routes, options: RouteOptions) -> TestClient<impl Endpoint> {
        TestClient::new(routes.build(options).expect("the paths are valid").with(Identify))
    }

    async fn problem(response: poem::test::TestResponse) -> Value {
        response.assert_content_type("application/problem+json");
        serde_json::from_slice(&response.0.into_body().into_bytes().await.expect("a body")).expect("JSON")
    }

    #[tokio::test]
    async fn the_first_endpoint_of_a_method_and_path_wins_whatever_its_parameters_are_called() {
        let mut routes = Routes::default();
        let named =
            make(|request: Request| async move { request.raw_path_param("book_id").unwrap_or_default().to_owned() });
        assert!(routes.add(route(Method::GET, "/books/{id}", text("by hand"))));
        assert!(!routes.add(route(Method::GET, "/books/{book_id}", text("derived"))));
        assert!(routes.add(route(Method::DELETE, "/books/:book_id", named.map_to_response().boxed())));
        let client = client(routes, options());
        client.get("/books/1").send().await.assert_text("by hand").await;
        client.delete("/books/7").send().await.assert_text("7").await;
    }

    #[tokio::test]
    async fn head_is_answered_like_get_without_the_body() {
        let mut routes = Routes::default();
        routes.add(route(Method::GET, "/books", text("twelve chars")));
        let response = client(routes, options()).head("/books").send().await;
        response.assert_status_is_ok();
        response.assert_header("content-length", "12");
        response.assert_text("").await;
    }

    #[tokio::test]
    async fn options_and_unknown_methods_name_what_is_allowed() {
        let mut routes = Routes::default();
        routes.add(route(Method::GET, "/books", text("")));
        routes.add(route(Method::POST, "/books", text("")));
        let options = options();
        let metrics = Arc::clone(&options.metrics);
        let client = client(routes, options);
        let response = client.options("/books").send().await;
        response.assert_status(StatusCode::NO_CONTENT);
        response.assert_header("allow", "GET, HEAD, OPTIONS, POST");
        let response = client.request(Method::from_bytes(b"BREW").expect("a token"), "/books").send().await;
        response.assert_status(StatusCode::METHOD_NOT_ALLOWED);
        response.assert_header("allow", "GET, HEAD, OPTIONS, POST");
        assert_eq!(problem(response).await["instance"], "/books");
        let text = String::from_utf8(metrics.text().expect("gathered")).expect("UTF-8");
        assert!(text.contains("http_requests_total{endpoint=\"/books\",method=\"other\",status_code=\"405\"} 1"));
    }

    #[tokio::test]
    async fn what_is_not_served_is_a_problem_and_counted_as_unmatched() {
        let options = options();
        let metrics = Arc::clone(&options.metrics);
        let response = client(Routes::default(), options).get("/nowhere").header("x-request-id", "abc").send().await;
        response.assert_status(StatusCode::NOT_FOUND);
        response.assert_header("x-request-id", "abc");
        let body = problem(response).await;
        assert_eq!(body["type"], "about:blank");
        assert_eq!(body["title"], "Not Found");
        assert_eq!(body["request_id"], "abc");
        let text = String::from_utf8(metrics.text().expect("gathered")).expect("UTF-8");
        assert!(text.contains("http_requests_total{endpoint=\"unmatched\",method=\"GET\",status_code=\"404\"} 1"));
    }

    #[tokio::test]
    async fn statements_are_counted_shown_and_held_against_the_budget() {
        let mut routes = Routes::default();
        let endpoint = make(|_| async {
            let meter = Meter::current().expect("each request has a meter");
            meter.record(Duration::from_micros(700));
            meter.record(Duration::from_micros(700));
        });
        routes.add(route(Method::GET, "/books/{id}", endpoint.map_to_response().boxed()));
        let options = options();
        let metrics = Arc::clone(&options.metrics);
        let response = client(routes, options).get("/books/1").send().await;
        response.assert_header("server-timing", "db;desc=\"2 queries\";dur=1.4");
        let text = String::from_utf8(metrics.text().expect("gathered")).expect("UTF-8");
        assert!(text.contains("db_queries_per_request_sum{endpoint=\"/books/{id}\"} 2"), "{text}");
        assert!(text.contains("db_query_budget_exceeded_total{endpoint=\"/books/{id}\"} 1"), "{text}");
    }

    #[tokio::test]
    async fn a_cancelled_request_is_no_longer_in_progress() {
        let mut routes = Routes::default();
        routes.add(route(Method::GET, "/hang", make(|_| std::future::pending::<()>()).map_to_response().boxed()));
        let options = options();
        let gauge = options.metrics.http_requests_in_progress.with_label_values(&["GET", "/hang"]);
        let router = routes.build(options).expect("the path is valid");
        let mut answer = Box::pin(router.call(Request::builder().uri_str("/hang").finish()));
        assert!(futures_util::poll!(&mut answer).is_pending());
        assert_eq!(gauge.get(), 1);
        drop(answer);
        assert_eq!(gauge.get(), 0);
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_that_does_not_tell_its_cause() {
        let mut routes = Routes::default();
        #[expect(clippy::panic, reason = "that is the test")]
        let endpoint = make(|_| async {
            if true {
                panic!("secret")
            }
        });
        routes.add(route(Method::GET, "/panic", endpoint.map_to_response().boxed()));
        let response = client(routes, options()).get("/panic").send().await;
        response.assert_status(StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!problem(response).await.to_string().contains("secret"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_answer_is_504() {
        let mut routes = Routes::default();
        routes.add(route(Method::GET, "/hang", make(|_| std::future::pending::<()>()).map_to_response().boxed()));
        let response = client(routes, options()).get("/hang").send().await;
        response.assert_status(StatusCode::GATEWAY_TIMEOUT);
        assert_eq!(problem(response).await["detail"], "no answer within 5s");
    }

    fn reads_body() -> Routes {
        let endpoint = make(|mut request: Request| async move { request.take_body().into_string().await });
        let mut routes = Routes::default();
        routes.add(route(Method::POST, "/echo", endpoint.map_to_response().boxed()));
        routes
    }

    #[tokio::test]
    async fn a_body_is_counted_with_and_without_its_length() {
        let client = client(reads_body(), options());
        client.post("/echo").body("sixteen letters!").send().await.assert_text("sixteen letters!").await;
        client.post("/echo").body("seventeen letters").send().await.assert_status(StatusCode::PAYLOAD_TOO_LARGE);
        let chunks = ["seventeen", " letters"].map(|chunk| Ok::<_, std::io::Error>(chunk.as_bytes()));
        let body = poem::Body::from_bytes_stream(futures_util::stream::iter(chunks));
        let response = client.post("/echo").body(body).send().await;
        response.assert_status(StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(problem(response).await["detail"], "the body is larger than 16 bytes");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_is_408_and_not_504() {
        let body =
            poem::Body::from_bytes_stream(futures_util::stream::pending::<Result<bytes::Bytes, std::io::Error>>());
        let response = client(reads_body(), options()).post("/echo").body(body).send().await;
        response.assert_status(StatusCode::REQUEST_TIMEOUT);
        assert_eq!(problem(response).await["status"], 408);
    }
}
