//! The handles of a circuit breaker.

use prometheus::{IntCounter, IntCounterVec, IntGauge};

use super::Metrics;

/// What a circuit breaker lets through; its number is the value of `circuit_breaker_state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Every call.
    Closed = 0,
    /// One call at a time, to see whether the service is back.
    HalfOpen = 1,
    /// Nothing.
    Open = 2,
}

impl BreakerState {
    fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "half_open",
            Self::Open => "open",
        }
    }
}

/// The handles of the circuit breaker before one service.
#[derive(Clone)]
pub struct BreakerMetrics {
    state: IntGauge,
    failures: IntCounter,
    changes: IntCounterVec,
    service: &'static str,
}

impl BreakerMetrics {
    /// Counts a call that failed or took too long.
    pub fn failed(&self) {
        self.failures.inc();
    }

    /// Records a change of state.
    pub fn changed(&self, from: BreakerState, to: BreakerState) {
        self.state.set(to as i64);
        self.changes.with_label_values(&[self.service, from.name(), to.name()]).inc();
    }
}

impl Metrics {
    /// The handles of the circuit breaker before `service`, which begins closed.
    #[must_use]
    pub fn breaker(&self, service: &'static str) -> BreakerMetrics {
        let state = self.circuit_breaker_state.with_label_values(&[service]);
        state.set(BreakerState::Closed as i64);
        let failures = self.circuit_breaker_failures_total.with_label_values(&[service]);
        BreakerMetrics { state, failures, changes: self.circuit_breaker_state_changes_total.clone(), service }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_state_is_counted_and_shown() {
        let metrics = Metrics::new("1.0.0").expect("the table is valid");
        let breaker = metrics.breaker("redis");
        breaker.failed();
        breaker.changed(BreakerState::Closed, BreakerState::Open);
        let text = String::from_utf8(metrics.text().expect("gathered")).expect("UTF-8");
        for line in [
            "circuit_breaker_state{service=\"redis\"} 2",
            "circuit_breaker_failures_total{service=\"redis\"} 1",
            "circuit_breaker_state_changes_total{from_state=\"closed\",service=\"redis\",to_state=\"open\"} 1",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
