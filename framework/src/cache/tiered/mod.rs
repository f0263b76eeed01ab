//! Values of the app's own, in memory and in Redis.

mod entry;
mod flight;
mod generations;
mod load;
mod local;
mod options;
mod stored;
mod tracking;

use std::fmt;
use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

pub use self::entry::Entry;
use self::flight::Flights;
use self::generations::Noted;
use self::local::{Held, Local};
pub use self::options::TieredOptions;
use self::stored::{Nonce, STAMP, Stored, nonce};
use super::redis::Redis;
use super::seal::Seal;
use super::single_flight::SingleFlight;
use crate::error::Result;
use crate::metrics::Metrics;

/// Bytes of a value in Redis at most, its tags and its seal included.
const LARGEST: usize = 1 << 20;
/// The longest time of a value; a longer one would end beyond the clock.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// How long a mark of invalidation stays, and so how long a load may take whose value is kept.
const MARK: Duration = Duration::from_secs(60);
/// How long the version of a tag lives. Values under it live no longer.
const TAG: Duration = Duration::from_secs(7 * 24 * 3600);

/// A cache for values of the app's own: in memory, and behind it in a Redis that instances share; cheap to clone.
///
/// Values are JSON. Who loads a value loads it for all who ask for it at that time. Every value ends with its time, and before
/// that if it is invalidated, by key or by tag, which each instance sees as soon as Redis has told it, some milliseconds
/// later. Trouble with Redis is no error: values are loaded again. `docs/reference/cache.md` says exactly what is promised.
///
/// # Examples
///
/// ```
/// # use std::{sync::Arc, time::Duration};
/// # use couplet::{cache::{TieredCache, TieredOptions}, metrics::Metrics};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> couplet::Result<()> {
/// // Without a Redis; `Some(redis)` shares the values with other instances.
/// let cache = TieredCache::new(None, TieredOptions::default(), &Arc::new(Metrics::new("1.0.0")?));
///
/// let minute = Duration::from_secs(60);
/// let load = async || Ok("Dune".to_owned());
/// let title: String = cache.get_or_load("book:1:title", minute, load).await?;
/// assert_eq!(title, "Dune");
///
/// // Loaded once, so this loader is not asked.
/// let load = async || Ok("another title".to_owned());
/// assert_eq!(cache.get_or_load("book:1:title", minute, load).await?, "Dune");
///
/// cache.invalidate("book:1:title").await;
/// assert_eq!(cache.get::<String>("book:1:title").await, None);
///
/// let load = async || Ok(vec!["Dune".to_owned(), "Emma".to_owned()]);
/// let titles: Vec<String> = cache.entry("titles").ttl(minute).tag("book:1").tag("book:2").get_or_load(load).await?;
/// assert_eq!(titles.len(), 2);
/// cache.invalidate_tag("book:2").await;
/// assert_eq!(cache.get::<Vec<String>>("titles").await, None);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TieredCache(Arc<Inner>);

struct Inner {
    local: Arc<Local>,
    redis: Option<Redis>,
    seal: OnceLock<Seal>,
    options: TieredOptions,
    flights: Flights,
    /// Begun with the first use, which is in a runtime, as the making of a cache need not be.
    tracking: OnceLock<AbortOnDropHandle<()>>,
}

/// Without the values.
impl fmt::Debug for TieredCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TieredCache").field("options", &self.0.options).finish_non_exhaustive()
    }
}

/// What was found under a key.
struct Found {
    value: Option<Value>,
    /// The first bytes of what Redis holds, to be told whether it has changed.
    stamp: Bytes,
}

/// A value, and until when it is more than a stopgap.
struct Value {
    json: Bytes,
    fresh_until: Instant,
}

impl Value {
    fn is_fresh(&self) -> bool {
        self.fresh_until > Instant::now()
    }
}

impl TieredCache {
    /// Empty in memory. Without a Redis, memory is all there is.
    #[must_use]
    pub fn new(redis: Option<Redis>, options: TieredOptions, metrics: &Arc<Metrics>) -> Self {
        let cache = Self(Arc::new(Inner {
            local: Arc::new(Local::new(options.limits, redis.is_some(), metrics.clone())),
            redis,
            seal: OnceLock::new(),
            options,
            flights: SingleFlight::new(),
            tracking: OnceLock::new(),
        }));
        if let Some(secret) = &cache.0.options.secret {
            cache.seal_with(secret);
        }
        cache
    }

    /// Gives the secret under which values in Redis are sealed, if it was not known when the cache was made. The first one stays.
    pub fn seal_with(&self, secret: &[u8]) {
        self.0.seal.get_or_init(|| Seal::new(secret, "tiered cache"));
    }

    /// The value of `key`; `None` if there is none, it cannot be had now, or it is no `T`.
    pub async fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let value = self.find(&self.key(key)).await.value?;
        value.is_fresh().then(|| serde_json::from_slice(&value.json).ok()).flatten()
    }

    /// Keeps a value for the time `ttl`, in place of another one. Whether it is kept; if it is not, neither is the other one,
    /// unless Redis cannot be reached.
    pub async fn set<T: Serialize + ?Sized>(&self, key: &str, value: &T, ttl: Duration) -> bool {
        self.entry(key).ttl(ttl).set(value).await
    }

    /// The same as [`set`](Self::set), to be invalidated by each of the tags too.
    pub async fn set_tagged<T: Serialize + ?Sized>(&self, key: &str, value: &T, ttl: Duration, tags: &[&str]) -> bool {
        tags.iter().fold(self.entry(key).ttl(ttl), |entry, tag| entry.tag(*tag)).set(value).await
    }

    /// The value of `key`, or else what `load` answers, which is kept for the time `ttl`.
    ///
    /// One load at a time: whoever asks meanwhile, in this process, gets what it answers. Where the load is given up, as when a
    /// client goes away, one of those who wait loads in its place. An answer that is `null` as JSON, as `None` is, is kept for
    /// [`TieredOptions::negative_ttl`] at most. A load that an invalidation overtook is answered and not kept.
    ///
    /// # Errors
    ///
    /// That of the load, which all who waited for it get and nobody after them.
    pub async fn get_or_load<T, F, Fut>(&self, key: &str, ttl: Duration, load: F) -> Result<T>
    where
        T: Serialize + DeserializeOwned,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        self.entry(key).ttl(ttl).get_or_load(load).await
    }

    /// A value with what else there is to say of it: its tags, and whether an old value will do while it is loaded again.
    pub fn entry(&self, key: &str) -> Entry<'_> {
        Entry::new(self, key)
    }

    /// Forgets the value of `key`. Whether all instances will: `false` if Redis could not be told, and then the value may
    /// be seen until its time is over.
    pub async fn invalidate(&self, key: &str) -> bool {
        let key = self.key(key);
        self.0.local.changed(&key);
        let Some(redis) = &self.0.redis else { return true };
        let mark = nonce().and_then(|nonce| self.sealed(&key, &Stored::invalidated(), nonce));
        let is_told = match mark {
            Some(mark) => redis.set(&key, &mark, MARK).await || redis.delete(&[&key]).await,
            None => redis.delete(&[&key]).await,
        };
        // What was read in between is no longer the last word.
        self.0.local.changed(&key);
        is_told
    }

    /// Forgets every value with this tag, however many there are. Whether all instances will, as with
    /// [`invalidate`](Self::invalidate).
    pub async fn invalidate_tag(&self, tag: &str) -> bool {
        let key = self.tag_key(tag);
        self.0.local.changed(&key);
        let Some(redis) = &self.0.redis else { return true };
        let is_told = match nonce() {
            Some(version) => redis.set(&key, &version, TAG).await || redis.delete(&[&key]).await,
            None => redis.delete(&[&key]).await,
        };
        self.0.local.changed(&key);
        is_told
    }

    /// Whether values are given from memory: there is no Redis, or it is known to tell of changes.
    #[must_use]
    pub fn is_memory_used(&self) -> bool {
        self.0.local.is_proven()
    }

    fn key(&self, key: &str) -> String {
        format!("{}v:{key}", self.0.options.prefix)
    }

    fn tag_key(&self, tag: &str) -> String {
        format!("{}t:{tag}", self.0.options.prefix)
    }

    fn sealed(&self, key: &str, stored: &Stored, nonce: Nonce) -> Option<Vec<u8>> {
        let sealed = self.0.seal.get()?.seal(key, &stored.encode(nonce)?);
        (sealed.len() <= LARGEST).then_some(sealed)
    }

    /// What is held under a key with its prefix: in memory, or else in Redis.
    async fn find(&self, key: &str) -> Found {
        if let Some(held) = self.0.local.get(key) {
            let value = Value { json: held.json.clone(), fresh_until: held.fresh_until };
            return Found { value: Some(value), stamp: held.stamp.clone() };
        }
        let mut found = Found { value: None, stamp: Bytes::new() };
        let (Some(redis), Some(seal)) = (&self.0.redis, self.0.seal.get()) else { return found };
        self.track(redis);
        let (mut noted, asked) = (self.0.local.generations.note([key]), Instant::now());
        let Some((sealed, left)) = redis.get_with_ttl(key).await else { return found };
        let left = left.min(LONGEST);
        found.stamp = sealed.slice(..STAMP.min(sealed.len()));
        let Some(stored) = seal.open(key, &sealed).and_then(Stored::decode) else {
            tracing::debug!(key, "a value in Redis was not stored by this app, and is not used");
            return found;
        };
        let Some(json) = stored.json else { return found };
        if !self.are_current(redis, &stored.tags, &mut noted).await {
            return found;
        }
        // The time left was read after `asked`, so memory forgets the value no later than Redis.
        let (until, fresh_until) = (asked + left, asked + left.saturating_sub(stored.stale));
        let held = Held { json: json.clone(), fresh_until, stamp: found.stamp.clone(), noted };
        self.0.local.hold(key, held, until);
        found.value = Some(Value { json, fresh_until });
        found
    }

    /// Whether the tags are still of these versions; they are noted before they are asked for.
    async fn are_current(&self, redis: &Redis, tags: &[(String, Nonce)], noted: &mut Noted) -> bool {
        let keys: Vec<String> = tags.iter().map(|(tag, _)| self.tag_key(tag)).collect();
        keys.iter().for_each(|key| self.0.local.generations.note_also(noted, key));
        // All are sent at once, over the one connection.
        let versions = futures_util::future::join_all(keys.iter().map(|key| redis.get(key))).await;
        versions.iter().zip(tags).all(|(version, (_, wanted))| version.as_deref() == Some(&wanted[..]))
    }

    /// The versions of tags, which are made where there are none; `None` if they cannot be had.
    async fn versions(&self, redis: &Redis, tags: &[String]) -> Option<Vec<(String, Nonce)>> {
        let version = async |tag: &String| {
            let version = redis.get_or_set(&self.tag_key(tag), &nonce()?, TAG).await?;
            Some((tag.clone(), Nonce::try_from(&version[..]).ok()?))
        };
        futures_util::future::join_all(tags.iter().map(version)).await.into_iter().collect()
    }

    fn track(&self, redis: &Redis) {
        self.0.tracking.get_or_init(|| {
            let (local, config, prefix) = (self.0.local.clone(), redis.config(), self.0.options.prefix.clone());
            AbortOnDropHandle::new(tokio::spawn(tracking::keep(local, config, prefix)))
        });
    }
}

#[cfg(test)]
mod tests;
