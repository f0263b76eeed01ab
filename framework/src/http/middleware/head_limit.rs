//! Refuses heads that are too long, as problems; hyper's own limits lie above and answer without a body.

use futures_util::future::{Either, ready};
use poem::http::{HeaderMap, StatusCode};
use poem::{Endpoint, Middleware, Request, Response, Result};

use crate::http::Problem;

const MAX_URI: usize = 16 * 1024;
const MAX_HEADERS: usize = 32 * 1024;

/// Refuses a path with its query from 16 KiB on (414), and headers from 32 KiB on (431).
#[derive(Debug, Clone, Copy)]
pub struct HeadLimit;

impl<E: Endpoint<Output = Response>> Middleware<E> for HeadLimit {
    type Output = HeadLimited<E>;

    fn transform(&self, endpoint: E) -> Self::Output {
        HeadLimited(endpoint)
    }
}

/// An endpoint inside [`HeadLimit`].
pub struct HeadLimited<E>(E);

impl<E: Endpoint<Output = Response>> Endpoint for HeadLimited<E> {
    type Output = Response;

    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        match refusal(&request) {
            Some(problem) => Either::Left(ready(Err(problem.into()))),
            None => Either::Right(self.0.call(request)),
        }
    }
}

fn refusal(request: &Request) -> Option<Problem> {
    if request.uri().path_and_query().is_some_and(|uri| uri.as_str().len() > MAX_URI) {
        let detail = format!("the path and query are longer than {MAX_URI} bytes");
        return Some(Problem::new(StatusCode::URI_TOO_LONG).with_detail(detail));
    }
    if size(request.headers()) > MAX_HEADERS {
        let detail = format!("the headers are longer than {MAX_HEADERS} bytes");
        return Some(Problem::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE).with_detail(detail));
    }
    None
}

fn size(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}
