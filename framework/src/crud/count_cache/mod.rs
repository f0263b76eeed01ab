//! Totals that are kept for as long as they are right.
//!
//! The page of a list carries the tokens of what its total depends on: `Counting` says of which, before the page is read. A
//! total is kept under those tokens, so one that is found is right, whoever stored it and when. What is not found is counted,
//! once for all who ask at the same time, and within a time: `asked`. `docs/reference/counts.md` says why it holds.

mod asked;
mod counting;
mod key;
mod outcome;
mod probe;
mod reads;
mod slow;
mod verify;

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

#[doc(hidden)]
pub use probe::{Point, Probe};

pub(crate) use counting::Counting;
pub(in crate::crud) use key::schema;
pub(crate) use outcome::Counted;

use crate::cache::memory::Limits;
use crate::cache::redis::Redis;
use crate::cache::seal::Seal;
use crate::cache::single_flight::SingleFlight;
use crate::cache::tiers::Tiers;
use crate::config::CacheConfig;
use crate::db::Session;
use crate::metrics::{CountCacheMetrics, Metrics};
use crate::model::ModelMeta;
use key::Keys;
use outcome::Outcome;
use reads::Reads;
use slow::Slow;

/// How totals are kept, and how long one may take.
#[derive(Debug, Clone)]
pub(crate) struct CountCacheOptions {
    /// How long a total is kept that is not asked for under other tokens meanwhile.
    pub(crate) ttl: Duration,
    /// How long a total may take to be counted.
    pub(crate) budget: Duration,
    /// Totals of one model that are counted at a time.
    pub(crate) max_counts: usize,
    /// How many totals of one model memory holds.
    pub(crate) limits: Limits,
    /// One of how many that were found is counted again; 0: none.
    pub(crate) verify_one_in: u64,
}

impl CountCacheOptions {
    pub(crate) fn of(config: &CacheConfig) -> Self {
        let entries = NonZeroUsize::new(config.max_keys_per_model).unwrap_or(NonZeroUsize::MIN);
        Self {
            ttl: config.count_ttl,
            budget: config.count_budget,
            max_counts: config.max_counts_per_model.min(Semaphore::MAX_PERMITS),
            limits: Limits { entries, bytes: config.max_memory_bytes },
            verify_one_in: config.verify_one_in,
        }
    }
}

/// The totals of an app's models; cheap to clone. It travels with the handle of the app's database.
#[derive(Clone)]
pub(crate) struct CountCache(Arc<Inner>);

/// Without the totals.
impl fmt::Debug for CountCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CountCache").field("options", &self.0.options).finish_non_exhaustive()
    }
}

struct Inner {
    options: CountCacheOptions,
    redis: Option<Redis>,
    metrics: Arc<Metrics>,
    models: HashMap<&'static str, OfModel>,
    /// Of all models together.
    schema: [u8; 32],
    /// How many were found.
    found: AtomicU64,
    /// One total is verified at a time.
    verifying: Arc<Semaphore>,
}

/// What there is for one model.
struct OfModel {
    model: &'static ModelMeta,
    schema: [u8; 32],
    metrics: CountCacheMetrics,
    counting: Arc<Semaphore>,
    flights: SingleFlight<[u8; 32], Outcome>,
    slow: Slow,
    reads: Reads,
    /// Made once it is known which database it is.
    kept: OnceLock<Kept>,
}

/// Where the totals of one model are, and under which keys.
struct Kept {
    keys: Keys,
    tiers: Tiers,
}

impl CountCache {
    /// Empty.
    pub(crate) fn new(
        options: CountCacheOptions,
        models: &[&'static ModelMeta],
        redis: Option<Redis>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let of_model = |model: &&'static ModelMeta| {
            let of = OfModel {
                model,
                schema: key::schema(model),
                metrics: metrics.count_cache(model.name),
                counting: Arc::new(Semaphore::new(options.max_counts)),
                flights: SingleFlight::new(),
                slow: Slow::default(),
                reads: Reads::default(),
                kept: OnceLock::new(),
            };
            (model.name, of)
        };
        let mut schema = Sha256::new();
        models.iter().for_each(|model| schema.update(key::schema(model)));
        let models = models.iter().map(of_model).collect();
        let (schema, verifying) = (schema.finalize().into(), Arc::new(Semaphore::new(1)));
        Self(Arc::new(Inner { options, redis, metrics, models, schema, found: AtomicU64::new(0), verifying }))
    }
}

impl Inner {
    /// Where the totals of a model are; `None` as long as it is not known which database it is.
    fn kept<'a>(&self, of: &'a OfModel, session: &Session<'_>) -> Option<&'a Kept> {
        if let Some(kept) = of.kept.get() {
            return Some(kept);
        }
        let secret = session.pooled()?.known_cache_secret()?.as_bytes();
        Some(of.kept.get_or_init(|| {
            let (seal, metrics) = (Seal::new(secret, "counts"), Arc::clone(&self.metrics));
            let tiers = Tiers::new(of.model.name, self.options.limits, self.redis.clone(), seal, metrics);
            Kept { keys: Keys::new(of.model, secret), tiers }
        }))
    }
}
