//! Refuses bodies that are too large (413) or too slow (408), counting what really comes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_util::FutureExt;
use futures_util::future::{Either, ready};
use http_body_util::combinators::BoxBody;
use hyper::body::{Body as _, Frame, SizeHint};
use poem::http::StatusCode;
use poem::{Body, Endpoint, Middleware, Request, Response, Result};
use tokio::time::Sleep;

use crate::http::Problem;

/// How large and how slow a body may be.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimit {
    /// Bytes at most.
    pub bytes: usize,
    /// Time from the first wish to read it to its end.
    pub timeout: Duration,
}

impl<E: Endpoint<Output = Response>> Middleware<E> for BodyLimit {
    type Output = BodyLimited<E>;

    fn transform(&self, endpoint: E) -> Self::Output {
        BodyLimited { endpoint, limit: *self }
    }
}

/// An endpoint inside [`BodyLimit`].
pub struct BodyLimited<E> {
    endpoint: E,
    limit: BodyLimit,
}

impl<E: Endpoint<Output = Response>> Endpoint for BodyLimited<E> {
    type Output = Response;

    fn call(&self, mut request: Request) -> impl Future<Output = Result<Response>> + Send {
        let body = request.take_body();
        if body.is_empty() {
            return Either::Left(self.endpoint.call(request));
        }
        let body: BoxBody<Bytes, io::Error> = body.into();
        if body.size_hint().lower() > self.limit.bytes as u64 {
            return Either::Right(Either::Left(ready(Err(self.too_large()))));
        }
        let upload = Upload::default();
        let sleep = None;
        let limited =
            LimitedBody { body, left: self.limit.bytes, timeout: self.limit.timeout, sleep, upload: upload.clone() };
        request.set_body(Body::from(BoxBody::new(limited)));
        request.set_data(upload.clone());
        // The endpoint saw an I/O error and called it a bad request; the client is told the reason.
        let answer = self.endpoint.call(request).map(move |answer| match upload.state() {
            State::TooLarge => Err(self.too_large()),
            State::TooSlow => Err(self.too_slow()),
            _ => answer,
        });
        Either::Right(Either::Right(answer))
    }
}

impl<E> BodyLimited<E> {
    fn too_large(&self) -> poem::Error {
        let detail = format!("the body is larger than {} bytes", self.limit.bytes);
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE).with_detail(detail).into()
    }

    fn too_slow(&self) -> poem::Error {
        let detail = format!("the body did not arrive within {:?}", self.limit.timeout);
        Problem::new(StatusCode::REQUEST_TIMEOUT).with_detail(detail).into()
    }
}

/// How far a request's body has come.
#[derive(Debug, Clone, Default)]
pub(super) struct Upload(Arc<AtomicU8>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum State {
    Idle = 0,
    /// The endpoint wants more than the client has sent.
    Awaited = 1,
    TooLarge = 2,
    TooSlow = 3,
}

impl Upload {
    pub(super) fn is_awaited(&self) -> bool {
        self.state() == State::Awaited
    }

    fn state(&self) -> State {
        match self.0.load(Ordering::Relaxed) {
            1 => State::Awaited,
            2 => State::TooLarge,
            3 => State::TooSlow,
            _ => State::Idle,
        }
    }

    fn set(&self, state: State) {
        self.0.store(state as u8, Ordering::Relaxed);
    }
}

struct LimitedBody {
    body: BoxBody<Bytes, io::Error>,
    left: usize,
    timeout: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
    upload: Upload,
}

/// Who drops the body no longer waits for it.
impl Drop for LimitedBody {
    fn drop(&mut self) {
        if self.upload.is_awaited() {
            self.upload.set(State::Idle);
        }
    }
}

impl hyper::body::Body for LimitedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) else {
            this.upload.set(State::Awaited);
            let timeout = this.timeout;
            let sleep = this.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
            ready!(sleep.as_mut().poll(context));
            this.upload.set(State::TooSlow);
            return Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())));
        };
        this.upload.set(State::Idle);
        let size = match &frame {
            Some(Ok(frame)) => frame.data_ref().map_or(0, Buf::remaining),
            _ => 0,
        };
        let Some(left) = this.left.checked_sub(size) else {
            this.upload.set(State::TooLarge);
            return Poll::Ready(Some(Err(io::ErrorKind::FileTooLarge.into())));
        };
        this.left = left;
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
