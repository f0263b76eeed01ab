//! Tells browsers not to guess, frame or tell on.

use poem::http::{HeaderName, HeaderValue, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};

const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
];

/// Adds the headers that every answer should have, where the endpoint has not chosen its own.
#[derive(Debug, Clone, Copy)]
pub struct SecurityHeaders;

impl<E: Endpoint> Middleware<E> for SecurityHeaders {
    type Output = Secured<E>;

    fn transform(&self, endpoint: E) -> Self::Output {
        Secured(endpoint)
    }
}

/// An endpoint inside [`SecurityHeaders`].
pub struct Secured<E>(E);

impl<E: Endpoint> Endpoint for Secured<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let mut response = self.0.call(request).await?.into_response();
        for (name, value) in HEADERS {
            response.headers_mut().entry(name).or_insert(value);
        }
        Ok(response)
    }
}
