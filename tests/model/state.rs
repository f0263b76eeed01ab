//! One moment of everybody.

use super::database::{CLASSES, Database, Writers};

/// The whole state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) database: Database,
    pub(crate) writers: Vec<Writer>,
    pub(crate) readers: Vec<Reader>,
    /// Every entry that was ever stored, sorted. Memory and Redis may each have lost it or bring it back at any moment.
    pub(crate) entries: Vec<Entry>,
    pub(crate) crashes: u8,
    pub(crate) wrong: Option<Wrong>,
}

/// A transaction: how many of its steps are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Writer {
    pub(crate) done: u8,
    pub(crate) aborted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Reader {
    /// The request that it is at.
    pub(crate) round: u8,
    pub(crate) step: Step,
    pub(crate) vector: Vector,
    /// What was committed at each moment since the request began: one bit for each set of writers.
    pub(crate) moments: u8,
    /// Whose writes had been acknowledged when the request began.
    pub(crate) acknowledged: Writers,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) enum Step {
    #[default]
    Idle,
    /// Has tokens of an older request; only a mutant does.
    Inherited,
    /// Has read so many tokens of the footprint.
    Reading(u8),
    /// Has all tokens.
    Looking,
    /// Has a snapshot from before the locks; only a mutant does.
    Snapped(Writers),
    /// Was granted all locks, which have been released; a mutant has a count already.
    Granted(Option<Writers>),
    /// Has read the tokens again; only a mutant does.
    Reread,
    /// Was refused a lock.
    Refused,
    /// Has counted, but not answered.
    Counted { total: Writers, stored: bool },
    /// Waits for the answer of that reader.
    Waiting(u8),
}

/// The tokens that stand in a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Vector {
    pub(crate) epoch: u8,
    pub(crate) tokens: [u8; CLASSES],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) list: u8,
    pub(crate) scope: u8,
    pub(crate) vector: Vector,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Entry {
    pub(crate) key: Key,
    pub(crate) total: Writers,
}

/// An answer that breaks the promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Wrong {
    /// The total was the count at no moment since the request began.
    pub(crate) at_no_moment: bool,
    /// A write that had been acknowledged before is missing.
    pub(crate) forgotten: bool,
}
