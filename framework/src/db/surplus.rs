//! Connections beyond the size of a pool: kept while they are of use.
//!
//! Closed as soon as nobody waits for one, they would be opened again by the next request, which cost more than half of the
//! throughput with two or three times as many clients as connections.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool::managed::{self, WeakPool};
use tokio::runtime::Handle;

use super::pool::{Manager, close_all};

/// How often is looked, at most.
const AT_MOST_EVERY: Duration = Duration::from_millis(100);

/// What a pool keeps, and how long it keeps more.
pub(super) struct Surplus {
    keep: usize,
    idle_timeout: Duration,
    /// Whether a task looks after the rest.
    watched: AtomicBool,
}

impl Surplus {
    /// Of more connections than `keep` those are closed that were idle for `idle_timeout`, or up to twice as long.
    pub(super) fn new(keep: usize, idle_timeout: Duration) -> Self {
        Self { keep, idle_timeout, watched: AtomicBool::new(false) }
    }
}

/// To be called when a connection comes back.
pub(super) fn watch(pool: &managed::Pool<Manager>) {
    let surplus = &pool.manager().surplus;
    if surplus.watched.load(Ordering::Relaxed) || pool.status().size <= surplus.keep {
        return;
    }
    // Without a runtime the program is at its end.
    let Ok(runtime) = Handle::try_current() else { return };
    if !surplus.watched.swap(true, Ordering::SeqCst) {
        runtime.spawn(shrink(pool.weak(), surplus.idle_timeout));
    }
}

/// Closes idle connections until no more than `keep` are left, or the pool is gone.
async fn shrink(pool: WeakPool<Manager>, idle_timeout: Duration) {
    loop {
        tokio::time::sleep(idle_timeout.max(AT_MOST_EVERY)).await;
        let Some(pool) = pool.upgrade() else { return };
        let Surplus { keep, watched, .. } = &pool.manager().surplus;
        let mut surplus = pool.status().size.saturating_sub(*keep);
        // Those that came back first are asked first, and they are given out last.
        let closed = pool.retain(|connection, _| {
            let close = surplus > 0 && connection.idle_since.elapsed() >= idle_timeout;
            surplus -= usize::from(close);
            !close
        });
        close_all(closed.removed).await;
        if pool.status().size <= *keep {
            watched.store(false, Ordering::SeqCst);
            // One more may have been opened, and come back to a pool that was watched.
            if pool.status().size <= *keep || watched.swap(true, Ordering::SeqCst) {
                return;
            }
        }
    }
}
