//! Which lists took too long to be counted.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// For how long a list that took too long is not counted again.
pub(super) const PAUSE: Duration = Duration::from_secs(5);

/// Lists that are remembered at most.
const REMEMBERED: usize = 1000;

/// Lists that took too long to be counted a moment ago, so that not each request begins what it cannot end.
#[derive(Default)]
pub(super) struct Slow(Mutex<HashMap<[u8; 32], Instant>>);

impl Slow {
    pub(super) fn remember(&self, list: [u8; 32]) {
        let (mut lists, now) = (self.lists(), Instant::now());
        if lists.len() >= REMEMBERED {
            lists.retain(|_, until| *until > now);
        }
        if lists.len() < REMEMBERED {
            lists.insert(list, now + PAUSE);
        }
    }

    pub(super) fn remembers(&self, list: &[u8; 32]) -> bool {
        self.lists().get(list).is_some_and(|until| *until > Instant::now())
    }

    fn lists(&self) -> MutexGuard<'_, HashMap<[u8; 32], Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_list_is_remembered_for_a_moment() {
        let slow = Slow::default();
        slow.remember([1; 32]);
        assert!(slow.remembers(&[1; 32]) && !slow.remembers(&[2; 32]));
        tokio::time::advance(PAUSE).await;
        assert!(!slow.remembers(&[1; 32]));
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_lists_are_remembered_than_there_is_room_for() {
        let slow = Slow::default();
        let list = |number: usize| {
            let mut list = [0; 32];
            list[..8].copy_from_slice(&number.to_be_bytes());
            list
        };
        (0..REMEMBERED + 10).for_each(|number| slow.remember(list(number)));
        assert_eq!(slow.lists().len(), REMEMBERED);
        tokio::time::advance(PAUSE).await;
        slow.remember(list(REMEMBERED));
        assert_eq!(slow.lists().len(), 1);
    }
}
