//! Values that need not be computed again: in this process, and in a Redis that instances share. Nothing here can fail a
//! request: what cannot be had from a cache is a miss.

pub mod memory;
pub mod redis;
pub mod seal;
pub mod single_flight;
pub mod tiered;
pub mod tiers;
mod ttl;

pub use memory::{Limits, Memory};
pub use seal::Seal;
pub use single_flight::SingleFlight;
pub use tiered::{TieredCache, TieredOptions};
pub use tiers::Tiers;
