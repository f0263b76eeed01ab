//! The one place where statements are executed: timed, counted, measured against the query budget.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::lease::Lease;
use super::meter::Meter;
use crate::error::{Error, Result};
use crate::metrics::Metrics;
use crate::model::RowSet;
use crate::sql::Statement;

/// How often one statement may be warned of.
const WARN_EVERY: Duration = Duration::from_secs(1);

/// Statements whose last warning is remembered.
const REMEMBERED: usize = 1000;

/// Bytes of a slow statement that are logged.
const SHOWN: usize = 2_000;

/// What is known of every statement of a database.
pub(super) struct Recorder {
    metrics: Arc<Metrics>,
    slow_query_threshold: Duration,
    warned: Mutex<HashMap<String, Instant>>,
}

impl Recorder {
    pub(super) fn new(metrics: Arc<Metrics>, slow_query_threshold: Duration) -> Self {
        Self { metrics, slow_query_threshold, warned: Mutex::default() }
    }

    /// Executes a statement that answers with rows.
    pub(super) async fn fetch(&self, lease: &mut Lease, statement: &Statement) -> Result<Box<dyn RowSet>> {
        self.fetch_as(lease, statement, statement).await
    }

    /// As [`Recorder::fetch`], with another statement executed in its place that answers the same.
    pub(super) async fn fetch_as(
        &self,
        lease: &mut Lease,
        statement: &Statement,
        executed: &Statement,
    ) -> Result<Box<dyn RowSet>> {
        let started = Instant::now();
        let outcome = lease.fetch(executed).await;
        self.record(statement, started.elapsed());
        outcome
    }

    /// As [`Recorder::fetch`], for so long.
    pub(super) async fn fetch_within(
        &self,
        lease: &mut Lease,
        statement: &Statement,
        limit: Duration,
    ) -> Result<Box<dyn RowSet>> {
        let started = Instant::now();
        let outcome = lease.fetch_within(statement, limit).await;
        self.record(statement, started.elapsed());
        outcome
    }

    /// Executes a statement and answers how many rows it changed.
    pub(super) async fn execute(&self, lease: &mut Lease, statement: &Statement) -> Result<u64> {
        let started = Instant::now();
        let outcome = lease.execute(statement).await;
        self.record(statement, started.elapsed());
        outcome
    }

    fn record(&self, statement: &Statement, duration: Duration) {
        if let Some(meter) = Meter::current() {
            meter.record(duration);
        }
        let labels = [statement.verb.name(), statement.model];
        self.metrics.db_query_duration_seconds.with_label_values(&labels).observe(duration.as_secs_f64());
        if duration < self.slow_query_threshold {
            return;
        }
        self.metrics.db_slow_queries_total.with_label_values(&labels).inc();
        if self.may_warn(shown(&statement.sql)) {
            // The text has placeholders; values are never logged.
            tracing::warn!(model = statement.model, ?duration, sql = %shown(&statement.sql), "slow query");
        }
    }

    fn may_warn(&self, sql: &str) -> bool {
        let now = Instant::now();
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.get(sql).is_some_and(|last| now.duration_since(*last) < WARN_EVERY) {
            return false;
        }
        if warned.len() >= REMEMBERED {
            warned.retain(|_, last| now.duration_since(*last) < WARN_EVERY);
        }
        if warned.len() < REMEMBERED {
            warned.insert(sql.to_owned(), now);
        }
        true
    }
}

/// As much of a statement as tells which one it is: an INSERT of a thousand rows has tens of thousands of placeholders.
fn shown(sql: &str) -> &str {
    &sql[..sql.floor_char_boundary(SHOWN)]
}

/// Refuses a statement beyond the query budget of a strict meter, before a connection is taken for it.
pub(super) fn admit(statement: &Statement) -> Result<()> {
    let Some(meter) = Meter::current() else { return Ok(()) };
    if !meter.is_strict() || meter.statements() < meter.budget() {
        return Ok(());
    }
    meter.refuse();
    Err(Error::BudgetExceeded(format!(
        "the query budget is spent: this endpoint may execute {} statements, and a further {} on {} is asked for; load \
         related rows with `include` instead of one by one, or raise the budget",
        meter.budget(),
        statement.verb.name(),
        statement.model,
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_statement_is_warned_of_once_in_a_while() {
        let recorder = Recorder::new(Arc::new(Metrics::new("test").expect("the table is valid")), Duration::ZERO);
        assert!(recorder.may_warn("SELECT 1"));
        assert!(!recorder.may_warn("SELECT 1"));
        assert!(recorder.may_warn("SELECT 2"));
    }

    #[test]
    fn a_long_statement_is_cut_between_characters() {
        let long = format!("x{}", "é".repeat(SHOWN));
        assert_eq!(shown(&long).len(), SHOWN - 1);
        assert_eq!(shown("SELECT 1"), "SELECT 1");
    }

    #[test]
    fn remembered_statements_are_bounded() {
        let recorder = Recorder::new(Arc::new(Metrics::new("test").expect("the table is valid")), Duration::ZERO);
        for number in 0..REMEMBERED + 10 {
            assert!(recorder.may_warn(&format!("SELECT {number}")));
        }
        assert_eq!(recorder.warned.lock().expect("no panic before").len(), REMEMBERED);
    }
}
