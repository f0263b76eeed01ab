//! What memory holds, and whether it may be used.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use tokio::time::Instant;

use super::generations::{Generations, Noted};
use crate::cache::memory::{Limits, Memory};
use crate::metrics::Metrics;

/// What an entry takes beside its key, its JSON and its tags.
const OVERHEAD: usize = 128;
const OF_TAG: usize = 16;

/// A value in memory.
pub(super) struct Held {
    pub(super) json: Bytes,
    pub(super) fresh_until: Instant,
    /// The first bytes of it in Redis.
    pub(super) stamp: Bytes,
    /// When it was asked for, in numbers of its key and its tags.
    pub(super) noted: Noted,
}

/// The tier in memory.
pub(super) struct Local {
    memory: Memory<Arc<Held>>,
    pub(super) generations: Generations,
    /// Until when it is known that changes elsewhere are told, in nanoseconds since `began`; `None` where there is no elsewhere.
    proven: Option<AtomicU64>,
    began: Instant,
}

impl Local {
    pub(super) fn new(limits: Limits, is_shared: bool, metrics: Arc<Metrics>) -> Self {
        Self {
            memory: Memory::new(limits, metrics),
            generations: Generations::new(),
            proven: is_shared.then(AtomicU64::default),
            began: Instant::now(),
        }
    }

    /// The value of `key`, if it is the last one for all that is known.
    pub(super) fn get(&self, key: &str) -> Option<Arc<Held>> {
        if !self.is_proven() {
            return None;
        }
        let held = self.memory.get(key)?;
        self.generations.holds(&held.noted).then_some(held)
    }

    /// Keeps a value, which is used as long as what was noted before it was asked for holds. Whether it is kept.
    pub(super) fn hold(&self, key: &str, held: Held, until: Instant) -> bool {
        if !self.is_proven() || !self.generations.holds(&held.noted) {
            // It could not be used, and might take the place of one that can.
            return false;
        }
        let bytes = held.json.len() + OVERHEAD + OF_TAG * held.noted.keys();
        self.memory.insert(key, Arc::new(held), bytes, until.saturating_duration_since(Instant::now()))
    }

    /// The value of `key` has changed, or is about to.
    pub(super) fn changed(&self, key: &str) {
        self.generations.raise(key);
        self.memory.remove(key);
    }

    /// Any value may have changed.
    pub(super) fn all_changed(&self) {
        self.generations.raise_all();
        self.memory.clear();
    }

    /// Changes elsewhere are told until then.
    pub(super) fn prove(&self, until: Instant) {
        if let Some(proven) = &self.proven {
            proven.store(self.nanoseconds(until), Ordering::SeqCst);
        }
    }

    /// Changes elsewhere may go untold from now on, or have done so.
    pub(super) fn doubt(&self) {
        self.prove(self.began);
        self.all_changed();
    }

    /// Whether changes elsewhere are told, or there is no elsewhere.
    pub(super) fn is_proven(&self) -> bool {
        let now = || self.nanoseconds(Instant::now());
        self.proven.as_ref().is_none_or(|proven| proven.load(Ordering::SeqCst) > now())
    }

    fn nanoseconds(&self, instant: Instant) -> u64 {
        u64::try_from(instant.saturating_duration_since(self.began).as_nanos()).unwrap_or(u64::MAX)
    }
}
