//! Turns a panic into a 500, so that it costs one answer and not the connection.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use poem::{Endpoint, Middleware, Request, Response, Result};

use crate::error::Error;
use crate::http::Problem;

/// Catches panics of the endpoint that it is put around.
#[derive(Debug, Clone, Copy)]
pub struct CatchPanic;

impl<E: Endpoint<Output = Response>> Middleware<E> for CatchPanic {
    type Output = PanicsCaught<E>;

    fn transform(&self, endpoint: E) -> Self::Output {
        PanicsCaught(endpoint)
    }
}

/// An endpoint inside [`CatchPanic`].
pub struct PanicsCaught<E>(E);

impl<E: Endpoint<Output = Response>> Endpoint for PanicsCaught<E> {
    type Output = Response;

    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        // Whatever the endpoint held is dropped with the panic and seen by nobody again.
        let answer = AssertUnwindSafe(self.0.call(request)).catch_unwind();
        answer.map(|answer| answer.unwrap_or_else(|panic| Err(internal(&*panic))))
    }
}

fn internal(panic: &(dyn Any + Send)) -> poem::Error {
    let cause = Error::other(format!("the endpoint panicked: {}", message(panic)));
    Problem::internal(&cause).into()
}

fn message(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text,
        _ => "without a message",
    }
}
