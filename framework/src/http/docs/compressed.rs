use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Read, Write},
};

use bytes::Bytes;
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use poem::{
    Response,
    http::{
        HeaderMap, StatusCode,
        header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, ETAG, HeaderName, IF_NONE_MATCH, VARY},
    },
};

/// A text as gzip, answered according to what the client has and accepts.
pub(super) struct Compressed {
    gzip: Bytes,
    fingerprint: u64,
}

impl Compressed {
    pub(super) fn new(text: &str) -> io::Result<Self> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes())?;
        let mut gzip = encoder.finish()?;
        gzip.shrink_to_fit();

        let mut hasher = DefaultHasher::new();
        gzip.hash(&mut hasher);
        Ok(Self { gzip: gzip.into(), fingerprint: hasher.finish() })
    }

    /// 304 for a client that has this text, else the text in a form that the client can read.
    pub(super) fn answer(&self, headers: &HeaderMap) -> io::Result<Response> {
        let accepts_gzip = accepts_gzip(headers);
        // A strong tag names bytes, so the two forms differ in it.
        let form = if accepts_gzip { "-gzip" } else { "" };
        let etag = format!("\"{:016x}{form}\"", self.fingerprint);
        let response =
            Response::builder().header(ETAG, &etag).header(CACHE_CONTROL, "no-cache").header(VARY, ACCEPT_ENCODING);

        if items(headers, IF_NONE_MATCH).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag) {
            return Ok(response.status(StatusCode::NOT_MODIFIED).finish());
        }
        if accepts_gzip {
            return Ok(response.header(CONTENT_ENCODING, "gzip").body(self.gzip.clone()));
        }
        let mut text = Vec::new();
        GzDecoder::new(self.gzip.as_ref()).read_to_end(&mut text)?;
        Ok(response.body(text))
    }
}

/// Whether `gzip`, or else `*`, is listed without a weight of zero.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accepted = |coding: &str| {
        items(headers, ACCEPT_ENCODING).find_map(|item| {
            let (name, weight) = item.split_once(';').unwrap_or((item, "q=1"));
            let weight = weight.trim().trim_start_matches("q=").parse().unwrap_or(1.0);
            name.trim().eq_ignore_ascii_case(coding).then_some(weight > 0.0)
        })
    };
    accepted("gzip").or_else(|| accepted("*")).unwrap_or(false)
}

/// The items of a header that is a list.
fn items(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    const TEXT: &str = "in the beginning was the word, the word, the word, the word";

    fn answer(headers: &[(HeaderName, &str)]) -> Response {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse::<HeaderValue>().unwrap()));
        Compressed::new(TEXT).unwrap().answer(&headers.collect()).unwrap()
    }

    #[tokio::test]
    async fn a_client_gets_gzip_only_if_it_accepts_it() {
        for accepted in ["gzip", "br, gzip;q=0.5", "deflate, GZIP ; q=1", "*", "br;q=0, *;q=0.1"] {
            let response = answer(&[(ACCEPT_ENCODING, accepted)]);
            assert_eq!(response.headers()[CONTENT_ENCODING], "gzip", "{accepted}");
            let body = response.into_body().into_vec().await.unwrap();
            let mut text = String::new();
            GzDecoder::new(&body[..]).read_to_string(&mut text).unwrap();
            assert_eq!(text, TEXT);
        }
        for refused in ["br", "gzip;q=0", "gzip;q=0.000, *", "identity, *;q=0", ""] {
            let response = answer(&[(ACCEPT_ENCODING, refused)]);
            assert!(!response.headers().contains_key(CONTENT_ENCODING), "{refused}");
            assert_eq!(response.headers()[VARY], "accept-encoding");
            assert_eq!(response.into_body().into_string().await.unwrap(), TEXT);
        }
    }

    #[tokio::test]
    async fn a_client_that_has_the_text_is_told_so() {
        let gzip = answer(&[(ACCEPT_ENCODING, "gzip")]).headers()[ETAG].to_str().unwrap().to_owned();
        let plain = answer(&[]).headers()[ETAG].to_str().unwrap().to_owned();
        assert_ne!(gzip, plain);

        for known in [&gzip, &format!("\"other\", {gzip}"), &format!("W/{gzip}"), "*"] {
            let response = answer(&[(ACCEPT_ENCODING, "gzip"), (IF_NONE_MATCH, known)]);
            assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert_eq!(response.headers()[ETAG], gzip.as_str());
            assert!(response.into_body().is_empty());
        }
        for unknown in [plain.as_str(), "\"other\""] {
            let response = answer(&[(ACCEPT_ENCODING, "gzip"), (IF_NONE_MATCH, unknown)]);
            assert_eq!(response.status(), StatusCode::OK, "{unknown}");
        }
    }
}
