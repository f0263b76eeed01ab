//! The only module that names poem.

pub mod middleware;
pub mod problem;
pub mod routes;
mod template;

pub use middleware::RequestId;
pub use problem::Problem;
pub use routes::{Route, RouteOptions, Router, Routes};
