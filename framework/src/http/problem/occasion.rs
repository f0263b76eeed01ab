//! The last step of every answer: one shape for all that can go wrong.

use std::sync::Arc;

use futures_util::FutureExt;
use http_body_util::combinators::BoxBody;
use poem::http::{HeaderValue, Method, StatusCode, Uri, header};
use poem::{IntoResponse, Response};
use poem_openapi::error::{ParseParamError, ParsePathError};

use super::{Causes, INTERNAL, Problem, UNAVAILABLE};
use crate::error::{Error, InputError};
use crate::http::middleware::RequestId;

/// What a problem says about the request that it answers.
#[derive(Clone)]
pub(crate) struct Occasion(Arc<Asked>);

struct Asked {
    method: Method,
    uri: Uri,
    request_id: Option<RequestId>,
}

impl Occasion {
    /// The occasion that the outermost layer has put into the request, since routing may shorten the path.
    pub(crate) fn of(request: &poem::Request) -> Self {
        request.data::<Self>().cloned().unwrap_or_else(|| {
            let (method, uri) = (request.method().clone(), request.uri().clone());
            Self(Arc::new(Asked { method, uri, request_id: request.data::<RequestId>().cloned() }))
        })
    }

    /// Brings whatever an endpoint ended with into its final shape: foreign errors become problems, problems name the
    /// request, and `HEAD` is answered without a body.
    pub(crate) async fn settle(&self, result: poem::Result<Response>) -> Response {
        let response = match result {
            Ok(response) if !is_plain_failure(&response) => response,
            // Boxed, or every request would carry the room that this needs.
            failed => self.settle_failure(failed).boxed().await,
        };
        if self.0.method == Method::HEAD { without_body(response) } else { response }
    }

    async fn settle_failure(&self, result: poem::Result<Response>) -> Response {
        let settled = match result {
            Ok(response) => adopt(response, None).await,
            Err(error) => self.explain(error).await,
        };
        match settled {
            Settled::Problem(problem) => self.name(problem).into_response(),
            Settled::Response(response) => response,
        }
    }

    async fn explain(&self, error: poem::Error) -> Settled {
        let error = match error.downcast::<Problem>() {
            Ok(problem) => return Settled::Problem(problem),
            Err(error) => error,
        };
        if let Some(error) = error.downcast_ref::<Error>() {
            return Settled::Problem(Problem::from_error(error));
        }
        if let Some(problem) = unreadable_parameter(&error) {
            return Settled::Problem(problem);
        }
        let detail = error.has_source().then(|| Causes(&error).to_string());
        adopt(error.into_response(), detail).await
    }

    fn name(&self, mut problem: Problem) -> Problem {
        problem.instance = Some(self.0.uri.path().into());
        problem.request_id = self.0.request_id.as_ref().map(|id| id.as_str().into());
        problem
    }
}

enum Settled {
    Problem(Problem),
    Response(Response),
}

/// An answer that reports a failure in plain text or in silence becomes a problem; any other shape was someone's choice.
async fn adopt(mut response: Response, detail: Option<String>) -> Settled {
    if !is_plain_failure(&response) {
        return Settled::Response(response);
    }
    let status = response.status();
    let text = match detail {
        Some(detail) => Some(detail),
        None => {
            response.take_body().into_bytes_limit(4096).await.ok().map(|text| String::from_utf8_lossy(&text).into())
        }
    };
    let mut problem = Problem::new(status);
    let text = text.filter(|text| !text.is_empty() && *text != status.to_string());
    problem.detail = if status.is_server_error() {
        tracing::error!(cause = text.as_deref(), "answered {}", status.as_u16());
        Some(if status == StatusCode::SERVICE_UNAVAILABLE { UNAVAILABLE } else { INTERNAL }.to_owned())
    } else {
        text
    };
    let mut headers = std::mem::take(response.headers_mut());
    headers.remove(header::CONTENT_TYPE);
    headers.remove(header::CONTENT_LENGTH);
    if !headers.is_empty() {
        problem.headers = Some(Box::new(headers));
    }
    Settled::Problem(problem)
}

/// Whether an answer reports a failure in plain text or in silence.
fn is_plain_failure(response: &Response) -> bool {
    let status = response.status();
    (status.is_client_error() || status.is_server_error())
        && response.content_type().is_none_or(|media_type| media_type.starts_with("text/plain"))
}

fn unreadable_parameter(error: &poem::Error) -> Option<Problem> {
    let (name, reason) = match (error.downcast_ref::<ParseParamError>(), error.downcast_ref::<ParsePathError>()) {
        (Some(error), _) => (error.name, &error.reason),
        (_, Some(error)) => (error.name, &error.reason),
        _ => return None,
    };
    let entry = InputError::parameter(name, "invalid_parameter", reason.clone());
    Some(Problem::new(error.status()).with_detail(error.to_string()).with_errors(vec![entry]))
}

/// hyper drops the body of an answer to `HEAD` by itself, other callers of the endpoint do not.
fn without_body(mut response: Response) -> Response {
    let body = response.take_body();
    let size = hyper::body::Body::size_hint(&<_ as Into<BoxBody<bytes::Bytes, std::io::Error>>>::into(body)).exact();
    if let Some(size) = size.filter(|size| *size > 0) {
        response.headers_mut().entry(header::CONTENT_LENGTH).or_insert_with(|| HeaderValue::from(size));
    }
    response
}
