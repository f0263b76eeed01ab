//! Ends a request that takes too long with 504.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use poem::http::StatusCode;
use poem::{Endpoint, Middleware, Request, Response, Result};
use tokio::time::{Instant, Sleep};

use super::body_limit::Upload;
use crate::http::Problem;

/// How long the endpoint may take. What it has spawned, as a mutation is, goes on; everything else is dropped.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(pub Duration);

impl<E: Endpoint<Output = Response>> Middleware<E> for Deadline {
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

impl<E: Endpoint<Output = Response>> Endpoint for Deadlined<E> {
    type Output = Response;

    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        let upload = request.data::<Upload>().cloned();
        let (answer, end) = (self.endpoint.call(request), tokio::time::sleep(self.deadline));
        Bounded { answer, end, deadline: self.deadline, upload }
    }
}

pin_project! {
    /// An answer, or 504 once the time is over.
    struct Bounded<F> {
        #[pin]
        answer: F,
        #[pin]
        end: Sleep,
        deadline: Duration,
        upload: Option<Upload>,
    }
}

impl<F: Future<Output = Result<Response>>> Future for Bounded<F> {
    type Output = Result<Response>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Poll::Ready(answer) = this.answer.poll(context) {
            return Poll::Ready(answer);
        }
        loop {
            ready!(this.end.as_mut().poll(context));
            // While the client is still sending, the time is its own; the body's timeout bounds it.
            if !this.upload.as_ref().is_some_and(Upload::is_awaited) {
                break;
            }
            this.end.as_mut().reset(Instant::now() + *this.deadline);
        }
        tracing::warn!(deadline = ?this.deadline, "the deadline has passed");
        let detail = format!("no answer within {:?}", this.deadline);
        Poll::Ready(Err(Problem::new(StatusCode::GATEWAY_TIMEOUT).with_detail(detail).into()))
    }
}
