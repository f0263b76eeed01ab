//! The section `[server]`.

use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

use super::units;

/// How the API is served: the section `[server]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct ServerConfig {
    /// Address that the API is served on. Default: `127.0.0.1:8000`.
    #[serde(deserialize_with = "address")]
    pub bind: SocketAddr,
    /// Address that `/metrics` moves to. Default: none.
    #[serde(deserialize_with = "optional_address")]
    pub admin_bind: Option<SocketAddr>,
    /// Path that every resource lies below. Default: none.
    #[serde(deserialize_with = "prefix")]
    pub prefix: String,
    /// Time for an answer. Default: 5 s.
    #[serde(deserialize_with = "units::duration")]
    pub request_deadline: Duration,
    /// Bytes of a body at most. Default: 1 MiB.
    #[serde(deserialize_with = "units::size")]
    pub body_limit: usize,
    /// Bytes of a body at most where many rows are written at once; never less than `body_limit`. Default: 16 MiB.
    #[serde(deserialize_with = "units::size")]
    pub bulk_body_limit: usize,
    /// Time for a client to send a body. Default: 30 s.
    #[serde(deserialize_with = "units::duration")]
    pub body_timeout: Duration,
    /// Nesting of a JSON body at most. Default: 32.
    pub json_depth: usize,
    /// Time for a client to send a request's head. Default: 10 s.
    #[serde(deserialize_with = "units::duration")]
    pub header_timeout: Duration,
    /// Time that a connection is kept open without a request. Default: 60 s.
    #[serde(deserialize_with = "units::duration")]
    pub idle_timeout: Duration,
    /// Connections at a time; 0 is nine tenths of the limit of open files. Default: 0.
    pub max_connections: usize,
    /// Origins whose pages may call the API. Default: none.
    #[serde(deserialize_with = "origins")]
    pub cors_origins: Vec<String>,
    /// Query parameters that every list ignores; a trailing `*` stands for any end. Default: `utm_*`.
    #[serde(deserialize_with = "list")]
    pub ignored_parameters: Vec<String>,
    /// Whether large answers are compressed. Default: true.
    pub compression: bool,
    /// Time that requests in flight are given at shutdown. Default: 10 s.
    #[serde(deserialize_with = "units::duration")]
    pub shutdown_drain: Duration,
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    let expected = "an address with a port, such as `127.0.0.1:8000`";
    text.parse().map_err(|_| de::Error::invalid_value(de::Unexpected::Str(&text), &expected))
}

fn optional_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let expected = "an address with a port, such as `127.0.0.1:9000`, or an empty text";
    match text.as_str() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| de::Error::invalid_value(de::Unexpected::Str(text), &expected)),
    }
}

fn prefix<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let segment = |segment: &str| !segment.is_empty() && segment.bytes().all(is_unreserved);
    let valid = text.is_empty() || text.strip_prefix('/').is_some_and(|path| path.split('/').all(segment));
    if valid {
        return Ok(text);
    }
    Err(de::Error::invalid_value(de::Unexpected::Str(&text), &"a path such as `/api/v1`, or an empty text"))
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)
}

/// A list, or in the environment one text with commas.
pub(super) fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum List {
        Items(Vec<String>),
        Text(String),
    }
    Ok(match List::deserialize(deserializer)? {
        List::Items(items) => items,
        List::Text(text) => text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect(),
    })
}

fn origins<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let origins = list(deserializer)?;
    match origins.iter().find(|origin| !is_origin(origin)) {
        None => Ok(origins),
        Some(wrong) => Err(de::Error::invalid_value(
            de::Unexpected::Str(wrong),
            &"origins such as `https://app.example.com`, without a path, or `*`",
        )),
    }
}

fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    text == "*"
        || host.is_some_and(|host| !host.is_empty() && host.bytes().all(|b| is_unreserved(b) || b":[]".contains(&b)))
}
