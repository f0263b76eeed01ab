//! What was found once and is kept: memory, and the parts that caches are made of.

pub mod seal;
pub mod single_flight;
