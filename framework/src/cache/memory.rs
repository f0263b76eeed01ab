//! Values in memory, bounded by number, by bytes and in time.

use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cached::{Cached, LruCache};
use tokio::time::Instant;

use crate::metrics::Metrics;

/// Entries that a shard has at least, so that chance fills shards about evenly.
const ENTRIES_OF_SHARD: usize = 128;
const MOST_SHARDS: usize = 16;
/// A value that is larger than this part of a shard would push out too many others.
const LARGEST_PART: usize = 4;

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Values.
    pub entries: NonZeroUsize,
    /// Bytes of all keys and values.
    pub bytes: usize,
}

/// Values by key, each with a time of its own after which it is gone. What was not used for longest makes room.
///
/// The keys are spread over shards, each under a lock of its own, with its share of the limits and an order of use of its own.
pub struct Memory<V> {
    shards: Box<[Mutex<Shard<V>>]>,
    hasher: RandomState,
    metrics: Arc<Metrics>,
}

struct Shard<V> {
    entries: LruCache<Arc<str>, Kept<V>>,
    capacity: usize,
    /// Of keys and values; those that the store throws out itself are taken off by its callback.
    bytes: Arc<AtomicUsize>,
    most_bytes: usize,
}

struct Kept<V> {
    value: V,
    bytes: usize,
    until: Instant,
}

impl<V: Clone> Memory<V> {
    /// Empty. The gauges of `metrics` are shared with everything else that is kept in memory.
    #[must_use]
    pub fn new(limits: Limits, metrics: Arc<Metrics>) -> Self {
        let entries = limits.entries.get();
        let wanted = (entries / ENTRIES_OF_SHARD).clamp(1, MOST_SHARDS);
        // The power of two below it, so that shares are even.
        let count = 1 << wanted.ilog2();
        let shards = (0..count).map(|_| Mutex::new(Shard::new(entries / count, limits.bytes / count))).collect();
        Self { shards, hasher: RandomState::new(), metrics }
    }

    /// The value of `key`, unless its time is over; from now on it is the last one used.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<V> {
        let value = self.peek(key);
        if value.is_none() {
            self.metrics.memory_cache_misses_total.inc();
        }
        value
    }

    /// The same as [`get`](Self::get), except that no miss is counted: for whoever asks again if there is nothing.
    #[must_use]
    pub fn peek(&self, key: &str) -> Option<V> {
        let mut shard = self.shard(key);
        let kept = shard.entries.cache_get(key)?;
        if kept.until > Instant::now() {
            let value = kept.value.clone();
            drop(shard);
            self.metrics.memory_cache_hits_total.inc();
            return Some(value);
        }
        self.changed(&mut shard, |shard| drop(shard.entries.cache_remove_entry(key)));
        None
    }

    /// Keeps a value of so many bytes for so long, in place of another one of that key. Whether it is kept: one that is too
    /// large is not, and neither is the one it should have replaced.
    pub fn insert(&self, key: &str, value: V, bytes: usize, ttl: Duration) -> bool {
        // An expiry beyond the end of time is none that anyone lives to see.
        let Some(until) = Instant::now().checked_add(ttl).filter(|_| !ttl.is_zero()) else {
            return false;
        };
        let kept = Kept { value, bytes: bytes.saturating_add(key.len()), until };
        let mut shard = self.shard(key);
        self.changed(&mut shard, |shard| {
            let fits = kept.bytes <= shard.most_bytes / LARGEST_PART;
            if fits {
                let evicted = shard.insert(key, kept);
                self.metrics.memory_cache_evictions_total.inc_by(evicted);
            } else {
                drop(shard.entries.cache_remove_entry(key));
            }
            fits
        })
    }

    /// Forgets the value of `key`.
    pub fn remove(&self, key: &str) {
        self.changed(&mut self.shard(key), |shard| drop(shard.entries.cache_remove_entry(key)));
    }

    /// Forgets everything.
    pub fn clear(&self) {
        for shard in &self.shards {
            self.changed(&mut locked(shard), |shard| shard.entries.cache_clear_with_on_evict());
        }
    }

    /// Values, with those whose time is over and that nobody asked for since.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| locked(shard).entries.cache_size()).sum()
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of all keys and values.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.shards.iter().map(|shard| locked(shard).bytes()).sum()
    }

    fn shard(&self, key: &str) -> MutexGuard<'_, Shard<V>> {
        // The number of shards is a power of two, and so the remainder loses nothing of the hash that counts.
        let index = usize::try_from(self.hasher.hash_one(key) % self.shards.len() as u64).unwrap_or_default();
        locked(&self.shards[index])
    }

    /// Changes a shard and keeps the gauges in step.
    fn changed<T>(&self, shard: &mut Shard<V>, change: impl FnOnce(&mut Shard<V>) -> T) -> T {
        let (size, bytes) = (shard.entries.cache_size(), shard.bytes());
        let result = change(shard);
        self.metrics.memory_cache_size.add(difference(size, shard.entries.cache_size()));
        self.metrics.memory_cache_bytes.add(difference(bytes, shard.bytes()));
        result
    }
}

/// Gives the gauges back what it added to them.
impl<V> Drop for Memory<V> {
    fn drop(&mut self) {
        for shard in &self.shards {
            let shard = locked(shard);
            self.metrics.memory_cache_size.add(difference(shard.entries.cache_size(), 0));
            self.metrics.memory_cache_bytes.add(difference(shard.bytes(), 0));
        }
    }
}

impl<V> Shard<V> {
    fn new(capacity: usize, most_bytes: usize) -> Self {
        let bytes = Arc::new(AtomicUsize::new(0));
        let counted = bytes.clone();
        let entries = LruCache::builder().max_size(capacity).on_evict(move |_: &Arc<str>, kept: &Kept<V>| {
            counted.fetch_sub(kept.bytes, Ordering::Relaxed);
        });
        Self { entries: entries.build().expect("at least one entry"), capacity, bytes, most_bytes }
    }

    /// Inserts, and says how many others made room.
    fn insert(&mut self, key: &str, kept: Kept<V>) -> u64 {
        self.bytes.fetch_add(kept.bytes, Ordering::Relaxed);
        let before = self.entries.cache_size();
        let replaced = self.entries.cache_set(key.into(), kept);
        let inserted = usize::from(replaced.is_none());
        if let Some(replaced) = replaced {
            self.bytes.fetch_sub(replaced.bytes, Ordering::Relaxed);
        }
        while self.bytes() > self.most_bytes && self.entries.cache_size() > 1 {
            // The store throws out what was not used for longest when it has room for one less.
            self.entries.set_max_size(self.entries.cache_size() - 1);
        }
        self.entries.set_max_size(self.capacity);
        (before + inserted).saturating_sub(self.entries.cache_size()) as u64
    }

    /// Read and written under the shard's lock only.
    fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }
}

fn difference(before: usize, after: usize) -> i64 {
    i64::try_from(after).unwrap_or(i64::MAX) - i64::try_from(before).unwrap_or(i64::MAX)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
