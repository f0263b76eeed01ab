//! Turns a panic into a 500, so that it costs one answer and not the connection.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};

use crate::error::Error;
use crate::http::Problem;

/// Catches panics of the endpoint that it is put around.
#[derive(Debug, Clone, Copy)]
pub struct CatchPanic;

impl<E: Endpoint> Middleware<E> for CatchPanic {
    type Output = PanicsCaught<E>;

    fn transform(&self, endpoint: E) -> Self::Output {
        PanicsCaught(endpoint)
    }
}

/// An endpoint inside [`CatchPanic`].
pub struct PanicsCaught<E>(E);

impl<E: Endpoint> Endpoint for PanicsCaught<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        // Whatever the endpoint held is dropped with the panic and seen by nobody again.
        match AssertUnwindSafe(self.0.call(request)).catch_unwind().await {
            Ok(answer) => answer.map(IntoResponse::into_response),
            Err(panic) => {
                let cause = Error::other(format!("the endpoint panicked: {}", message(&*panic)));
                Err(Problem::internal(&cause).into())
            }
        }
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text,
        _ => "without a message",
    }
}
