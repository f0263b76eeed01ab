//! Ends a request that takes too long with 504.

use std::time::Duration;

use poem::http::StatusCode;
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};
use tokio::time::Instant;

use super::body_limit::Upload;
use crate::http::Problem;

/// How long the endpoint may take. What it has spawned, as a mutation is, goes on; everything else is dropped.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(pub Duration);

impl<E: Endpoint> Middleware<E> for Deadline {
    type Output = Deadlined<E>;

    fn transform(&self, endpoint: E) -> Self::Output {
        Deadlined { endpoint, deadline: self.0 }
    }
}

/// An endpoint inside [`Deadline`].
pub struct Deadlined<E> {
    endpoint: E,
    deadline: Duration,
}

impl<E: Endpoint> Endpoint for Deadlined<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let upload = request.data::<Upload>().cloned();
        let mut answer = std::pin::pin!(self.endpoint.call(request));
        let mut end = Instant::now() + self.deadline;
        loop {
            match tokio::time::timeout_at(end, &mut answer).await {
                Ok(answer) => return answer.map(IntoResponse::into_response),
                // While the client is still sending, the time is its own; the body's timeout bounds it.
                Err(_) if upload.as_ref().is_some_and(Upload::is_awaited) => end = Instant::now() + self.deadline,
                Err(_) => break,
            }
        }
        tracing::warn!(deadline = ?self.deadline, "the deadline has passed");
        let detail = format!("no answer within {:?}", self.deadline);
        Err(Problem::new(StatusCode::GATEWAY_TIMEOUT).with_detail(detail).into())
    }
}
