//! Gives each request an id that the answer, its problem and every log line share.

use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt;
use poem::http::{HeaderMap, HeaderName, HeaderValue};
use poem::{Endpoint, Middleware, Request, Response, Result};
use tracing::Instrument;
use tracing::field::Empty;
use uuid::Uuid;

use crate::http::problem::Occasion;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");
const MAX_LENGTH: usize = 128;

/// The id of a request: the client's own `X-Request-Id` where that is sane, else a UUID. An endpoint takes it as
/// `Data<&RequestId>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The id's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(headers: &HeaderMap) -> Self {
        let given = headers.get(HEADER).and_then(|value| value.to_str().ok()).filter(|id| is_sane(id));
        Self(given.map_or_else(|| Uuid::now_v7().to_string().into(), Into::into))
    }
}

/// An id ends up in logs and headers, where control characters and megabytes do harm.
fn is_sane(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:+/=".contains(&byte);
    (1..=MAX_LENGTH).contains(&id.len()) && id.bytes().all(allowed)
}

/// The outermost layer: names the request, lets every log line know the name, and brings whatever the layers below
/// could not answer into the shape of a [`Problem`](crate::http::Problem).
#[derive(Debug, Clone, Copy)]
pub struct Identify;

impl<E: Endpoint<Output = Response>> Middleware<E> for Identify {
    type Output = Identified<E>;

    fn transform(&self, endpoint: E) -> Self::Output {
        Identified(endpoint)
    }
}

/// An endpoint inside [`Identify`].
pub struct Identified<E>(E);

impl<E: Endpoint<Output = Response>> Endpoint for Identified<E> {
    type Output = Response;

    fn call(&self, mut request: Request) -> impl Future<Output = Result<Response>> + Send {
        let since = Instant::now();
        let id = RequestId::of(request.headers());
        // Of the highest level, so that a filter that shows any line at all shows the id on it.
        let span = tracing::error_span!(
            "request",
            request_id = id.as_str(),
            method = request.method().as_str(),
            route = Empty
        );
        request.set_data(id.clone());
        let occasion = Occasion::of(&request);
        request.set_data(occasion.clone());
        let answer = self.0.call(request).then(move |result| async move {
            let response = occasion.settle(result).await;
            tracing::debug!(status = response.status().as_u16(), elapsed = ?since.elapsed(), "answered");
            response
        });
        answer.instrument(span).map(move |mut response| {
            if let Ok(id) = HeaderValue::from_str(id.as_str()) {
                response.headers_mut().insert(HEADER, id);
            }
            Ok(response)
        })
    }
}

#[cfg(test)]
mod tests {
    use poem::EndpointExt;
    use poem::endpoint::make_sync;
    use tracing_subscriber::prelude::*;
    use tracing_subscriber::{EnvFilter, fmt};

    use super::*;
    use crate::fixtures::Lines;

    #[tokio::test]
    async fn a_line_has_the_id_whatever_the_level_of_the_log() {
        for level in ["error", "warn", "info"] {
            let lines = Lines::default();
            let writer = lines.clone();
            let layer = fmt::layer().with_writer(move || writer.clone()).with_ansi(false);
            let subscriber = tracing_subscriber::registry().with(EnvFilter::new(level)).with(layer);
            let guard = tracing::subscriber::set_default(subscriber);
            let endpoint = make_sync(|_| tracing::error!("a line of the endpoint")).map_to_response().with(Identify);
            let request = Request::builder().header(HEADER, "the-id-of-the-request").finish();
            endpoint.call(request).await.expect("answered");
            drop(guard);
            let text = lines.text();
            let line = text.lines().find(|line| line.contains("a line of the endpoint")).expect("logged");
            assert!(line.contains("the-id-of-the-request"), "{level}: {line}");
        }
    }

    #[test]
    fn an_id_that_could_forge_log_lines_is_replaced() {
        assert!(is_sane("01J9-abc_DEF.1:2"));
        for id in ["", "a b", "a\nb", "\"", &"a".repeat(129)] {
            assert!(!is_sane(id), "{id:?}");
        }
    }
}
