//! Compresses large answers for clients that accept it.

use futures_util::TryFutureExt;
use poem::http::{HeaderMap, HeaderValue, header};
use poem::web::{Compress, CompressionAlgo, CompressionLevel};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};

/// Below this the frame and the work cost more than the bytes.
const WORTH_IT: u64 = 1024;
/// The best that brotli and gzip do costs a hundred times the work and saves a few percent.
const LEVEL: CompressionLevel = CompressionLevel::Precise(4);

/// Compresses answers from 1 KiB on whose type gains by it, with poem's algorithms, if it is on. Requests are not decompressed.
#[derive(Debug, Clone, Copy)]
pub struct Compression {
    /// Whether it does anything.
    pub on: bool,
}

impl<E: Endpoint<Output = Response>> Middleware<E> for Compression {
    type Output = Compressed<E>;

    fn transform(&self, endpoint: E) -> Self::Output {
        Compressed { endpoint, on: self.on }
    }
}

/// An endpoint inside [`Compression`].
pub struct Compressed<E> {
    endpoint: E,
    on: bool,
}

impl<E: Endpoint<Output = Response>> Endpoint for Compressed<E> {
    type Output = Response;

    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        let accepted = self.on.then(|| accepted(request.headers()));
        self.endpoint.call(request).map_ok(move |response| match accepted {
            Some(algorithm) => compressed(response, algorithm),
            None => response,
        })
    }
}

fn compressed(mut response: Response, algorithm: Option<CompressionAlgo>) -> Response {
    if !gains(&mut response) {
        return response;
    }
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
    match algorithm {
        Some(algorithm) => Compress::new(response, algorithm).with_quality(LEVEL).into_response(),
        None => response,
    }
}

/// Brotli, else gzip, unless the client gives it a weight of 0.
fn accepted(headers: &HeaderMap) -> Option<CompressionAlgo> {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let names: Vec<&str> = values.flat_map(|value| value.split(',')).filter_map(coding).collect();
    if names.contains(&"br") {
        return Some(CompressionAlgo::BR);
    }
    names.contains(&"gzip").then_some(CompressionAlgo::GZIP)
}

fn coding(item: &str) -> Option<&str> {
    let (name, weight) = item.split_once(';').unwrap_or((item, ""));
    let refused = weight.trim().strip_prefix("q=").is_some_and(|weight| weight.parse() == Ok(0.0));
    (!refused).then_some(name.trim())
}

fn gains(response: &mut Response) -> bool {
    let media_type = response.content_type().unwrap_or_default();
    let text = media_type.starts_with("text/")
        || ["json", "yaml", "javascript", "xml"].iter().any(|kind| media_type.contains(kind));
    if !text || response.headers().contains_key(header::CONTENT_ENCODING) {
        return false;
    }
    let body: http_body_util::combinators::BoxBody<_, _> = response.take_body().into();
    let size = hyper::body::Body::size_hint(&body).lower();
    response.set_body(poem::Body::from(body));
    size >= WORTH_IT
}

#[cfg(test)]
mod tests {
    use poem::EndpointExt;
    use poem::endpoint::make_sync;
    use poem::test::TestClient;

    use super::*;

    #[tokio::test]
    async fn large_texts_are_compressed_and_small_ones_are_not() {
        let endpoint = make_sync(|request: Request| match request.uri().path() {
            "/large" => Response::builder().content_type("application/json").body("1".repeat(4096)),
            _ => Response::builder().content_type("application/json").body("1"),
        });
        let client = TestClient::new(endpoint.with(Compression { on: true }));
        let large = client.get("/large").header("accept-encoding", "gzip, br;q=0").send().await;
        large.assert_header("content-encoding", "gzip");
        large.assert_header("vary", "accept-encoding");
        assert!(large.0.into_body().into_bytes().await.expect("a body").len() < 200);
        let plain = client.get("/large").send().await;
        plain.assert_header_is_not_exist("content-encoding");
        plain.assert_text("1".repeat(4096)).await;
        let small = client.get("/small").header("accept-encoding", "br").send().await;
        small.assert_header_is_not_exist("content-encoding");
        small.assert_text("1").await;
    }
}
