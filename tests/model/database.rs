//! As much of PostgreSQL as the protocol leans on: what is committed, sequences, advisory locks, the write-ahead log, a crash.

/// How many classes a scenario may have.
pub(crate) const CLASSES: usize = 3;

/// A set of writers, one bit each. The rows that are counted are those that writers wrote, so such a set is a count too, and
/// a stricter one: two wrongs that add up to the right number are still two wrongs.
pub(crate) type Writers = u8;

/// What every connection sees, and what a crash leaves of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Database {
    /// Whose writes are visible.
    pub(crate) committed: Writers,
    /// As much of it as a standby has replayed; in step with it unless the scenario has a standby that lags.
    pub(crate) replayed: Writers,
    /// How often `nextval` was called for each class, the call that makes the sequence included.
    called: [u8; CLASSES],
    /// The same, as far as the log was flushed. A commit flushes, `nextval` alone does not.
    flushed: [u8; CLASSES],
    /// The nonce in the unlogged table, another one after each crash.
    epoch: u8,
}

/// Where tokens are read, and how a sequence tells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tokens {
    /// On the primary, of sequences that were advanced once when they were made.
    Advanced,
    /// On the primary, of fresh sequences: `last_value` is 1 before the first `nextval` and after it.
    Fresh,
    /// On a standby, which knows of a sequence only what the log says: the value that some `nextval`s later will be reached.
    /// They are 32 in PostgreSQL and two here.
    LoggedAhead,
}

impl Database {
    pub(crate) fn new() -> Self {
        Self { committed: 0, replayed: 0, called: [1; CLASSES], flushed: [1; CLASSES], epoch: 0 }
    }

    pub(crate) fn nextval(&mut self, class: usize) {
        self.called[class] += 1;
    }

    /// Makes a write visible for every snapshot from now on.
    pub(crate) fn commit(&mut self, writer: usize) {
        self.committed |= 1 << writer;
        self.flushed = self.called;
    }

    /// The value of the class's token.
    pub(crate) fn token(&self, class: usize, how: Tokens) -> u8 {
        let called = self.called[class];
        match how {
            Tokens::Advanced => called,
            Tokens::Fresh => (called - 1).max(1),
            Tokens::LoggedAhead => called.next_multiple_of(2),
        }
    }

    pub(crate) fn epoch(&self) -> u8 {
        self.epoch
    }

    /// Undoes every `nextval` that was not flushed, and empties the unlogged table, which the next start fills again.
    pub(crate) fn crash(&mut self) {
        self.called = self.flushed;
        self.epoch += 1;
    }
}
