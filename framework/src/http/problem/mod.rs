//! The one shape of an error on the wire: RFC 9457, `application/problem+json`.
//!
//! Every failure becomes a [`Problem`]: the framework's own [`Error`], what poem and poem-openapi answer for themselves,
//! panics. What a client may not see (SQL, a driver's text, paths) goes to the log, which carries the same request id.

mod occasion;
mod schema;

use std::fmt;

use poem::error::ResponseError;
use poem::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

pub(crate) use occasion::Occasion;

use crate::error::{Error, InputError, Location};

/// The media type of every error.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// The name of the schema in the specification.
pub const SCHEMA: &str = "Problem";

const INTERNAL: &str = "an internal error; the server's log has the cause under this request id";
const UNAVAILABLE: &str = "something that this needs is unavailable right now; try again";

/// An error as clients see it (RFC 9457).
///
/// `type` is always `about:blank`: the status says what kind of problem it is, and the `code` of each entry in `errors`
/// is the stable name for programs. `instance` and `request_id` are filled in on the way out.
///
/// # Examples
///
/// ```
/// use couplet::http::Problem;
/// use poem::http::StatusCode;
///
/// let problem = Problem::new(StatusCode::CONFLICT).with_detail("the book is lent already");
/// assert_eq!(problem.to_string(), "409 Conflict: the book is lent already");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// The status of the answer.
    pub status: StatusCode,
    /// What went wrong this time, for people.
    pub detail: Option<String>,
    /// The path that was asked for.
    pub instance: Option<Box<str>>,
    /// The id under which the log knows the request.
    pub request_id: Option<Box<str>>,
    /// Every single mistake.
    pub errors: Vec<InputError>,
    headers: Option<Box<HeaderMap>>,
}

impl Problem {
    /// A problem that says no more than its status.
    #[must_use]
    pub fn new(status: StatusCode) -> Self {
        Self { status, detail: None, instance: None, request_id: None, errors: Vec::new(), headers: None }
    }

    /// Says what went wrong this time.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Names every single mistake.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<InputError>) -> Self {
        self.errors = errors;
        self
    }

    /// Adds a header to the answer, such as `WWW-Authenticate`.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.get_or_insert_default().append(name, value);
        self
    }

    /// Tells the client when to try again.
    #[must_use]
    pub fn with_retry_after(self, seconds: u32) -> Self {
        self.with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// The problem for an error; logs what the client may not see.
    #[must_use]
    pub fn from_error(error: &Error) -> Self {
        let problem = Self::new(error.status());
        match error {
            Error::Parameters(errors) => problem.listing(errors, "the query cannot be read"),
            Error::Invalid(errors) => problem.listing(errors, "the body cannot be accepted"),
            Error::Conflict(errors) => problem.listing(errors, "the change conflicts with what is there"),
            Error::Missing(errors) => problem.listing(errors, "rows are missing"),
            Error::Stale(errors) => problem.listing(errors, "rows have changed"),
            Error::NotFound(_) | Error::Forbidden(_) | Error::DeadlineExceeded => {
                problem.with_detail(error.to_string())
            }
            Error::Unavailable(_) | Error::Serialization(_) => {
                tracing::warn!(%error, "answered 503");
                problem.with_detail(UNAVAILABLE).with_retry_after(1)
            }
            _ => Self::internal(error),
        }
    }

    /// A 500 that hides its cause from the client and logs it.
    pub(crate) fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        let causes = Causes(cause).to_string();
        tracing::error!(cause = causes, "answered 500");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR).with_detail(INTERNAL)
    }

    /// The JSON schema, as it stands in the specification under the name of [`SCHEMA`].
    #[must_use]
    pub fn schema() -> serde_json::Value {
        serde_json::to_value(schema::meta()).unwrap_or_default()
    }

    fn listing(self, errors: &[InputError], what: &str) -> Self {
        let detail = match errors {
            [error] => error.detail.clone(),
            errors => format!("{what}: {} mistakes", errors.len()),
        };
        self.with_detail(detail).with_errors(errors.to_vec())
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::from_error(&error)
    }
}

impl From<StatusCode> for Problem {
    fn from(status: StatusCode) -> Self {
        Self::new(status)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        match &self.detail {
            Some(detail) => write!(f, ": {detail}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

/// With this a poem handler returns `Result<T, Problem>`, and `?` turns it into poem's error.
impl ResponseError for Problem {
    fn status(&self) -> StatusCode {
        self.status
    }

    fn as_response(&self) -> Response {
        self.clone().into_response()
    }
}

/// With this a poem handler returns [`couplet::Result<T>`](crate::Result).
impl ResponseError for Error {
    fn status(&self) -> StatusCode {
        match self {
            Self::Parameters(_) => StatusCode::BAD_REQUEST,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::NotFound(_) | Self::Missing(_) => StatusCode::NOT_FOUND,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::Stale(_) => StatusCode::PRECONDITION_FAILED,
            Self::Unavailable(_) | Self::Serialization(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn as_response(&self) -> Response {
        Problem::from_error(self).into_response()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = Response::builder().status(self.status).content_type(CONTENT_TYPE).body(body);
        if let Some(headers) = self.headers {
            response.headers_mut().extend(*headers);
        }
        response
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", "about:blank")?;
        map.serialize_entry("title", self.status.canonical_reason().unwrap_or("Error"))?;
        map.serialize_entry("status", &self.status.as_u16())?;
        if let Some(detail) = &self.detail {
            map.serialize_entry("detail", detail)?;
        }
        if let Some(instance) = &self.instance {
            map.serialize_entry("instance", instance)?;
        }
        if let Some(request_id) = &self.request_id {
            map.serialize_entry("request_id", request_id)?;
        }
        if !self.errors.is_empty() {
            map.serialize_entry("errors", &self.errors.iter().map(Entry).collect::<Vec<_>>())?;
        }
        map.end()
    }
}

struct Entry<'a>(&'a InputError);

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match &self.0.at {
            Location::Parameter(name) => map.serialize_entry("parameter", name)?,
            Location::Pointer(pointer) => map.serialize_entry("pointer", pointer)?,
            Location::Request => {}
        }
        map.serialize_entry("code", self.0.code)?;
        map.serialize_entry("detail", &self.0.detail)?;
        map.end()
    }
}

/// An error and what led to it, on one line.
struct Causes<'a>(&'a (dyn std::error::Error + 'static));

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = self.0.to_string();
        f.write_str(&last)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            if !last.contains(&text) {
                write!(f, ": {text}")?;
            }
            last = text;
            next = cause.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
