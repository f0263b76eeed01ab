//! Every metric, its labels and its buckets in one table, and the handles that record them. One registry per app, never
//! a global one.

mod breaker;
mod caches;

use std::time::{Duration, Instant};

use prometheus::core::Collector;
use prometheus::process_collector::ProcessCollector;
use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

pub use breaker::{BreakerMetrics, BreakerState};
pub use caches::{AnswerCacheMetrics, CountCacheMetrics};

use crate::error::{Error, Result};

/// One metric of [`TABLE`].
#[derive(Debug)]
pub struct MetricSpec {
    /// The name on the wire.
    pub name: &'static str,
    /// What it says.
    pub help: &'static str,
    /// What it is.
    pub kind: MetricKind,
    /// Its labels.
    pub labels: &'static [&'static str],
}

/// What a metric is; a histogram has its buckets' upper bounds in its own unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MetricKind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts observations by size.
    Histogram(&'static [f64]),
}

const REQUEST_SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0];
const QUERY_SECONDS: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
const WAIT_SECONDS: &[f64] = &[0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0];
const STATEMENTS: &[f64] = &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0];

use MetricKind::{Counter, Gauge, Histogram as Buckets};

/// Every metric of the framework.
#[rustfmt::skip]
pub const TABLE: &[MetricSpec] = &[
    MetricSpec { name: "http_request_duration_seconds", help: "Time from the request's head to the answer's", kind: Buckets(REQUEST_SECONDS), labels: &["method", "endpoint"] },
    MetricSpec { name: "http_requests_total", help: "Answered requests", kind: Counter, labels: &["method", "endpoint", "status_code"] },
    MetricSpec { name: "http_requests_in_progress", help: "Requests that are being answered", kind: Gauge, labels: &["method", "endpoint"] },
    MetricSpec { name: "db_query_duration_seconds", help: "Time of a statement, decoding excepted", kind: Buckets(QUERY_SECONDS), labels: &["operation", "model"] },
    MetricSpec { name: "db_slow_queries_total", help: "Statements over database.slow_query_threshold", kind: Counter, labels: &["operation", "model"] },
    MetricSpec { name: "db_queries_per_request", help: "Statements that a request executed", kind: Buckets(STATEMENTS), labels: &["endpoint"] },
    MetricSpec { name: "db_query_budget_exceeded_total", help: "Requests that executed more statements than their budget", kind: Counter, labels: &["endpoint"] },
    MetricSpec { name: "db_pool_connections_in_use", help: "Connections that serve a request", kind: Gauge, labels: &[] },
    MetricSpec { name: "db_pool_connections_available", help: "Maximum minus in use", kind: Gauge, labels: &[] },
    MetricSpec { name: "db_pool_max_connections", help: "database.pool_size + database.max_overflow", kind: Gauge, labels: &[] },
    MetricSpec { name: "db_pool_exhausted_total", help: "Requests that got no connection within database.pool_timeout", kind: Counter, labels: &[] },
    MetricSpec { name: "db_pool_wait_seconds", help: "Time until a connection was had", kind: Buckets(WAIT_SECONDS), labels: &[] },
    MetricSpec { name: "pagination_count_cache_hits_total", help: "Totals answered from the count cache", kind: Counter, labels: &["model"] },
    MetricSpec { name: "pagination_count_cache_misses_total", help: "Totals that the count cache did not hold", kind: Counter, labels: &["model"] },
    MetricSpec { name: "pagination_count_cache_fill_refused_total", help: "Totals counted and not stored, since a writer was under way", kind: Counter, labels: &["model"] },
    MetricSpec { name: "pagination_count_cache_mismatch_total", help: "Cached totals that a recount found wrong; stays 0", kind: Counter, labels: &["model"] },
    MetricSpec { name: "pagination_count_cache_bypassed_total", help: "Totals for which the count cache was not asked", kind: Counter, labels: &["model", "reason"] },
    MetricSpec { name: "answer_cache_hits_total", help: "Answers given from the cache", kind: Counter, labels: &["endpoint"] },
    MetricSpec { name: "answer_cache_misses_total", help: "Cacheable answers that the cache did not hold", kind: Counter, labels: &["endpoint"] },
    MetricSpec { name: "memory_cache_hits_total", help: "Values found in memory", kind: Counter, labels: &[] },
    MetricSpec { name: "memory_cache_misses_total", help: "Values not found in memory", kind: Counter, labels: &[] },
    MetricSpec { name: "memory_cache_size", help: "Values in memory", kind: Gauge, labels: &[] },
    MetricSpec { name: "memory_cache_bytes", help: "Bytes of the keys and values in memory", kind: Gauge, labels: &[] },
    MetricSpec { name: "memory_cache_evictions_total", help: "Values that made room for others", kind: Counter, labels: &[] },
    MetricSpec { name: "redis_pool_connections_in_use", help: "Commands in flight, each in one of redis.max_connections slots", kind: Gauge, labels: &[] },
    MetricSpec { name: "redis_pool_connections_available", help: "Maximum minus in use", kind: Gauge, labels: &[] },
    MetricSpec { name: "redis_pool_max_connections", help: "redis.max_connections", kind: Gauge, labels: &[] },
    MetricSpec { name: "redis_pool_connections_created_total", help: "Connections made to Redis", kind: Counter, labels: &[] },
    MetricSpec { name: "circuit_breaker_state", help: "0 closed, 1 half-open, 2 open", kind: Gauge, labels: &["service"] },
    MetricSpec { name: "circuit_breaker_state_changes_total", help: "Changes of state", kind: Counter, labels: &["service", "from_state", "to_state"] },
    MetricSpec { name: "circuit_breaker_failures_total", help: "Calls that failed or took too long", kind: Counter, labels: &["service"] },
    MetricSpec { name: "app_info", help: "Always 1", kind: Gauge, labels: &["version"] },
];

/// The handles of an app's metrics.
#[expect(missing_docs, reason = "each is named after its metric in TABLE")]
pub struct Metrics {
    registry: Registry,
    pub http_request_duration_seconds: HistogramVec,
    pub http_requests_total: IntCounterVec,
    pub http_requests_in_progress: IntGaugeVec,
    pub db_query_duration_seconds: HistogramVec,
    pub db_slow_queries_total: IntCounterVec,
    pub db_queries_per_request: HistogramVec,
    pub db_query_budget_exceeded_total: IntCounterVec,
    pub db_pool_connections_in_use: IntGauge,
    pub db_pool_connections_available: IntGauge,
    pub db_pool_max_connections: IntGauge,
    pub db_pool_exhausted_total: IntCounter,
    pub db_pool_wait_seconds: Histogram,
    pub pagination_count_cache_hits_total: IntCounterVec,
    pub pagination_count_cache_misses_total: IntCounterVec,
    pub pagination_count_cache_fill_refused_total: IntCounterVec,
    pub pagination_count_cache_mismatch_total: IntCounterVec,
    pub pagination_count_cache_bypassed_total: IntCounterVec,
    pub answer_cache_hits_total: IntCounterVec,
    pub answer_cache_misses_total: IntCounterVec,
    pub memory_cache_hits_total: IntCounter,
    pub memory_cache_misses_total: IntCounter,
    pub memory_cache_size: IntGauge,
    pub memory_cache_bytes: IntGauge,
    pub memory_cache_evictions_total: IntCounter,
    pub redis_pool_connections_in_use: IntGauge,
    pub redis_pool_connections_available: IntGauge,
    pub redis_pool_max_connections: IntGauge,
    pub redis_pool_connections_created_total: IntCounter,
    pub circuit_breaker_state: IntGaugeVec,
    pub circuit_breaker_state_changes_total: IntCounterVec,
    pub circuit_breaker_failures_total: IntCounterVec,
}

impl Metrics {
    /// Registers every metric of [`TABLE`] in a registry of its own.
    ///
    /// # Errors
    ///
    /// A name or label that Prometheus does not take.
    pub fn new(version: &str) -> Result<Self> {
        let registry = Registry::new();
        registry.register(Box::new(ProcessCollector::for_self())).map_err(Error::other)?;
        let register = &registry;
        let info = gauges(register, "app_info")?;
        info.with_label_values(&[version]).set(1);
        Ok(Self {
            http_request_duration_seconds: histograms(register, "http_request_duration_seconds")?,
            http_requests_total: counters(register, "http_requests_total")?,
            http_requests_in_progress: gauges(register, "http_requests_in_progress")?,
            db_query_duration_seconds: histograms(register, "db_query_duration_seconds")?,
            db_slow_queries_total: counters(register, "db_slow_queries_total")?,
            db_queries_per_request: histograms(register, "db_queries_per_request")?,
            db_query_budget_exceeded_total: counters(register, "db_query_budget_exceeded_total")?,
            db_pool_connections_in_use: gauges(register, "db_pool_connections_in_use")?.with_label_values::<&str>(&[]),
            db_pool_connections_available: gauges(register, "db_pool_connections_available")?
                .with_label_values::<&str>(&[]),
            db_pool_max_connections: gauges(register, "db_pool_max_connections")?.with_label_values::<&str>(&[]),
            db_pool_exhausted_total: counters(register, "db_pool_exhausted_total")?.with_label_values::<&str>(&[]),
            db_pool_wait_seconds: histograms(register, "db_pool_wait_seconds")?.with_label_values::<&str>(&[]),
            pagination_count_cache_hits_total: counters(register, "pagination_count_cache_hits_total")?,
            pagination_count_cache_misses_total: counters(register, "pagination_count_cache_misses_total")?,
            pagination_count_cache_fill_refused_total: counters(register, "pagination_count_cache_fill_refused_total")?,
            pagination_count_cache_mismatch_total: counters(register, "pagination_count_cache_mismatch_total")?,
            pagination_count_cache_bypassed_total: counters(register, "pagination_count_cache_bypassed_total")?,
            answer_cache_hits_total: counters(register, "answer_cache_hits_total")?,
            answer_cache_misses_total: counters(register, "answer_cache_misses_total")?,
            memory_cache_hits_total: counters(register, "memory_cache_hits_total")?.with_label_values::<&str>(&[]),
            memory_cache_misses_total: counters(register, "memory_cache_misses_total")?.with_label_values::<&str>(&[]),
            memory_cache_size: gauges(register, "memory_cache_size")?.with_label_values::<&str>(&[]),
            memory_cache_bytes: gauges(register, "memory_cache_bytes")?.with_label_values::<&str>(&[]),
            memory_cache_evictions_total: counters(register, "memory_cache_evictions_total")?
                .with_label_values::<&str>(&[]),
            redis_pool_connections_in_use: gauges(register, "redis_pool_connections_in_use")?
                .with_label_values::<&str>(&[]),
            redis_pool_connections_available: gauges(register, "redis_pool_connections_available")?
                .with_label_values::<&str>(&[]),
            redis_pool_max_connections: gauges(register, "redis_pool_max_connections")?.with_label_values::<&str>(&[]),
            redis_pool_connections_created_total: counters(register, "redis_pool_connections_created_total")?
                .with_label_values::<&str>(&[]),
            circuit_breaker_state: gauges(register, "circuit_breaker_state")?,
            circuit_breaker_state_changes_total: counters(register, "circuit_breaker_state_changes_total")?,
            circuit_breaker_failures_total: counters(register, "circuit_breaker_failures_total")?,
            registry,
        })
    }

    /// The handles of one endpoint, with their labels resolved. `endpoint` is a route's template, never a request's path.
    #[must_use]
    pub fn endpoint(&self, method: &'static str, endpoint: &str) -> EndpointMetrics {
        EndpointMetrics {
            duration: self.http_request_duration_seconds.with_label_values(&[method, endpoint]),
            in_progress: self.http_requests_in_progress.with_label_values(&[method, endpoint]),
            statements: self.db_queries_per_request.with_label_values(&[endpoint]),
            over_budget: self.db_query_budget_exceeded_total.with_label_values(&[endpoint]),
            answered: self.http_requests_total.clone(),
            labels: (method, endpoint.into()),
        }
    }

    /// Records a request that no endpoint answered, such as one with a method that its path does not have.
    pub fn refused(&self, method: &'static str, endpoint: &str, status: &str, elapsed: Duration) {
        self.http_request_duration_seconds.with_label_values(&[method, endpoint]).observe(elapsed.as_secs_f64());
        self.http_requests_total.with_label_values(&[method, endpoint, status]).inc();
    }

    /// All metrics in Prometheus' text format.
    ///
    /// # Errors
    ///
    /// Two metrics of one name, which the registry refuses beforehand.
    pub fn text(&self) -> Result<Vec<u8>> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text).map_err(Error::other)?;
        Ok(text)
    }
}

/// The handles of one endpoint.
pub struct EndpointMetrics {
    duration: Histogram,
    in_progress: IntGauge,
    statements: Histogram,
    over_budget: IntCounter,
    answered: IntCounterVec,
    labels: (&'static str, Box<str>),
}

impl EndpointMetrics {
    /// Counts a request as in progress until the guard is finished or dropped, as it is when the client goes away.
    #[must_use]
    pub fn begin(&self) -> InProgress<'_> {
        self.in_progress.inc();
        InProgress { metrics: self, since: Instant::now() }
    }
}

/// A request that is being answered.
pub struct InProgress<'a> {
    metrics: &'a EndpointMetrics,
    since: Instant,
}

impl InProgress<'_> {
    /// Records the answer, the statements that it took, and whether they, or those that were refused, broke the budget.
    pub fn finish(self, status: &str, statements: u32, over_budget: bool) {
        let EndpointMetrics { duration, statements: histogram, over_budget: exceeded, answered, labels, .. } =
            self.metrics;
        duration.observe(self.since.elapsed().as_secs_f64());
        histogram.observe(f64::from(statements));
        if over_budget {
            exceeded.inc();
        }
        answered.with_label_values(&[labels.0, &labels.1, status]).inc();
    }
}

impl Drop for InProgress<'_> {
    fn drop(&mut self) {
        self.metrics.in_progress.dec();
    }
}

fn spec(name: &str) -> Result<&'static MetricSpec> {
    TABLE.iter().find(|spec| spec.name == name).ok_or_else(|| Error::other(format!("{name} is not in the table")))
}

fn register<C: Collector + Clone + 'static>(registry: &Registry, collector: prometheus::Result<C>) -> Result<C> {
    let collector = collector.map_err(Error::other)?;
    registry.register(Box::new(collector.clone())).map_err(Error::other)?;
    Ok(collector)
}

fn counters(registry: &Registry, name: &str) -> Result<IntCounterVec> {
    let spec = spec(name)?;
    register(registry, IntCounterVec::new(Opts::new(spec.name, spec.help), spec.labels))
}

fn gauges(registry: &Registry, name: &str) -> Result<IntGaugeVec> {
    let spec = spec(name)?;
    register(registry, IntGaugeVec::new(Opts::new(spec.name, spec.help), spec.labels))
}

fn histograms(registry: &Registry, name: &str) -> Result<HistogramVec> {
    let spec = spec(name)?;
    let Buckets(buckets) = spec.kind else {
        return Err(Error::other(format!("{name} is no histogram")));
    };
    let options = HistogramOpts::new(spec.name, spec.help).buckets(buckets.to_vec());
    register(registry, HistogramVec::new(options, spec.labels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_of_the_table_is_registered_with_its_labels() {
        let metrics = Metrics::new("1.2.3").expect("the table is valid");
        for spec in TABLE.iter().filter(|spec| !spec.labels.is_empty()) {
            let values: Vec<&str> = spec.labels.iter().map(|_| "x").collect();
            match spec.name {
                "http_request_duration_seconds" => {
                    metrics.http_request_duration_seconds.with_label_values(&values).observe(0.1);
                }
                "http_requests_total" => metrics.http_requests_total.with_label_values(&values).inc(),
                "http_requests_in_progress" => metrics.http_requests_in_progress.with_label_values(&values).inc(),
                "db_query_duration_seconds" => {
                    metrics.db_query_duration_seconds.with_label_values(&values).observe(0.1);
                }
                "db_slow_queries_total" => metrics.db_slow_queries_total.with_label_values(&values).inc(),
                "db_queries_per_request" => metrics.db_queries_per_request.with_label_values(&values).observe(2.0),
                "db_query_budget_exceeded_total" => {
                    metrics.db_query_budget_exceeded_total.with_label_values(&values).inc();
                }
                "pagination_count_cache_hits_total" => {
                    metrics.pagination_count_cache_hits_total.with_label_values(&values).inc();
                }
                "pagination_count_cache_misses_total" => {
                    metrics.pagination_count_cache_misses_total.with_label_values(&values).inc();
                }
                "pagination_count_cache_fill_refused_total" => {
                    metrics.pagination_count_cache_fill_refused_total.with_label_values(&values).inc();
                }
                "pagination_count_cache_mismatch_total" => {
                    metrics.pagination_count_cache_mismatch_total.with_label_values(&values).inc();
                }
                "pagination_count_cache_bypassed_total" => {
                    metrics.pagination_count_cache_bypassed_total.with_label_values(&values).inc();
                }
                "answer_cache_hits_total" => metrics.answer_cache_hits_total.with_label_values(&values).inc(),
                "answer_cache_misses_total" => metrics.answer_cache_misses_total.with_label_values(&values).inc(),
                "circuit_breaker_state" => metrics.circuit_breaker_state.with_label_values(&values).set(1),
                "circuit_breaker_state_changes_total" => {
                    metrics.circuit_breaker_state_changes_total.with_label_values(&values).inc();
                }
                "circuit_breaker_failures_total" => {
                    metrics.circuit_breaker_failures_total.with_label_values(&values).inc();
                }
                "app_info" => {}
                other => unreachable!("{other} has labels and no handle"),
            }
        }
        let text = String::from_utf8(metrics.text().expect("gathered")).expect("UTF-8");
        for spec in TABLE {
            assert!(text.contains(&format!("# TYPE {} ", spec.name)), "{} is missing in\n{text}", spec.name);
        }
        assert!(text.contains("app_info{version=\"1.2.3\"} 1"));
        assert!(text.contains("process_resident_memory_bytes"));
    }

    #[test]
    fn the_documentation_lists_every_metric_of_the_table() {
        let page = include_str!("../../docs/reference/metrics.md");
        let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `") && line.contains("_")).collect();
        for spec in TABLE {
            let kind = match spec.kind {
                Counter => "counter",
                Gauge => "gauge",
                Buckets(_) => "histogram",
            };
            let labels: Vec<String> = spec.labels.iter().map(|label| format!("`{label}`")).collect();
            let labels = if labels.is_empty() { "-".to_owned() } else { labels.join(", ") };
            let row = format!("| `{}` | {kind} | {labels} | {} |", spec.name, spec.help);
            assert!(rows.contains(&row.as_str()), "docs/reference/metrics.md should contain\n{row}");
        }
    }
}
