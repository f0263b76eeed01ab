//! How a cache of two tiers is set up.

use std::fmt;
use std::num::NonZeroUsize;
use std::time::Duration;

use crate::cache::memory::Limits;

/// How a [`TieredCache`](super::TieredCache) is set up.
#[derive(Clone)]
pub struct TieredOptions {
    /// What its keys in Redis begin with. Apps that share a Redis and a prefix share values, if they have the same secret.
    /// Default: `couplet:cache:`.
    pub prefix: String,
    /// What values in Redis are sealed under, so that no other's are taken for them; the same on all instances. Default: none,
    /// and then nothing is kept in Redis before [`TieredCache::seal_with`](super::TieredCache::seal_with) gives one.
    pub secret: Option<Vec<u8>>,
    /// How much memory keeps. Default: 1000 values and 64 MiB.
    pub limits: Limits,
    /// The time of values for which none is said. Default: 300 s.
    pub default_ttl: Duration,
    /// The time, at most, of an answer that there is nothing. Default: 30 s.
    pub negative_ttl: Duration,
}

impl Default for TieredOptions {
    fn default() -> Self {
        Self {
            prefix: "couplet:cache:".to_owned(),
            secret: None,
            limits: Limits { entries: NonZeroUsize::new(1000).expect("not 0"), bytes: 64 << 20 },
            default_ttl: Duration::from_secs(300),
            negative_ttl: Duration::from_secs(30),
        }
    }
}

/// Without the secret.
impl fmt::Debug for TieredOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TieredOptions")
            .field("prefix", &self.prefix)
            .field("limits", &self.limits)
            .field("default_ttl", &self.default_ttl)
            .field("negative_ttl", &self.negative_ttl)
            .finish_non_exhaustive()
    }
}
