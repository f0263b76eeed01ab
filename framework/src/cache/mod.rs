//! What was found once and is kept: memory, and the parts that caches are made of.

pub mod memory;
pub mod seal;
pub mod single_flight;

pub use memory::{Limits, Memory};
pub use seal::Seal;
pub use single_flight::SingleFlight;
