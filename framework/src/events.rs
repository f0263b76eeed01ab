//! What has changed in the database: writes publish, whoever wants to know subscribes.
//!
//! A [`Change`] is published once a transaction is committed, and never for one that was rolled back. What the database
//! changes by itself, as `on_delete` and triggers do, and what other programs change, is not told.

use std::sync::Arc;

use tokio::sync::broadcast;

use crate::model::{Model, Value};

/// Changes that a slow subscriber may be behind before it misses some.
const CAPACITY: usize = 1_024;

/// Rows of one model that were created, updated or deleted together.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The model's name, as in `Book`.
    pub model: &'static str,
    /// What was done to the rows.
    pub kind: ChangeKind,
    /// The primary keys of the rows, each with a value for each key column.
    pub keys: Vec<Vec<Value>>,
}

impl Change {
    /// Whether rows of `M` have changed.
    #[must_use]
    pub fn is_of<M: Model>(&self) -> bool {
        self.model == M::META.name
    }
}

/// What was done to rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// They are new.
    Created,
    /// Columns have new values, or sets of linked rows were changed.
    Updated,
    /// They are gone.
    Deleted,
}

impl ChangeKind {
    /// The name: `created`, `updated` or `deleted`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
        }
    }
}

/// Where changes are published; cheap to clone.
#[derive(Debug, Clone)]
pub struct Bus {
    sender: broadcast::Sender<Arc<Change>>,
}

impl Default for Bus {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(CAPACITY) }
    }
}

impl Bus {
    /// Tells every subscriber; without one nothing happens.
    pub fn publish(&self, change: Change) {
        // An error says that nobody listens.
        let _ = self.sender.send(Arc::new(change));
    }

    /// Listens from now on.
    #[must_use]
    pub fn subscribe(&self) -> Subscription {
        Subscription { receiver: self.sender.subscribe() }
    }
}

/// Changes as they come.
///
/// # Examples
///
/// ```
/// use couplet::events::{Bus, Change, ChangeKind, Notice};
/// use couplet::model::Value;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let bus = Bus::default();
/// let mut changes = bus.subscribe();
/// bus.publish(Change { model: "Book", kind: ChangeKind::Created, keys: vec![vec![Value::I64(7)]] });
/// drop(bus);
/// while let Some(notice) = changes.next().await {
///     match notice {
///         Notice::Change(change) => println!("{} {}: {:?}", change.model, change.kind.name(), change.keys),
///         Notice::Missed(count) => println!("{count} changes were missed; read everything again"),
///     }
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct Subscription {
    receiver: broadcast::Receiver<Arc<Change>>,
}

/// What a subscriber learns.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// Rows have changed.
    Change(Arc<Change>),
    /// The subscriber was too slow, and so many changes are lost to it.
    Missed(u64),
}

impl Subscription {
    /// Waits for the next change; `None` once there will be no more. A call that is dropped loses nothing.
    pub async fn next(&mut self) -> Option<Notice> {
        match self.receiver.recv().await {
            Ok(change) => Some(Notice::Change(change)),
            Err(broadcast::error::RecvError::Lagged(count)) => Some(Notice::Missed(count)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(key: i64) -> Change {
        Change { model: "Book", kind: ChangeKind::Updated, keys: vec![vec![Value::I64(key)]] }
    }

    #[tokio::test]
    async fn every_subscriber_learns_of_every_change_after_it_came() {
        let bus = Bus::default();
        bus.publish(change(1));
        let (mut first, mut second) = (bus.subscribe(), bus.subscribe());
        bus.publish(change(2));
        drop(bus);
        for subscription in [&mut first, &mut second] {
            assert_eq!(subscription.next().await, Some(Notice::Change(Arc::new(change(2)))));
            assert_eq!(subscription.next().await, None);
        }
    }

    #[tokio::test]
    async fn a_slow_subscriber_learns_how_many_changes_it_missed() {
        let bus = Bus::default();
        let mut slow = bus.subscribe();
        for key in 0..i64::try_from(CAPACITY).expect("a small number") + 3 {
            bus.publish(change(key));
        }
        assert_eq!(slow.next().await, Some(Notice::Missed(3)));
        assert_eq!(slow.next().await, Some(Notice::Change(Arc::new(change(3)))));
    }
}
