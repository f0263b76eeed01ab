//! `Idempotency-Key`: a POST that a client may send again, whatever became of the first one.

use std::fmt::Write as _;
use std::sync::Arc;

use poem::http::{HeaderName, HeaderValue, StatusCode, header};
use poem::{Request, Response};
use serde_json::Value as JsonValue;

use super::super::problem::Problem;
use super::{Mounted, bad_parameters, body, problem, query_string, set_budget};
use crate::crud::write::idempotency::{self, Answer, Key, Keys, MakeAnswer, Outcome};
use crate::crud::write::of_only_item;
use crate::crud::{self, Write};
use crate::error::{InputError, Result};

/// The header with the key, and how mistakes call it.
pub(crate) const HEADER: &str = "Idempotency-Key";

/// The header of an answer that was given before.
pub(crate) const REPLAYED: &str = "idempotency-replayed";

/// Characters of a key at most.
pub(crate) const LONGEST_KEY: usize = 255;

/// Seconds after which a request that is in flight is worth asking for again.
const RETRY_AFTER: u32 = 1;

/// What a request with a key asks for.
pub(super) struct KeyedRequest {
    key: String,
    method: String,
    path: String,
    query: String,
    body: Vec<u8>,
}

impl KeyedRequest {
    /// Reads the key and what it is to be compared by; `None` without the header. The body stays in the request.
    ///
    /// # Errors
    ///
    /// A key that is none, or a body that cannot be read to its end.
    pub(super) async fn of(request: &mut Request) -> poem::Result<Option<Self>> {
        let Some(key) = key(request).map_err(|mistake| bad_parameters(vec![mistake]))? else { return Ok(None) };
        let bytes = request.take_body().into_bytes().await.map_err(body::incomplete)?;
        let mut pairs: Vec<&str> = query_string(request).split('&').filter(|pair| !pair.is_empty()).collect();
        pairs.sort_unstable();
        let keyed = Self {
            key,
            method: request.method().to_string(),
            path: request.original_uri().path().to_owned(),
            query: pairs.join("&"),
            body: canonical(&bytes),
        };
        request.set_body(bytes);
        Ok(Some(keyed))
    }

    fn key(&self) -> Key<'_> {
        let Self { key, method, path, query, body } = self;
        Key { key, caller: "", method, path, query, body }
    }
}

impl Mounted {
    /// Carries out a write and answers what `answer` makes of its rows; with a key once, however often it is sent.
    pub(super) async fn answer(
        &self,
        write: Write,
        keyed: Option<KeyedRequest>,
        answer: MakeAnswer,
    ) -> poem::Result<Response> {
        self.carry_out(write, keyed, answer).await?.map_err(problem)
    }

    /// The same for rows that came as items, where mistakes are those of items.
    pub(super) async fn answer_items(
        &self,
        write: Write,
        keyed: Option<KeyedRequest>,
        answer: MakeAnswer,
    ) -> poem::Result<Response> {
        let is_one = write.len() == 1;
        let answered = self.carry_out(write, keyed, answer).await?;
        answered.map_err(|error| problem(if is_one { of_only_item(self.model(), error) } else { error }))
    }

    /// What becomes of the write itself is the inner result.
    async fn carry_out(
        &self,
        write: Write,
        keyed: Option<KeyedRequest>,
        answer: MakeAnswer,
    ) -> poem::Result<Result<Response>> {
        let Some(keyed) = keyed else {
            set_budget(crud::write::budget(self.model(), &write));
            let rows = crud::write(self.model(), write, &self.database).await;
            return Ok(rows.and_then(answer).map(response));
        };
        let Some(claim) = Keys::claim(&self.keys, &keyed.key()) else { return Err(in_flight().into()) };
        set_budget(idempotency::budget_with_key(self.model(), &write));
        let outcome = match idempotency::write_once(self.model(), write, claim, answer, &self.database).await {
            Ok(outcome) => outcome,
            Err(error) => return Ok(Err(error)),
        };
        match outcome {
            Outcome::Done(answer) => Ok(Ok(response(answer))),
            Outcome::Replayed(answer) => {
                let mut response = response(answer);
                response.headers_mut().insert(HeaderName::from_static(REPLAYED), HeaderValue::from_static("true"));
                Ok(Ok(response))
            }
            Outcome::OtherRequest => Err(other_request().into()),
            Outcome::InFlight => Err(in_flight().into()),
        }
    }
}

/// The keys of an app's requests.
pub(crate) fn keys(ttl: std::time::Duration) -> Arc<Keys> {
    Arc::new(Keys::new(ttl))
}

/// An answer with a JSON body.
pub(super) fn json(status: StatusCode, body: Vec<u8>) -> Answer {
    let content_type = (header::CONTENT_TYPE.to_string(), body::JSON.to_owned());
    Answer { status: status.as_u16(), headers: vec![content_type], body }
}

fn response(answer: Answer) -> Response {
    let mut response = Response::builder().body(answer.body);
    response.set_status(StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK));
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn in_flight() -> Problem {
    let detail = "a request with this key is being carried out; ask again with the same key";
    let mistake = InputError::parameter(HEADER, "idempotency_key_in_flight", detail);
    Problem::new(StatusCode::CONFLICT).with_detail(detail).with_errors(vec![mistake]).with_retry_after(RETRY_AFTER)
}

fn other_request() -> Problem {
    let detail = "the key came with another query or body before; use a new key for another request";
    let mistake = InputError::parameter(HEADER, "idempotency_key_reused", detail);
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY).with_detail(detail).with_errors(vec![mistake])
}

fn key(request: &Request) -> Result<Option<String>, InputError> {
    let mut values = request.headers().get_all(HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(InputError::parameter(HEADER, "duplicate_parameter", format!("{HEADER} is given twice; keep one")));
    }
    let is_key = (1..=LONGEST_KEY).contains(&value.len()) && value.as_bytes().iter().all(u8::is_ascii_graphic);
    match value.to_str() {
        Ok(key) if is_key => Ok(Some(key.to_owned())),
        _ => {
            let detail = format!("expected 1 to {LONGEST_KEY} visible ASCII characters, such as a UUID");
            Err(InputError::parameter(HEADER, "invalid_value", detail))
        }
    }
}

/// The same bytes for the same JSON, whatever the order of its members and the space between. What is no JSON stays.
fn canonical(body: &[u8]) -> Vec<u8> {
    let Ok(json) = serde_json::from_slice::<JsonValue>(body) else { return body.to_vec() };
    let mut text = String::with_capacity(body.len());
    write_sorted(&json, &mut text);
    text.into_bytes()
}

fn write_sorted(json: &JsonValue, out: &mut String) {
    match json {
        JsonValue::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            out.push('{');
            for (name, value) in members {
                write!(out, "{}:", JsonValue::from(name.as_str())).expect("writing to a String cannot fail");
                write_sorted(value, out);
                out.push(',');
            }
            out.push('}');
        }
        JsonValue::Array(items) => {
            out.push('[');
            for item in items {
                write_sorted(item, out);
                out.push(',');
            }
            out.push(']');
        }
        other => write!(out, "{other}").expect("writing to a String cannot fail"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_json_has_equal_bytes() {
        let one = br#"{"a": [1, {"x": null, "y": "\u00e9"}], "b": 2}"#;
        let same = "{ \"b\":2,\"a\":[1,{\"y\":\"é\",\"x\":null}] }".as_bytes();
        assert_eq!(canonical(one), canonical(same));
        for other in [&br#"{"a": [{"x": null, "y": "\u00e9"}, 1], "b": 2}"#[..], br#"{"b": 2}"#, b"{", b"", b"\xff"] {
            assert_ne!(canonical(one), canonical(other));
        }
        assert_eq!(canonical(b"{"), b"{");
    }

    #[test]
    fn a_key_is_visible_and_not_too_long() {
        let read = |value: &[u8]| {
            let value = HeaderValue::from_bytes(value).expect("a header");
            key(&Request::builder().header(HEADER, value).finish()).map_err(|mistake| mistake.code)
        };
        assert_eq!(read(b"\"8e03978e-40d5\""), Ok(Some("\"8e03978e-40d5\"".to_owned())));
        assert_eq!(read(&[b'x'; 255]).map(|key| key.map(|key| key.len())), Ok(Some(255)));
        for wrong in [&b""[..], b"two words", b"\xc3\xa9", &[b'x'; 256]] {
            assert_eq!(read(wrong), Err("invalid_value"), "{}", String::from_utf8_lossy(wrong));
        }
        assert_eq!(key(&Request::default()), Ok(None));
        let twice = Request::builder().header(HEADER, "a").header(HEADER, "b").finish();
        assert_eq!(key(&twice).map_err(|mistake| mistake.code), Err("duplicate_parameter"));
    }
}
