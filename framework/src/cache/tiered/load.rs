//! The duty to load a value.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use tokio::time::Instant;

use super::flight::{Leading, shared};
use super::generations::Noted;
use super::local::Held;
use super::stored::{Nonce, Stored, nonce};
use super::{LARGEST, MARK, TieredCache};
use crate::error::Result;

/// A load that takes longer is not kept, since a mark of invalidation might be gone by then.
const LONGEST_LOAD: Duration = MARK.saturating_sub(Duration::from_secs(5));

/// How long a value is good, and how long after that it will do while it is loaded again.
#[derive(Clone, Copy)]
pub(super) struct Times {
    pub(super) ttl: Duration,
    pub(super) stale: Duration,
}

/// The duty to load a value. Dropped, it passes to one of those who wait.
pub(super) struct Load {
    cache: TieredCache,
    key: String,
    times: Times,
    /// With their versions before the load; `None` if they cannot be had, and then the value is not kept.
    tags: Option<Vec<(String, Nonce)>>,
    lead: Leading,
    /// What Redis held before the load: something else by now is newer than what is loaded.
    stamp: Bytes,
    noted: Noted,
    began: Instant,
}

impl Load {
    pub(super) async fn begin(
        cache: TieredCache,
        key: String,
        times: Times,
        tags: &[String],
        lead: Leading,
        stamp: Bytes,
        noted: Noted,
    ) -> Self {
        let tags = match &cache.0.redis {
            Some(redis) => cache.versions(redis, tags).await,
            None => Some(Vec::new()),
        };
        Self { cache, key, times, tags, lead, stamp, noted, began: Instant::now() }
    }

    /// Keeps what was loaded, and tells those who wait.
    pub(super) async fn done<T: Serialize>(self, loaded: Result<T>) -> Result<T> {
        let loaded = match loaded {
            Ok(loaded) => loaded,
            Err(error) => {
                let error = Arc::new(error);
                // Those who wait get theirs; without any the error is the caller's as it was.
                drop(self.lead.land(Err(error.clone())));
                return Err(Arc::try_unwrap(error).unwrap_or_else(|error| shared(&error)));
            }
        };
        match serde_json::to_vec(&loaded) {
            Ok(json) => {
                let json = Bytes::from(json);
                self.keep(&json).await;
                // Only now: who asks once it is told should find it kept.
                drop(self.lead.land(Ok(json)));
            }
            Err(error) => tracing::warn!(key = self.key, %error, "a value is no JSON, and is not kept"),
        }
        Ok(loaded)
    }

    async fn keep(&self, json: &Bytes) {
        let Times { ttl, stale } = self.cache.times(json, self.times);
        let Some(redis) = &self.cache.0.redis else {
            self.cache.hold(&self.key, json.clone(), Times { ttl, stale }, self.noted.clone());
            return;
        };
        let Some(tags) = self.tags.clone().filter(|_| self.began.elapsed() < LONGEST_LOAD) else { return };
        let stored = Stored { json: Some(json.clone()), stale, tags };
        if let Some(sealed) = nonce().and_then(|nonce| self.cache.sealed(&self.key, &stored, nonce)) {
            redis.set_unless_changed(&self.key, &self.stamp, &sealed, ttl + stale).await;
        }
    }
}

impl TieredCache {
    /// Keeps a value whatever was there. Whether it is kept.
    pub(super) async fn keep(&self, key: &str, json: Bytes, ttl: Duration, tags: &[String]) -> bool {
        let Times { ttl, stale } = self.times(&json, Times { ttl, stale: Duration::ZERO });
        self.0.local.changed(key);
        let Some(redis) = &self.0.redis else {
            let tags: Vec<String> = tags.iter().map(|tag| self.tag_key(tag)).collect();
            let noted = self.0.local.generations.note(std::iter::once(key).chain(tags.iter().map(String::as_str)));
            return self.hold(key, json, Times { ttl, stale }, noted);
        };
        let sealed = self.versions(redis, tags).await.and_then(|tags| {
            let stored = Stored { json: Some(json), stale, tags };
            self.sealed(key, &stored, nonce()?)
        });
        let is_kept = match sealed {
            Some(sealed) => redis.set(key, &sealed, ttl).await,
            None => false,
        };
        if !is_kept {
            // What is there is older than what could not be kept.
            redis.delete(&[key]).await;
        }
        // What was read in between is no longer the last word.
        self.0.local.changed(key);
        is_kept
    }

    fn hold(&self, key: &str, json: Bytes, times: Times, noted: Noted) -> bool {
        if json.len() > LARGEST {
            return false;
        }
        let fresh_until = Instant::now() + times.ttl;
        let held = Held { json, fresh_until, stamp: Bytes::new(), noted };
        self.0.local.hold(key, held, fresh_until + times.stale)
    }

    /// An answer that there is nothing is kept for a shorter time.
    fn times(&self, json: &[u8], times: Times) -> Times {
        if json == b"null" {
            return Times { ttl: times.ttl.min(self.0.options.negative_ttl), stale: Duration::ZERO };
        }
        times
    }
}
