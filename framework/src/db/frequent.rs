//! Which statements are executed again and again with the same values.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

use crate::sql::{Dialect, Statement};

/// Executions before a statement is frequent: each connection prepares it then, which a few more would not make up for.
const EXECUTIONS: u8 = 30;

/// Frequent statements at a time; a connection keeps 100 prepared ones.
const FREQUENT: usize = 32;

/// Statements that are counted at a time.
const COUNTED: usize = 1024;

/// Counts how often statements are executed with the same values.
#[derive(Default)]
pub(super) struct Frequent {
    hasher: RandomState,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    /// By a hash of the text: a statement that is taken for another one is planned in vain, and right.
    executions: HashMap<u64, u8>,
    frequent: usize,
}

impl Frequent {
    /// What to execute in place of a statement that was executed often with these values, so that it is planned once; see
    /// [`Statement::written_out`].
    pub(super) fn planned_once(&self, statement: &Statement, dialect: Dialect) -> Option<Statement> {
        if dialect == Dialect::Sqlite || statement.values.0.is_empty() {
            return None;
        }
        let written = statement.written_out()?;
        self.count(&written.sql).then_some(written)
    }

    /// Counts an execution; whether the statement is frequent.
    fn count(&self, sql: &str) -> bool {
        let hash = self.hasher.hash_one(sql);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.executions.len() >= COUNTED && !counts.executions.contains_key(&hash) {
            *counts = Counts::default();
        }
        let Counts { executions, frequent } = &mut *counts;
        let count = executions.entry(hash).or_default();
        if *count == EXECUTIONS {
            return true;
        }
        // Others have to be forgotten before it.
        if *count + 1 == EXECUTIONS && *frequent == FREQUENT {
            return false;
        }
        *count += 1;
        *frequent += usize::from(*count == EXECUTIONS);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeat(frequent: &Frequent, sql: &str) {
        for _ in 0..EXECUTIONS {
            assert!(!frequent.count(sql));
        }
    }

    #[test]
    fn a_statement_is_frequent_after_some_executions() {
        let frequent = Frequent::default();
        repeat(&frequent, "a");
        assert!(frequent.count("a"));
        assert!(!frequent.count("b"));
        assert!(frequent.count("a"));
    }

    #[test]
    fn no_more_are_frequent_than_a_connection_keeps() {
        let frequent = Frequent::default();
        for number in 0..FREQUENT {
            repeat(&frequent, &number.to_string());
        }
        repeat(&frequent, "late");
        assert!(!frequent.count("late"));
        assert!(frequent.count("0"));
    }

    #[test]
    fn those_that_are_no_longer_executed_make_room() {
        let frequent = Frequent::default();
        repeat(&frequent, "early");
        for number in 0..COUNTED {
            frequent.count(&number.to_string());
        }
        repeat(&frequent, "early");
        assert!(frequent.count("early"));
        assert!(frequent.counts.lock().expect("no panic before").executions.len() <= COUNTED);
    }
}
