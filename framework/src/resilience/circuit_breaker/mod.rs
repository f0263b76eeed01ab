//! A circuit breaker: a service that fails is left alone, and asked now and then whether it is back.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::metrics::{BreakerMetrics, BreakerState};

/// When a circuit breaker opens, and when it asks again.
#[derive(Debug, Clone, Copy)]
pub struct BreakerOptions {
    /// So many failures open it, if they lie within `window`.
    pub failures: usize,
    /// For how long a failure counts.
    pub window: Duration,
    /// A call in flight that is older counts as failed before it ends, unless another one that began later went well: a
    /// service that hangs has no failures yet, only calls that do not end.
    pub patience: Duration,
    /// Time between two probes while it is open.
    pub probe_interval: Duration,
}

/// A circuit breaker before one service; cheap to clone.
///
/// Closed, it lets every [`call`](Self::call) through and counts failures. Open, it lets none through. After
/// [`BreakerOptions::probe_interval`] one [`probe`](Self::probe) is let through and makes it half-open: if that goes well, it
/// is closed again, else open for another interval.
///
/// # Examples
///
/// ```
/// # use std::time::Duration;
/// # use couplet::metrics::Metrics;
/// # use couplet::resilience::{BreakerOptions, CircuitBreaker};
/// # async fn ask() -> Result<u32, ()> { Ok(7) }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> couplet::Result<()> {
/// let options = BreakerOptions {
///     failures: 3,
///     window: Duration::from_secs(30),
///     patience: Duration::from_millis(50),
///     probe_interval: Duration::from_millis(250),
/// };
/// let breaker = CircuitBreaker::new(options, Metrics::new("1.0.0")?.breaker("oracle"));
/// if let Some(permit) = breaker.call().or_else(|| breaker.probe()) {
///     match ask().await {
///         Ok(_) => permit.succeeded(),
///         Err(()) => permit.failed(),
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct CircuitBreaker(Arc<Shared>);

struct Shared {
    options: BreakerOptions,
    metrics: BreakerMetrics,
    circuit: Mutex<Circuit>,
}

struct Circuit {
    state: State,
    /// When the failures that count happened, the oldest first.
    failures: VecDeque<Instant>,
    /// The calls in flight by their numbers, so the oldest first.
    calls: BTreeMap<u64, Call>,
    next: u64,
    last_success: Option<Instant>,
}

#[derive(Clone, Copy)]
enum State {
    Closed,
    Open { since: Instant },
    HalfOpen { probe: u64 },
}

impl State {
    fn shown(self) -> BreakerState {
        match self {
            Self::Closed => BreakerState::Closed,
            Self::Open { .. } => BreakerState::Open,
            Self::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }
}

struct Call {
    since: Instant,
    /// When it was counted as failed, as it was in flight for too long.
    overdue: Option<Instant>,
}

impl CircuitBreaker {
    /// A closed circuit breaker.
    #[must_use]
    pub fn new(options: BreakerOptions, metrics: BreakerMetrics) -> Self {
        let circuit = Circuit {
            state: State::Closed,
            failures: VecDeque::new(),
            calls: BTreeMap::new(),
            next: 0,
            last_success: None,
        };
        Self(Arc::new(Shared { options, metrics, circuit: Mutex::new(circuit) }))
    }

    /// Lets a call through if it is closed.
    #[must_use]
    pub fn call(&self) -> Option<Permit> {
        let now = Instant::now();
        let mut circuit = self.0.circuit();
        self.0.count_overdue(&mut circuit, now);
        match circuit.state {
            State::Closed => Some(self.permit(&mut circuit, now)),
            State::Open { .. } | State::HalfOpen { .. } => None,
        }
    }

    /// Lets one call through if it has been open for long enough, to see whether the service is back.
    #[must_use]
    pub fn probe(&self) -> Option<Permit> {
        let now = Instant::now();
        let mut circuit = self.0.circuit();
        match circuit.state {
            State::Open { since } if now >= since + self.0.options.probe_interval => {
                let permit = self.permit(&mut circuit, now);
                self.0.change(&mut circuit, State::HalfOpen { probe: permit.number });
                Some(permit)
            }
            _ => None,
        }
    }

    /// Opens it whatever was counted, as when the connection is gone that all calls need.
    pub fn open(&self) {
        let mut circuit = self.0.circuit();
        // A probe under way will say itself how it went.
        if let State::Closed = circuit.state {
            self.0.change(&mut circuit, State::Open { since: Instant::now() });
        }
    }

    /// What it lets through.
    #[must_use]
    pub fn state(&self) -> BreakerState {
        let mut circuit = self.0.circuit();
        self.0.count_overdue(&mut circuit, Instant::now());
        circuit.state.shown()
    }

    fn permit(&self, circuit: &mut Circuit, now: Instant) -> Permit {
        let number = circuit.next;
        circuit.next += 1;
        circuit.calls.insert(number, Call { since: now, overdue: None });
        Permit { breaker: Arc::clone(&self.0), number, is_reported: false }
    }
}

impl Shared {
    fn circuit(&self) -> MutexGuard<'_, Circuit> {
        // Nothing panics under the lock, so what it guards is whole.
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts the calls in flight that are too old, each once.
    fn count_overdue(&self, circuit: &mut Circuit, now: Instant) {
        let mut overdue = 0;
        let last_success = circuit.last_success;
        let is_old = |call: &Call| now.duration_since(call.since) >= self.options.patience;
        for call in circuit.calls.values_mut().take_while(|call| is_old(call)) {
            if call.overdue.is_none() && last_success.is_none_or(|success| success < call.since) {
                call.overdue = Some(now);
                overdue += 1;
            }
        }
        for _ in 0..overdue {
            self.count_failure(circuit, now);
        }
    }

    fn count_failure(&self, circuit: &mut Circuit, now: Instant) {
        self.metrics.failed();
        circuit.failures.push_back(now);
        while circuit.failures.front().is_some_and(|failure| now.duration_since(*failure) > self.options.window) {
            circuit.failures.pop_front();
        }
        if matches!(circuit.state, State::Closed) && circuit.failures.len() >= self.options.failures {
            self.change(circuit, State::Open { since: now });
        }
    }

    fn change(&self, circuit: &mut Circuit, to: State) {
        self.metrics.changed(circuit.state.shown(), to.shown());
        circuit.state = to;
        // What led here is no reason to open again.
        circuit.failures.clear();
    }

    fn end(&self, number: u64, outcome: Outcome) {
        let now = Instant::now();
        let mut circuit = self.circuit();
        if let Outcome::Cancelled = outcome {
            self.count_overdue(&mut circuit, now);
        }
        let Some(call) = circuit.calls.remove(&number) else { return };
        let is_probe = matches!(circuit.state, State::HalfOpen { probe } if probe == number);
        match outcome {
            Outcome::Success => {
                circuit.last_success = Some(now);
                if let Some(place) = call.overdue.and_then(|at| circuit.failures.iter().position(|it| *it == at)) {
                    circuit.failures.remove(place);
                }
                if is_probe {
                    self.change(&mut circuit, State::Closed);
                }
            }
            Outcome::Failure => {
                if call.overdue.is_none() {
                    self.count_failure(&mut circuit, now);
                }
                if is_probe {
                    self.change(&mut circuit, State::Open { since: now });
                }
            }
            Outcome::Cancelled if is_probe => {
                // Given up early it says nothing of the service, so another probe may begin at once.
                let interval = if call.overdue.is_none() { self.options.probe_interval } else { Duration::ZERO };
                self.change(&mut circuit, State::Open { since: now.checked_sub(interval).unwrap_or(now) });
            }
            Outcome::Cancelled => {}
        }
    }
}

/// A call that was let through. Dropped without a word it counts as given up: as failed if it was in flight for longer than
/// [`BreakerOptions::patience`], and as nothing otherwise.
#[must_use = "a call that is not reported counts as given up"]
pub struct Permit {
    breaker: Arc<Shared>,
    number: u64,
    is_reported: bool,
}

enum Outcome {
    Success,
    Failure,
    Cancelled,
}

impl Permit {
    /// The service did what it was asked for.
    pub fn succeeded(self) {
        self.report(Outcome::Success);
    }

    /// It did not, or not in time.
    pub fn failed(self) {
        self.report(Outcome::Failure);
    }

    fn report(mut self, outcome: Outcome) {
        self.is_reported = true;
        self.breaker.end(self.number, outcome);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.is_reported {
            self.breaker.end(self.number, Outcome::Cancelled);
        }
    }
}

#[cfg(test)]
mod tests;
