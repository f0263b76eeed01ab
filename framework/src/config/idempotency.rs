//! The section `[idempotency]`.

use std::time::Duration;

use serde::Deserialize;

use super::units;

/// How writes are made safe to repeat: the section `[idempotency]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct IdempotencyConfig {
    /// Time for which the answer to a write with an `Idempotency-Key` is kept. Default: 1 d.
    #[serde(deserialize_with = "units::duration")]
    pub ttl: Duration,
}
