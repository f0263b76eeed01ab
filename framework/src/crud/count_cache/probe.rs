//! Where tests stop a count, so that each order of it and of a writer can be replayed.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;

/// Where a count is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// The tokens were read with the page.
    TokensRead,
    /// It will look for the total itself; others who want it wait.
    Leads,
    /// The fence was asked, and has granted that no writer is under way or not. Not on SQLite, which needs none.
    Fenced(bool),
    /// The rows were counted.
    Counted,
    /// The total was stored.
    Stored,
}

/// What is awaited at each point.
type Pause = dyn Fn(Point) -> BoxFuture<'static, ()> + Send + Sync;

/// What a test does at each [`Point`]; handed to an app with its data.
#[derive(Clone)]
pub struct Probe(Arc<Pause>);

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe").finish_non_exhaustive()
    }
}

impl Probe {
    /// Calls `pause` at each point, and waits for it.
    pub fn new(pause: impl Fn(Point) -> BoxFuture<'static, ()> + Send + Sync + 'static) -> Self {
        Self(Arc::new(pause))
    }

    pub(super) async fn reach(probe: Option<&Self>, point: Point) {
        if let Some(Self(pause)) = probe {
            pause(point).await;
        }
    }
}
