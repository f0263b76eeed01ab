//! What keeps a service that fails from being waited for. Knows neither HTTP nor SQL, nor what the services are.

mod circuit_breaker;

pub use circuit_breaker::{BreakerOptions, CircuitBreaker, Permit};
