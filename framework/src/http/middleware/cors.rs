//! Lets pages of other origins call the API (CORS); off unless `server.cors_origins` names some.
//!
//! poem's own middleware refuses every request whose origin is not listed, which includes an app's own pages.

use futures_util::TryFutureExt;
use futures_util::future::{Either, ready};
use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, Middleware, Request, Response, Result};

const EXPOSED: HeaderValue = HeaderValue::from_static(
    "ETag, Idempotency-Replayed, Link, Location, Retry-After, Server-Timing, X-Request-Id, X-Truncated",
);
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
const MAX_AGE: HeaderValue = HeaderValue::from_static("86400");

/// The origins whose pages may call, as in `https://app.example.com`; `*` is any. Without one nothing is done.
#[derive(Debug, Clone)]
pub struct Cors(pub Vec<String>);

impl<E: Endpoint<Output = Response>> Middleware<E> for Cors {
    type Output = CrossOrigin<E>;

    fn transform(&self, endpoint: E) -> Self::Output {
        CrossOrigin { endpoint, origins: self.0.clone() }
    }
}

/// An endpoint inside [`Cors`].
pub struct CrossOrigin<E> {
    endpoint: E,
    origins: Vec<String>,
}

impl<E: Endpoint<Output = Response>> Endpoint for CrossOrigin<E> {
    type Output = Response;

    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        if self.origins.is_empty() {
            return Either::Left(self.endpoint.call(request));
        }
        // Without the headers a browser keeps the answer from the page; other clients need none.
        let origin = self.allowed_origin(request.headers());
        let preflight = preflight(&request).filter(|_| origin.is_some());
        let is_preflight = preflight.is_some();
        let answer = match preflight {
            Some(answer) => Either::Left(ready(Ok(answer))),
            None => Either::Right(self.endpoint.call(request)),
        };
        Either::Right(answer.map_ok(move |answer| with_headers(answer, origin, is_preflight)))
    }
}

impl<E> CrossOrigin<E> {
    fn allowed_origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(header::ORIGIN)?;
        let allowed = self.origins.iter().any(|allowed| allowed == "*" || allowed.as_bytes() == origin.as_bytes());
        allowed.then(|| origin.clone())
    }
}

fn with_headers(mut response: Response, origin: Option<HeaderValue>, is_preflight: bool) -> Response {
    let headers = response.headers_mut();
    if let Some(origin) = origin {
        if !is_preflight {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    // Caches keep the answers to different origins apart.
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    response
}

/// The answer to a browser that asks before it sends what a form could not.
fn preflight(request: &Request) -> Option<Response> {
    let wanted = |name: HeaderName| request.headers().get(name).cloned();
    let is_asked = *request.method() == Method::OPTIONS && wanted(header::ACCESS_CONTROL_REQUEST_METHOD).is_some();
    is_asked.then(|| {
        let mut response = Response::builder().status(StatusCode::NO_CONTENT).finish();
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        response.headers_mut().insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        if let Some(headers) = wanted(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_HEADERS, headers);
        }
        response
    })
}

#[cfg(test)]
mod tests {
    use poem::EndpointExt;
    use poem::endpoint::make_sync;
    use poem::test::TestClient;

    use super::*;

    fn client() -> TestClient<impl Endpoint> {
        TestClient::new(make_sync(|_| "hello").map_to_response().with(Cors(vec!["https://app.example".to_owned()])))
    }

    #[tokio::test]
    async fn a_page_of_a_listed_origin_may_ask_and_read() {
        let preflight = client()
            .options("/books")
            .header("origin", "https://app.example")
            .header("access-control-request-method", "PATCH")
            .header("access-control-request-headers", "content-type")
            .send()
            .await;
        preflight.assert_status(StatusCode::NO_CONTENT);
        preflight.assert_header("access-control-allow-origin", "https://app.example");
        preflight.assert_header("access-control-allow-headers", "content-type");
        let answer = client().get("/books").header("origin", "https://app.example").send().await;
        answer.assert_header("access-control-allow-origin", "https://app.example");
        answer.assert_header("vary", "origin");
        answer.assert_text("hello").await;
    }

    #[tokio::test]
    async fn other_origins_and_the_own_pages_get_no_headers_and_are_served() {
        for origin in ["https://evil.example", "http://127.0.0.1:8000"] {
            let answer = client().post("/books").header("origin", origin).send().await;
            answer.assert_status_is_ok();
            answer.assert_header_is_not_exist("access-control-allow-origin");
        }
    }
}
