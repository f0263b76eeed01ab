//! The section `[cache]`.

use std::time::Duration;

use serde::Deserialize;

use super::units;

/// What is kept, how much of it and for how long: the section `[cache]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct CacheConfig {
    /// Time for which a total is kept. Default: 300 s.
    #[serde(deserialize_with = "units::duration")]
    pub count_ttl: Duration,
    /// Time for a total to be counted. Default: 250 ms.
    #[serde(deserialize_with = "units::duration")]
    pub count_budget: Duration,
    /// Totals of one model that are counted at a time. Default: 2.
    #[serde(deserialize_with = "units::at_least_one")]
    pub max_counts_per_model: usize,
    /// Totals of one model that are kept in memory. Default: 1000.
    #[serde(deserialize_with = "units::at_least_one")]
    pub max_keys_per_model: usize,
    /// Values that are kept in memory. Default: 1000.
    #[serde(deserialize_with = "units::at_least_one")]
    pub max_memory_entries: usize,
    /// Bytes of all values that are kept in memory. Default: 64 MiB.
    #[serde(deserialize_with = "units::size")]
    pub max_memory_bytes: usize,
    /// Time for which a value of the app's own is kept where the app names none. Default: 300 s.
    #[serde(deserialize_with = "units::duration")]
    pub default_ttl: Duration,
    /// One cached total in so many is counted again and compared; 0: none is. Default: 1000.
    pub verify_one_in: u64,
}
