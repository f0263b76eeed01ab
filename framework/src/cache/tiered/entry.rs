//! One value of a cache: read, loaded, set.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::flight::shared;
use super::generations::Noted;
use super::load::{Load, Times};
use super::{LONGEST, TieredCache, Value};
use crate::cache::single_flight::Flight;
use crate::error::Result;

/// A value of a [`TieredCache`], to be loaded or set. Made by [`TieredCache::entry`].
#[must_use = "nothing is done before it is loaded or set"]
pub struct Entry<'a> {
    cache: &'a TieredCache,
    key: String,
    ttl: Duration,
    tags: Vec<String>,
}

/// What asking for a value has come to.
enum Asked<T> {
    Has(T, Value, Bytes),
    /// Nobody has it, and the caller is the one to load it.
    Load(Box<Load>),
    /// Whoever loaded it, loaded something else than a `T`.
    Foreign,
}

impl<'a> Entry<'a> {
    pub(super) fn new(cache: &'a TieredCache, key: &str) -> Self {
        Self { cache, key: cache.key(key), ttl: cache.0.options.default_ttl, tags: Vec::new() }
    }

    /// How long the value is kept. Default: [`TieredOptions::default_ttl`](super::TieredOptions::default_ttl).
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl.min(LONGEST);
        self
    }

    /// Forgets the value with everything else that has this tag, at [`TieredCache::invalidate_tag`]. Values with tags are kept for
    /// a week at most.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Keeps a value, in place of another one; see [`TieredCache::set`].
    pub async fn set<T: Serialize + ?Sized>(self, value: &T) -> bool {
        let json = match serde_json::to_vec(value) {
            Ok(json) => Bytes::from(json),
            Err(error) => {
                tracing::warn!(key = self.key, %error, "a value is no JSON, and is not kept");
                return false;
            }
        };
        self.cache.keep(&self.key, json, self.ttl, &self.tags).await
    }

    /// The value, or else what `load` answers; see [`TieredCache::get_or_load`].
    ///
    /// # Errors
    ///
    /// That of the load.
    pub async fn get_or_load<T, F, Fut>(self, load: F) -> Result<T>
    where
        T: Serialize + DeserializeOwned,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        match self.ask(false, Duration::ZERO).await? {
            Asked::Has(value, ..) => Ok(value),
            Asked::Load(duty) => duty.done(load().await).await,
            Asked::Foreign => load().await,
        }
    }

    /// The same, and for the time `stale` after its own, the old value is answered at once, while it is loaded again in the
    /// background. The load must not depend on the request, which does not wait for it.
    ///
    /// # Errors
    ///
    /// That of the load, where there is no old value. A load in the background that fails is logged.
    pub async fn get_or_refresh<T, F, Fut>(self, stale: Duration, load: F) -> Result<T>
    where
        T: Serialize + DeserializeOwned + Send,
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<T>> + Send + 'static,
    {
        let stale = stale.min(LONGEST);
        match self.ask(true, stale).await? {
            Asked::Has(value, found, stamp) => {
                if !found.is_fresh() {
                    self.refresh(stale, stamp, load);
                }
                Ok(value)
            }
            Asked::Load(duty) => duty.done(load().await).await,
            Asked::Foreign => load().await,
        }
    }

    /// Loads in the background, unless somebody does already.
    fn refresh<T, F, Fut>(self, stale: Duration, stamp: Bytes, load: F)
    where
        T: Serialize + Send,
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<T>> + Send + 'static,
    {
        let noted = self.noted();
        let flight = self.cache.0.flights.join_or_lead((self.key.clone(), noted.clone()));
        let Flight::Lead(lead) = flight else { return };
        let cache = self.cache.clone();
        let (key, times, tags) = (self.key, Times { ttl: self.ttl, stale }, self.tags);
        tokio::spawn(async move {
            let duty = Load::begin(cache, key.clone(), times, &tags, lead, stamp, noted).await;
            if let Err(error) = duty.done(load().await).await {
                tracing::warn!(key, %error, "an old value could not be loaded again");
            }
        });
    }

    async fn ask<T: DeserializeOwned>(&self, takes_stale: bool, stale: Duration) -> Result<Asked<T>> {
        let cache = self.cache;
        let usable = |value: &Value| takes_stale || value.is_fresh();
        loop {
            let noted = self.noted();
            if let Some(held) = cache.0.local.get(&self.key) {
                let value = Value { json: held.json.clone(), fresh_until: held.fresh_until };
                if let Some(read) = usable(&value).then(|| read(&value.json)).flatten() {
                    return Ok(Asked::Has(read, value, held.stamp.clone()));
                }
            }
            let lead = match cache.0.flights.join_or_lead((self.key.clone(), noted.clone())) {
                Flight::Lead(lead) => lead,
                Flight::Wait(wait) => match wait.landed().await {
                    Some(Ok(json)) => {
                        let value = Value { fresh_until: Instant::now() + self.ttl, json };
                        return Ok(
                            read(&value.json).map_or(Asked::Foreign, |read| Asked::Has(read, value, Bytes::new()))
                        );
                    }
                    Some(Err(error)) => return Err(shared(&error)),
                    None => continue,
                },
            };
            // Only the leader asks Redis, and again memory, which whoever led before may have filled.
            let found = cache.find(&self.key).await;
            if let Some(value) = found.value.filter(usable)
                && let Some(read) = read(&value.json)
            {
                drop(lead.land(Ok(value.json.clone())));
                return Ok(Asked::Has(read, value, found.stamp));
            }
            let times = Times { ttl: self.ttl, stale };
            let duty = Load::begin(cache.clone(), self.key.clone(), times, &self.tags, lead, found.stamp, noted).await;
            return Ok(Asked::Load(Box::new(duty)));
        }
    }

    /// The numbers of the key and the tags as they are now.
    fn noted(&self) -> Noted {
        let tags: Vec<String> = self.tags.iter().map(|tag| self.cache.tag_key(tag)).collect();
        let keys = std::iter::once(self.key.as_str()).chain(tags.iter().map(String::as_str));
        self.cache.0.local.generations.note(keys)
    }
}

fn read<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    serde_json::from_slice(json).ok()
}
