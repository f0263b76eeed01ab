//! How many statements a request executed, and how long they took.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::futures::TaskLocalFuture;

tokio::task_local! {
    static METER: Arc<Meter>;
}

/// Counts the statements of one request against its budget.
#[derive(Debug)]
pub struct Meter {
    statements: AtomicU32,
    nanoseconds: AtomicU64,
    budget: AtomicU32,
    strict: bool,
    refused: AtomicBool,
    /// Whose statements these are too, without a limit.
    of: Option<Arc<Self>>,
}

impl Meter {
    /// A meter with a budget of so many statements; a strict one refuses the first beyond it.
    #[must_use]
    pub fn new(budget: u32, strict: bool) -> Arc<Self> {
        let (statements, nanoseconds) = (AtomicU32::new(0), AtomicU64::new(0));
        Arc::new(Self {
            statements,
            nanoseconds,
            budget: AtomicU32::new(budget),
            strict,
            refused: AtomicBool::new(false),
            of: None,
        })
    }

    /// Sets the budget, once it is known what the request asks for.
    pub fn set_budget(&self, budget: u32) {
        self.budget.store(budget, Ordering::Relaxed);
    }

    /// Lets the request of this task, if it serves one, execute so many statements more.
    pub fn allow(statements: u32) {
        if let Some(meter) = Self::current() {
            meter.budget.fetch_add(statements, Ordering::Relaxed);
        }
    }

    /// Runs `future`, whose statements are counted and raise the budget by as many: what an app adds to an endpoint is no
    /// reason to refuse the endpoint's own statements.
    pub async fn beyond_budget<F: Future>(future: F) -> F::Output {
        let Some(meter) = Self::current() else { return future.await };
        let unlimited = Self {
            statements: AtomicU32::new(0),
            nanoseconds: AtomicU64::new(0),
            budget: AtomicU32::new(u32::MAX),
            strict: false,
            refused: AtomicBool::new(false),
            of: Some(meter),
        };
        Self::scope(Arc::new(unlimited), future).await
    }

    /// The statements that the request may execute.
    #[must_use]
    pub fn budget(&self) -> u32 {
        self.budget.load(Ordering::Relaxed)
    }

    /// Whether a statement beyond the budget is refused.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        self.strict
    }

    /// Runs `future` and counts its statements in `meter`. A task that it spawns must be given the meter again, by
    /// [`Meter::current`].
    pub fn scope<F: Future>(meter: Arc<Self>, future: F) -> TaskLocalFuture<Arc<Self>, F> {
        METER.scope(meter, future)
    }

    /// The meter of the request that this task serves.
    #[must_use]
    pub fn current() -> Option<Arc<Self>> {
        METER.try_with(Arc::clone).ok()
    }

    /// Remembers that a statement beyond the budget was refused.
    pub fn refuse(&self) {
        self.refused.store(true, Ordering::Relaxed);
    }

    /// Whether more statements were executed, or asked for, than the budget allows.
    #[must_use]
    pub fn is_exceeded(&self) -> bool {
        self.refused.load(Ordering::Relaxed) || self.statements() > self.budget()
    }

    /// Counts one statement.
    pub fn record(&self, duration: Duration) {
        if let Some(meter) = &self.of {
            meter.budget.fetch_add(1, Ordering::Relaxed);
            meter.record(duration);
        }
        self.statements.fetch_add(1, Ordering::Relaxed);
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// The statements so far; BEGIN and COMMIT are none.
    #[must_use]
    pub fn statements(&self) -> u32 {
        self.statements.load(Ordering::Relaxed)
    }

    /// The time that the statements took.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed))
    }
}
