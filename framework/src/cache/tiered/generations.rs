//! Which values in memory may still be used.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers for keys. Keys that share one lose a value in memory now and then, and nothing else.
const SLOTS: usize = 1 << 14;

/// A number for each key that is raised when its value changes, and one for all. A value that was asked for under numbers that
/// are no longer the same may be an old one.
pub(super) struct Generations {
    slots: Box<[AtomicU64]>,
    all: AtomicU64,
    hasher: RandomState,
}

/// The numbers of some keys at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Noted {
    all: u64,
    slots: Vec<(usize, u64)>,
}

impl Noted {
    /// How many keys were noted.
    pub(super) fn keys(&self) -> usize {
        self.slots.len()
    }
}

impl Generations {
    pub(super) fn new() -> Self {
        let slots = (0..SLOTS).map(|_| AtomicU64::new(0)).collect();
        Self { slots, all: AtomicU64::new(0), hasher: RandomState::new() }
    }

    pub(super) fn note<'a>(&self, keys: impl IntoIterator<Item = &'a str>) -> Noted {
        let mut noted = Noted { all: self.all.load(Ordering::SeqCst), slots: Vec::new() };
        keys.into_iter().for_each(|key| self.note_also(&mut noted, key));
        noted
    }

    /// Another key beside those that were noted before; its number is that of now.
    pub(super) fn note_also(&self, noted: &mut Noted, key: &str) {
        let slot = self.slot(key);
        noted.slots.push((slot, self.slots[slot].load(Ordering::SeqCst)));
    }

    /// Whether nothing was raised since.
    pub(super) fn holds(&self, noted: &Noted) -> bool {
        self.all.load(Ordering::SeqCst) == noted.all
            && noted.slots.iter().all(|(slot, number)| self.slots[*slot].load(Ordering::SeqCst) == *number)
    }

    /// The value of `key` has changed, or is about to.
    pub(super) fn raise(&self, key: &str) {
        self.slots[self.slot(key)].fetch_add(1, Ordering::SeqCst);
    }

    /// Any value may have changed.
    pub(super) fn raise_all(&self) {
        self.all.fetch_add(1, Ordering::SeqCst);
    }

    fn slot(&self, key: &str) -> usize {
        usize::try_from(self.hasher.hash_one(key) % SLOTS as u64).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_holds_until_one_of_its_keys_is_raised() {
        let generations = Generations::new();
        let other = (0..).map(|n: u32| n.to_string()).find(|key| {
            let slot = generations.slot(key);
            slot != generations.slot("a") && slot != generations.slot("b")
        });
        let noted = generations.note(["a", "b"]);
        generations.raise(&other.expect("there are many slots"));
        assert!(generations.holds(&noted));
        assert_eq!(generations.note(["a", "b"]), noted);
        generations.raise("b");
        assert!(!generations.holds(&noted));
        let mut noted = generations.note(["a"]);
        generations.note_also(&mut noted, "b");
        assert!(generations.holds(&noted));
        generations.raise_all();
        assert!(!generations.holds(&noted));
    }
}
