//! An HTTP client that reads well in tests.

use std::fmt;
use std::ops::Index;

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, StatusCode, redirect};
use serde_json::Value;

/// Talks to one server; follows no redirect and uses no proxy.
///
/// # Examples
///
/// ```no_run
/// # async fn example() {
/// let api = couplet_tests::Client::new("http://127.0.0.1:8000");
/// let list = api.get("/books?sort=-rating").await.expect(200);
/// assert_eq!(list["/items/0/title"], "Dune");
/// assert_eq!(list.statements(), 2);
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Client {
    base: String,
    http: reqwest::Client,
}

impl Client {
    /// A client of the server at `base`, such as `http://127.0.0.1:8000`.
    ///
    /// # Panics
    ///
    /// The client cannot be built.
    pub fn new(base: impl Into<String>) -> Self {
        let http = reqwest::Client::builder().no_proxy().redirect(redirect::Policy::none());
        Self { base: base.into(), http: http.build().expect("a client") }
    }

    /// Where the server is.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Asks for `path`, which may have a query.
    ///
    /// # Panics
    ///
    /// There is no answer, as all below.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// Patches with JSON.
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(body)).await
    }

    /// Puts JSON.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    /// Deletes what is at `path`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// A request to be made unusual, then sent with [`Client::send`].
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    /// Sends what [`Client::request`] began.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let request = request.build().expect("a request that can be sent");
        let asked = format!("{} {}", request.method(), request.url());
        let answer = self.http.execute(request).await.unwrap_or_else(|error| panic!("{asked}: {error:?}"));
        let (status, headers) = (answer.status(), answer.headers().clone());
        let bytes = answer.bytes().await.unwrap_or_else(|error| panic!("{asked}: {error:?}"));
        let json = serde_json::from_slice(&bytes).ok();
        Answer { asked, status, headers, bytes: bytes.to_vec(), json }
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    asked: String,
    status: StatusCode,
    headers: HeaderMap,
    bytes: Vec<u8>,
    json: Option<Value>,
}

impl Answer {
    /// The answer itself, if its status is the one expected.
    ///
    /// # Panics
    ///
    /// With request, status and body, if it is another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert!(self.status() == status, "expected {status}, got: {self}");
        self
    }

    /// The status code.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The header `name`, if it is there and text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as it came.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// It is no JSON.
    #[track_caller]
    pub fn json(&self) -> &Value {
        self.json.as_ref().unwrap_or_else(|| panic!("no JSON: {self}"))
    }

    /// The number of statements that `Server-Timing` tells.
    ///
    /// # Panics
    ///
    /// It tells none.
    #[track_caller]
    pub fn statements(&self) -> u32 {
        let timing = self.header("server-timing").and_then(|timing| timing.split("db;desc=\"").nth(1));
        timing
            .and_then(|timing| timing.split_once(' ')?.0.parse().ok())
            .unwrap_or_else(|| panic!("no statements in Server-Timing: {self}"))
    }
}

/// The value that a JSON pointer (RFC 6901) leads to; a panic with the whole answer where there is none.
impl Index<&str> for Answer {
    type Output = Value;

    #[track_caller]
    fn index(&self, pointer: &str) -> &Value {
        self.json().pointer(pointer).unwrap_or_else(|| panic!("nothing at {pointer}: {self}"))
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} -> {}", self.asked, self.status)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        write!(f, "\n{}", self.text())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(body: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert("server-timing", "db;desc=\"2 queries\";dur=1.4".parse().unwrap());
        let asked = "GET http://localhost/books".to_owned();
        let json = serde_json::from_str(body).ok();
        Answer { asked, status: StatusCode::OK, headers, bytes: body.into(), json }
    }

    #[test]
    fn an_answer_is_read_by_pointer_and_tells_its_statements() {
        let answer = answer(r#"{"items": [{"title": "Dune"}], "meta": {"total": null}}"#).expect(200);
        assert_eq!(answer["/items/0/title"], "Dune");
        assert_eq!(answer["/meta"], json!({"total": null}));
        assert_eq!(answer.statements(), 2);
    }

    #[test]
    #[should_panic(expected = "expected 404, got: GET http://localhost/books -> 200 OK")]
    fn another_status_fails_with_the_request_and_the_answer() {
        let _ = answer("{}").expect(404);
    }

    #[test]
    #[should_panic(expected = "nothing at /items")]
    fn a_missing_member_fails_with_its_pointer() {
        let _ = &answer("{}")["/items"];
    }

    #[test]
    #[should_panic(expected = "no JSON: GET http://localhost/books")]
    fn a_body_that_is_no_json_is_shown() {
        let _ = answer("<html>").json();
    }
}
