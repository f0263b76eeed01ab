//! How many commands may be in flight.

use std::sync::Arc;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::metrics::Metrics;

/// A limit of commands in flight, shown by the metrics of a pool.
pub(super) struct Slots {
    semaphore: Semaphore,
    metrics: Arc<Metrics>,
}

/// A slot that is taken until it is dropped.
pub(super) struct Slot<'a> {
    _permit: SemaphorePermit<'a>,
    metrics: &'a Metrics,
}

impl Slots {
    pub(super) fn new(max: usize, metrics: Arc<Metrics>) -> Self {
        let max = max.min(Semaphore::MAX_PERMITS);
        let shown = i64::try_from(max).unwrap_or(i64::MAX);
        metrics.redis_pool_max_connections.set(shown);
        metrics.redis_pool_connections_available.set(shown);
        Self { semaphore: Semaphore::new(max), metrics }
    }

    /// A slot, if one is free: who would have to wait is better off without Redis.
    pub(super) fn take(&self) -> Option<Slot<'_>> {
        let permit = self.semaphore.try_acquire().ok()?;
        self.metrics.redis_pool_connections_in_use.inc();
        self.metrics.redis_pool_connections_available.dec();
        Some(Slot { _permit: permit, metrics: &self.metrics })
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.metrics.redis_pool_connections_in_use.dec();
        self.metrics.redis_pool_connections_available.inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_free_again_when_it_is_dropped() {
        let metrics = Arc::new(Metrics::new("1.0.0").expect("the table is valid"));
        let slots = Slots::new(2, Arc::clone(&metrics));
        let shown = || {
            let (in_use, available) =
                (&metrics.redis_pool_connections_in_use, &metrics.redis_pool_connections_available);
            (in_use.get(), available.get(), metrics.redis_pool_max_connections.get())
        };
        let taken = (slots.take(), slots.take());
        assert!(slots.take().is_none());
        assert_eq!(shown(), (2, 0, 2));
        drop(taken);
        assert!(slots.take().is_some());
        assert_eq!(shown(), (0, 2, 2));
    }
}
