//! Reading a JSON body.

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use poem::Request;
use poem::error::ReadBodyError;
use poem::http::{StatusCode, header};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as JsonValue};

use super::super::problem::Problem;
use super::unique::Unique;
use crate::error::{InputError, Location};

pub(super) const JSON: &str = "application/json";
/// RFC 7396
pub(super) const MERGE_PATCH: &str = "application/merge-patch+json";

/// Reads a body that is one JSON object of at most `depth` levels, in one of the media types `types`.
///
/// # Errors
///
/// 415 for another media type, 400 for what is no JSON, 422 for JSON that is no object.
pub(super) async fn object(
    request: &mut Request,
    types: &[&str],
    depth: usize,
) -> poem::Result<Map<String, JsonValue>> {
    parse(&bytes(request, types).await?, depth).map_err(Into::into)
}

/// The body of a request in one of the media types `types`.
///
/// # Errors
///
/// 415 for another media type, 400 for a body that does not come to its end.
pub(super) async fn bytes(request: &mut Request, types: &[&str]) -> poem::Result<Bytes> {
    let given = request.header(header::CONTENT_TYPE);
    let essence = given.and_then(|given| given.split(';').next()).unwrap_or_default().trim();
    if !types.iter().any(|known| known.eq_ignore_ascii_case(essence)) {
        let given = given.map_or("; the request names none".to_owned(), |given| format!(", not {given:?}"));
        let detail = format!("expected a body with Content-Type {}{given}", types.join(" or "));
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE).with_detail(detail).into());
    }
    request.take_body().into_bytes().await.map_err(incomplete)
}

/// The problem of a body that does not come to its end.
pub(super) fn incomplete(error: ReadBodyError) -> poem::Error {
    // A body that is too large or too slow is told apart where it is limited.
    tracing::debug!(%error, "a body cannot be read");
    bad_request("incomplete_body", "the body cannot be read to its end").into()
}

fn parse(bytes: &[u8], depth: usize) -> Result<Map<String, JsonValue>, Problem> {
    match json::<Unique>(bytes, depth)?.0 {
        JsonValue::Object(members) => Ok(members),
        _ => Err(refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid_value", "expected a JSON object")),
    }
}

/// Reads JSON of at most `depth` levels.
///
/// # Errors
///
/// 400 for what is no JSON, or deeper.
pub(super) fn json<V: DeserializeOwned>(bytes: &[u8], depth: usize) -> Result<V, Problem> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(bad_request("invalid_json", "expected a JSON object, not an empty body"));
    }
    if deeper_than(bytes, depth) {
        return Err(bad_request("too_deep", format!("expected JSON of at most {depth} levels")));
    }
    serde_json::from_slice(bytes).map_err(|error| bad_request("invalid_json", error.to_string()))
}

fn bad_request(code: &'static str, detail: impl Into<String>) -> Problem {
    refused(StatusCode::BAD_REQUEST, code, detail)
}

/// A mistake of the body as a whole.
fn refused(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Problem {
    let error = InputError { at: Location::Pointer(String::new()), code, detail: detail.into() };
    Problem::new(status).with_detail(error.detail.clone()).with_errors(vec![error])
}

/// Whether brackets nest deeper than `depth`; asked before parsing, which would recurse.
fn deeper_than(bytes: &[u8], depth: usize) -> bool {
    let (mut level, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => level += 1,
            b'}' | b']' if !in_string => level = level.saturating_sub(1),
            _ => {}
        }
        if level > depth {
            return true;
        }
    }
    false
}

/// A JSON text, one level of it; a member that is named twice is an error, as in [`Unique`].
pub(super) enum Body<V> {
    Object(Vec<(String, V)>),
    List(Vec<V>),
    Other,
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Body<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<V>(PhantomData<V>);

        macro_rules! other {
            ($($visit:ident: $ty:ty),*) => {$(
                fn $visit<E>(self, _: $ty) -> Result<Body<V>, E> {
                    Ok(Body::Other)
                }
            )*};
        }

        impl<'de, V: Deserialize<'de>> Visitor<'de> for Members<V> {
            type Value = Body<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Body<V>, A::Error> {
                let (mut members, mut names) = (Vec::new(), HashSet::new());
                while let Some(name) = access.next_key::<String>()? {
                    if !names.insert(name.clone()) {
                        return Err(A::Error::custom(format!("{name:?} is there twice")));
                    }
                    members.push((name, access.next_value()?));
                }
                Ok(Body::Object(members))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Body<V>, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = access.next_element()? {
                    list.push(item);
                }
                Ok(Body::List(list))
            }

            fn visit_unit<E>(self) -> Result<Body<V>, E> {
                Ok(Body::Other)
            }

            other!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);
        }

        deserializer.deserialize_any(Members(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(body: &[u8]) -> u16 {
        parse(body, 32).err().map_or(200, |problem| problem.status.as_u16())
    }

    #[test]
    fn what_is_no_json_is_400_and_what_is_no_object_is_422() {
        assert_eq!(status(br#"{"a": [1, {"b": null}]}"#), 200);
        for bad in [
            &b""[..],
            b"  ",
            b"{",
            b"{\"a\":1,}",
            b"\xff",
            b"{\"a\": \"\xff\"}",
            b"{\"a\":1} x",
            b"nul",
            br#""\ud800""#,
        ] {
            assert_eq!(status(bad), 400, "{}", String::from_utf8_lossy(bad));
        }
        for other in [&b"null"[..], b"true", b"1", b"-1", b"1.5", b"\"text\"", b"[]", b"[{}]"] {
            assert_eq!(status(other), 422, "{}", String::from_utf8_lossy(other));
        }
    }

    #[tokio::test]
    async fn another_content_type_is_named_and_so_is_none() {
        let detail = async |request: &mut Request| {
            let refused = object(request, &[JSON, MERGE_PATCH], 32).await.expect_err("415");
            assert_eq!(refused.status(), 415);
            refused.to_string()
        };
        let expected = "expected a body with Content-Type application/json or application/merge-patch+json";
        let none = detail(&mut Request::default()).await;
        assert!(none.ends_with(&format!("{expected}; the request names none")), "{none}");
        let text = detail(&mut Request::builder().content_type("text/plain").finish()).await;
        assert!(text.ends_with(&format!("{expected}, not \"text/plain\"")), "{text}");
    }

    #[test]
    fn a_member_that_is_there_twice_is_refused() {
        let problem = parse(br#"{"name": "a", "name": "b"}"#, 32).expect_err("one value would be lost");
        assert_eq!(problem.status, 400);
        assert!(problem.to_string().contains("\"name\" is there twice"), "{problem}");
    }

    #[test]
    fn depth_is_measured_before_parsing() {
        let nested = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
        assert!(!deeper_than(&nested(32), 32));
        assert!(deeper_than(&nested(33), 32));
        assert!(deeper_than(&nested(100_000), 32));
        assert!(!deeper_than(br#"{"a": "[[[[\"[[[[" }"#, 1));
    }
}
