//! What an endpoint was asked for lately, so that the same request is not read, nor its answer's head written, again.
//!
//! Requests are told apart by their address alone. Where what a caller may see is narrowed, what narrows it has to be a part of
//! that, as it is of the plan.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use poem::http::{HeaderMap, HeaderName, HeaderValue, header};
use poem::{Request, Response};

use crate::crud::answers::{Held, Plan};

/// Requests that are remembered of one endpoint.
const MOST: usize = 256;

/// Bytes of a path with its query; a longer one is hardly asked for again.
const LONGEST: usize = 1024;

/// Headers that an answer has when it is sent, more or less.
const HEADERS: usize = 16;

/// The requests that an endpoint was asked lately.
#[derive(Default)]
pub(super) struct Recent(Mutex<HashMap<Box<str>, Arc<Recalled>>>);

/// A request that was answered.
pub(super) struct Recalled {
    pub(super) plan: Arc<Plan>,
    /// Of which tokens the head is.
    pub(super) held: Arc<Held>,
    pub(super) head: Head,
}

/// An answer without its body.
pub(super) struct Head {
    headers: Vec<(HeaderName, HeaderValue)>,
    /// Its tag, with quotes.
    pub(super) tag: String,
}

impl Recent {
    pub(super) fn find(&self, request: &Request) -> Option<Arc<Recalled>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(target(request)).cloned()
    }

    /// Remembers how a request was answered whose answer was kept.
    pub(super) fn remember(&self, request: &Request, plan: Arc<Plan>, held: Arc<Held>, response: &Response) {
        let target = target(request);
        let Some(head) = Head::of(response).filter(|_| target.len() <= LONGEST) else { return };
        let recalled = Recalled { plan, held, head };
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() >= MOST && !recent.contains_key(target) {
            recent.clear();
        }
        recent.insert(target.into(), Arc::new(recalled));
    }
}

impl Head {
    fn of(response: &Response) -> Option<Self> {
        let tag = response.headers().get(header::ETAG)?.to_str().ok()?.to_owned();
        let headers = response.headers().iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        Some(Self { headers, tag })
    }

    pub(super) fn with_body(&self, body: bytes::Bytes) -> Response {
        let mut response = Response::builder().body(body);
        // The layers around add some.
        let mut headers = HeaderMap::with_capacity(HEADERS);
        headers.extend(self.headers.iter().cloned());
        *response.headers_mut() = headers;
        response
    }
}

/// The path and the query as the client has written them.
fn target(request: &Request) -> &str {
    request.original_uri().path_and_query().map_or("/", |target| target.as_str())
}
