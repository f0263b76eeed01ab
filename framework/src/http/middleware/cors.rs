//! Lets pages of other origins call the API (CORS); off unless `server.cors_origins` names some.
//!
//! poem's own middleware refuses every request whose origin is not listed, which includes an app's own pages.

use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};

const EXPOSED: HeaderValue = HeaderValue::from_static(
    "ETag, Idempotency-Replayed, Link, Location, Retry-After, Server-Timing, X-Request-Id, X-Truncated",
);
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
const MAX_AGE: HeaderValue = HeaderValue::from_static("86400");

/// The origins whose pages may call, as in `https://app.example.com`; `*` is any.
#[derive(Debug, Clone)]
pub struct Cors(pub Vec<String>);

impl<E: Endpoint> Middleware<E> for Cors {
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

impl<E: Endpoint> Endpoint for CrossOrigin<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let Some(origin) = self.allowed_origin(request.headers()) else {
            // Without the headers a browser keeps the answer from the page; other clients need none.
            let response = self.endpoint.call(request).await.map(IntoResponse::into_response);
            return response.map(depends_on_origin);
        };
        let wanted = |name: HeaderName| request.headers().get(name).cloned();
        let asks_for = (wanted(header::ACCESS_CONTROL_REQUEST_METHOD), wanted(header::ACCESS_CONTROL_REQUEST_HEADERS));
        let mut response = match (request.method(), asks_for) {
            (&Method::OPTIONS, (Some(_), headers)) => preflight(headers),
            _ => {
                let mut response = self.endpoint.call(request).await.map(IntoResponse::into_response)?;
                response.headers_mut().insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
                response
            }
        };
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        Ok(depends_on_origin(response))
    }
}

impl<E> CrossOrigin<E> {
    fn allowed_origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(header::ORIGIN)?;
        let allowed = self.origins.iter().any(|allowed| allowed == "*" || allowed.as_bytes() == origin.as_bytes());
        allowed.then(|| origin.clone())
    }
}

/// Caches keep the answers to different origins apart.
fn depends_on_origin(mut response: Response) -> Response {
    response.headers_mut().append(header::VARY, HeaderValue::from_static("origin"));
    response
}

/// The browser asks before it sends what a form could not.
fn preflight(headers: Option<HeaderValue>) -> Response {
    let mut response = Response::builder().status(StatusCode::NO_CONTENT).finish();
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    response.headers_mut().insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    if let Some(headers) = headers {
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_HEADERS, headers);
    }
    response
}

#[cfg(test)]
mod tests {
    use poem::EndpointExt;
    use poem::endpoint::make_sync;
    use poem::test::TestClient;

    use super::*;

    fn client() -> TestClient<impl Endpoint> {
        TestClient::new(make_sync(|_| "hello").with(Cors(vec!["https://app.example".to_owned()])))
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
