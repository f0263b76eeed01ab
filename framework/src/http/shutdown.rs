//! One switch that tells every part of a running app to end.

use std::sync::Arc;

use tokio::sync::watch;

/// A switch that is turned once; cheap to clone.
#[derive(Debug, Clone)]
pub struct Shutdown(Arc<watch::Sender<bool>>);

impl Default for Shutdown {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Shutdown {
    /// Turns the switch.
    pub fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Whether it is turned.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is turned.
    pub async fn begun(&self) {
        // The sender lives in `self`, so the channel cannot be closed.
        let _ = self.0.subscribe().wait_for(|begun| *begun).await;
    }
}
