//! Values that never change: memory, then Redis.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::memory::{Limits, Memory};
use super::redis::Redis;
use super::seal::Seal;
use super::ttl::jittered;
use crate::metrics::Metrics;

/// Values on their way to Redis at a time; what comes on top of them stays in memory only.
const STORES: usize = 64;
/// How long memory keeps a value that it has from Redis, where what is left of its time is not asked for.
const FROM_REDIS: Duration = Duration::from_secs(60);

/// Values whose key says what they contain, so that none is ever wrong: in memory, and behind it in Redis for all
/// instances; cheap to clone, all clones are one.
///
/// Memory keeps the values that were used last. To Redis go at most as many values in the time that one of them lives, so that a
/// client that thinks of ever new keys does not fill it. Whatever Redis does, nothing fails and nothing waits for a store.
#[derive(Clone)]
pub struct Tiers(Arc<Inner>);

struct Inner {
    name: String,
    memory: Memory<Bytes>,
    redis: Option<Redis>,
    seal: Seal,
    stores: Arc<Semaphore>,
    window: Mutex<Window>,
    most_keys: NonZeroUsize,
}

/// How many values went to Redis since when.
struct Window {
    since: Instant,
    stores: usize,
}

/// Without the values.
impl fmt::Debug for Tiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tiers")
            .field("name", &self.0.name)
            .field("entries", &self.0.memory.len())
            .finish_non_exhaustive()
    }
}

impl Tiers {
    /// Empty; `name` is for the log. `limits.entries` holds for memory, and for Redis as said above.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        limits: Limits,
        redis: Option<Redis>,
        seal: Seal,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self(Arc::new(Inner {
            name: name.into(),
            memory: Memory::new(limits, metrics),
            redis,
            seal,
            stores: Arc::new(Semaphore::new(STORES)),
            window: Mutex::new(Window { since: Instant::now(), stores: 0 }),
            most_keys: limits.entries,
        }))
    }

    /// The value, if memory holds it. A miss is not counted, as [`get`](Self::get) is what follows it.
    #[must_use]
    pub fn peek(&self, key: &str) -> Option<Bytes> {
        self.0.memory.peek(key)
    }

    /// The value, from memory or else from Redis.
    pub async fn get(&self, key: &str) -> Option<Bytes> {
        if let Some(value) = self.0.memory.get(key) {
            return Some(value);
        }
        let sealed = self.0.redis.as_ref()?.get(key).await?;
        let Some(value) = self.0.seal.open(key, &sealed) else {
            tracing::debug!(cache = self.0.name, key, "a value in Redis was not stored by this app, and is not used");
            return None;
        };
        self.0.memory.insert(key, value.clone(), value.len(), FROM_REDIS);
        Some(value)
    }

    /// Keeps a value for about so long: in memory at once, in Redis soon.
    pub fn put(&self, key: &str, value: Bytes, ttl: Duration) {
        let ttl = jittered(ttl);
        self.0.memory.insert(key, value.clone(), value.len(), ttl);
        // Outside of a runtime there is nobody who could store it.
        let (Some(redis), Ok(runtime)) = (self.0.redis.clone(), Handle::try_current()) else { return };
        let Ok(permit) = self.0.stores.clone().try_acquire_owned() else { return };
        if !self.0.may_store(ttl) {
            return;
        }
        let (key, seal) = (key.to_owned(), self.0.seal.clone());
        runtime.spawn(async move {
            redis.set(&key, &seal.seal(&key, &value), ttl).await;
            drop(permit);
        });
    }

    /// Forgets the value of `key`, here and in Redis; for one that turned out to be wrong.
    pub async fn remove(&self, key: &str) {
        self.0.memory.remove(key);
        if let Some(redis) = &self.0.redis {
            redis.delete(&[key]).await;
        }
    }

    /// Whether values are shared with other instances.
    #[must_use]
    pub fn are_shared(&self) -> bool {
        self.0.redis.is_some()
    }

    /// Forgets what memory holds. What Redis holds stays: a value that never changes is not wrong there.
    pub fn clear_memory(&self) {
        self.0.memory.clear();
    }
}

impl Inner {
    fn may_store(&self, ttl: Duration) -> bool {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if window.since.elapsed() >= ttl {
            *window = Window { since: Instant::now(), stores: 0 };
        }
        window.stores += 1;
        window.stores <= self.most_keys.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiers(entries: usize) -> Tiers {
        let limits = Limits { entries: NonZeroUsize::new(entries).expect("not 0"), bytes: 1 << 20 };
        let metrics = Arc::new(Metrics::new("1.0.0").expect("the table is valid"));
        Tiers::new("Author", limits, None, Seal::new(b"secret", "counts"), metrics)
    }

    #[tokio::test(start_paused = true)]
    async fn without_redis_memory_serves() {
        let (tiers, ttl) = (tiers(10), Duration::from_secs(300));
        assert_eq!(tiers.get("a").await, None);
        tiers.put("a", Bytes::from_static(b"12"), ttl);
        assert_eq!(tiers.get("a").await.as_deref(), Some(&b"12"[..]));
        assert_eq!(tiers.clone().peek("a").as_deref(), Some(&b"12"[..]));
        tokio::time::advance(ttl.mul_f64(1.1)).await;
        assert_eq!(tiers.get("a").await, None);
        tiers.put("a", Bytes::from_static(b"13"), ttl);
        tiers.remove("a").await;
        assert_eq!((tiers.peek("a"), tiers.are_shared()), (None, false));
        tiers.put("a", Bytes::from_static(b"13"), ttl);
        tiers.clear_memory();
        assert_eq!(tiers.peek("a"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_keys_go_to_redis_in_the_time_of_one_than_memory_holds() {
        let (tiers, ttl) = (tiers(3), Duration::from_secs(300));
        let stored = || (0..10).filter(|_| tiers.0.may_store(ttl)).count();
        assert_eq!((stored(), stored()), (3, 0));
        tokio::time::advance(ttl / 2).await;
        assert_eq!(stored(), 0);
        tokio::time::advance(ttl / 2).await;
        assert_eq!((stored(), stored()), (3, 0));
    }

    #[test]
    fn a_value_is_kept_outside_of_a_runtime_too() {
        let tiers = tiers(3);
        tiers.put("a", Bytes::from_static(b"12"), Duration::from_secs(1));
        assert_eq!(tiers.peek("a").as_deref(), Some(&b"12"[..]));
    }
}
