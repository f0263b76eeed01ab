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
        bulk_body_limit: 32,
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
    let body = poem::Body::from_bytes_stream(futures_util::stream::pending::<Result<bytes::Bytes, std::io::Error>>());
    let response = client(reads_body(), options()).post("/echo").body(body).send().await;
    response.assert_status(StatusCode::REQUEST_TIMEOUT);
    assert_eq!(problem(response).await["status"], 408);
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused_before_hyper_does_it() {
    let mut routes = Routes::default();
    routes.add(route(Method::GET, "/books", text("")));
    let client = client(routes, options());
    let long = client.get(format!("/books?q={}", "x".repeat(16 * 1024))).send().await;
    long.assert_status(StatusCode::URI_TOO_LONG);
    assert_eq!(problem(long).await["detail"], "the path and query are longer than 16384 bytes");
    let wide = client.get("/books").header("x-filler", "x".repeat(32 * 1024)).send().await;
    wide.assert_status(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
}

/// It is moved into a box for each request.
#[tokio::test]
async fn what_a_request_carries_is_small() {
    let endpoint = make(|_| async { "x" }).map_to_response().boxed();
    let options = Arc::new(options());
    let guarded = Arc::new(guard(endpoint, false, &options));
    let measured = Measured::new(&guarded, &Method::GET, &"/x".into(), &options);
    let answer = measured.answer(Request::default());
    assert!(size_of_val(&answer) <= 4 * size_of::<Request>(), "{} bytes", size_of_val(&answer));
}
