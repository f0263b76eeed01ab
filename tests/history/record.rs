//! What was done and what was seen, with the times of both.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::lists::LISTS;

/// By how much a write changes the total of each list.
pub type Effects = [i64; LISTS.len()];

/// How a write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nobody knows (yet) whether it was done.
    InDoubt,
    /// It was done, and somebody knew so at that time.
    Acknowledged(Duration),
    /// It was not done and will not be.
    Refused,
}

/// A transaction that changes totals.
#[derive(Debug, Clone)]
pub struct Write {
    pub effects: Effects,
    pub began: Duration,
    pub outcome: Outcome,
}

/// A total that was answered.
#[derive(Debug, Clone)]
pub struct Read {
    pub who: String,
    pub list: usize,
    pub began: Duration,
    pub ended: Duration,
    pub total: i64,
}

/// Everything, since `began`.
#[derive(Debug)]
pub struct History {
    began: Instant,
    /// The totals before the first write.
    pub base: Effects,
    writes: Mutex<Vec<Write>>,
    reads: Mutex<Vec<Read>>,
    failures: Mutex<Vec<String>>,
    /// Answers that said that counting took too long.
    unknown: AtomicUsize,
}

impl History {
    pub fn new(base: Effects) -> Self {
        let (writes, reads, failures) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { began: Instant::now(), base, writes, reads, failures, unknown: AtomicUsize::new(0) }
    }

    /// The time since the beginning.
    pub fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Before the first byte of a write is sent.
    pub fn begin(&self, effects: Effects) -> usize {
        let mut writes = self.writes.lock().unwrap_or_else(PoisonError::into_inner);
        writes.push(Write { effects, began: self.now(), outcome: Outcome::InDoubt });
        writes.len() - 1
    }

    pub fn acknowledge(&self, write: usize) {
        let outcome = Outcome::Acknowledged(self.now());
        self.writes.lock().unwrap_or_else(PoisonError::into_inner)[write].outcome = outcome;
    }

    pub fn refuse(&self, write: usize) {
        self.writes.lock().unwrap_or_else(PoisonError::into_inner)[write].outcome = Outcome::Refused;
    }

    pub fn read(&self, who: String, list: usize, began: Duration, total: i64) {
        let read = Read { who, list, began, ended: self.now(), total };
        self.reads.lock().unwrap_or_else(PoisonError::into_inner).push(read);
    }

    /// No total was answered, which is never wrong.
    pub fn unknown(&self) {
        self.unknown.fetch_add(1, Ordering::Relaxed);
    }

    /// How many answers had no total.
    pub fn unknowns(&self) -> usize {
        self.unknown.load(Ordering::Relaxed)
    }

    /// A request failed that had no right to.
    pub fn fail(&self, what: String) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    pub fn writes(&self) -> Vec<Write> {
        self.writes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn reads(&self) -> Vec<Read> {
        self.reads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn failures(&self) -> Vec<String> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
