//! The only module that names poem: from requests to use cases, from rows to bytes.

pub(crate) mod api;
pub(crate) mod assemble;
pub(crate) mod data;
pub mod docs;
pub mod extract;
pub mod health;
pub mod middleware;
pub(crate) mod openapi;
pub mod problem;
mod pulse;
pub mod response;
pub mod routes;
pub mod search;
pub mod serve;
mod service;
mod shutdown;

pub use extract::ListQuery;
pub use middleware::RequestId;
pub use problem::Problem;
pub use response::Row;
pub use routes::{Route, RouteOptions, Router, Routes};
pub use search::Search;
pub use service::{home_route, metrics_route, service};
pub use shutdown::Shutdown;
