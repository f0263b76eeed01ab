//! The only module that names poem.

pub mod middleware;
pub mod problem;
mod pulse;
pub mod routes;
pub mod serve;
mod shutdown;
mod template;

pub use middleware::RequestId;
pub use problem::Problem;
pub use routes::{Route, RouteOptions, Router, Routes};
pub use shutdown::Shutdown;
