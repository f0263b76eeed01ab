//! The cache for values of the app's own.

use std::any::TypeId;
use std::num::NonZeroUsize;
use std::sync::Arc;

use super::{App, data};
use crate::cache::redis::Redis;
use crate::cache::{Limits, TieredCache, TieredOptions};
use crate::metrics::Metrics;

impl App {
    /// Hands the cache to the app as [`App::data`] would, unless the app has one of its own. Where values are shared, it has yet to
    /// be sealed with the secret of all instances, which the database keeps.
    pub(super) fn with_cache(&mut self, redis: Option<&Redis>, metrics: &Arc<Metrics>) {
        if self.data.iter().any(|value| value.of == TypeId::of::<TieredCache>()) {
            return;
        }
        let settings = &self.config.cache;
        let entries = NonZeroUsize::new(settings.max_memory_entries).unwrap_or(NonZeroUsize::MIN);
        let options = TieredOptions {
            limits: Limits { entries, bytes: settings.max_memory_bytes },
            default_ttl: settings.default_ttl,
            ..TieredOptions::default()
        };
        let cache = TieredCache::new(redis.cloned(), options, metrics);
        self.unsealed = redis.is_some().then(|| cache.clone());
        self.data.push(data::Value::new(cache));
    }
}
