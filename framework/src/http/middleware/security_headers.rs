//! Tells browsers not to guess, frame or tell on.

use futures_util::TryFutureExt;
use poem::http::{HeaderName, HeaderValue, header};
use poem::{Endpoint, Middleware, Request, Response, Result};

const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
];

/// Adds the headers that every answer should have, where the endpoint has not chosen its own.
#[derive(Debug, Clone, Copy)]
pub struct SecurityHeaders;

impl<E: Endpoint<Output = Response>> Middleware<E> for SecurityHeaders {
    type Output = Secured<E>;

    fn transform(&self, endpoint: E) -> Self::Output {
        Secured(endpoint)
    }
}

/// An endpoint inside [`SecurityHeaders`].
pub struct Secured<E>(E);

impl<E: Endpoint<Output = Response>> Endpoint for Secured<E> {
    type Output = Response;

    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        self.0.call(request).map_ok(|mut response| {
            for (name, value) in HEADERS {
                response.headers_mut().entry(name).or_insert(value);
            }
            response
        })
    }
}
