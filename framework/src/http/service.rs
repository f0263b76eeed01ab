//! The finished services of an app: what the public listener answers, and the private one.

use std::sync::Arc;

use poem::endpoint::make_sync;
use poem::http::{Method, StatusCode, header};
use poem::{EndpointExt, Response};

use super::middleware::{Compressed, Compression, Cors, CrossOrigin, Identified, Identify, Secured, SecurityHeaders};
use super::routes::{Route, RouteOptions, Router, Routes};
use crate::config::Config;
use crate::error::Result;
use crate::metrics::Metrics;

impl RouteOptions {
    /// What the settings say.
    #[must_use]
    pub fn new(config: &Config, metrics: &Arc<Metrics>) -> Self {
        Self {
            metrics: Arc::clone(metrics),
            query_budget: config.database.query_budget,
            development: config.is_development(),
            deadline: config.server.request_deadline,
            body_limit: config.server.body_limit,
            bulk_body_limit: config.server.bulk_body_limit,
            body_timeout: config.server.body_timeout,
        }
    }
}

/// Routes with the layers that see every request.
pub(crate) type Service = Identified<CrossOrigin<Compressed<Secured<Router>>>>;

/// Puts the layers that see every request around the routes.
///
/// # Errors
///
/// A path that cannot be routed to.
pub fn service(routes: Routes, config: &Config, metrics: &Arc<Metrics>) -> Result<Service> {
    let service = routes
        .build(RouteOptions::new(config, metrics))?
        .with(SecurityHeaders)
        .with(Compression { on: config.server.compression })
        .with(Cors(config.server.cors_origins.clone()))
        .with(Identify);
    Ok(service)
}

/// `/metrics` in Prometheus' text format.
pub fn metrics_route(metrics: &Arc<Metrics>) -> Route {
    let metrics = Arc::clone(metrics);
    let endpoint = make_sync(move |_| {
        let text = metrics.text()?;
        Ok::<_, poem::Error>(Response::builder().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
    });
    Route { method: Method::GET, path: "/metrics".to_owned(), endpoint: endpoint.map_to_response().boxed() }
}

/// `/` leads to the pages.
pub fn home_route() -> Route {
    let endpoint = make_sync(|_| {
        Response::builder().status(StatusCode::TEMPORARY_REDIRECT).header(header::LOCATION, "/docs").finish()
    });
    Route { method: Method::GET, path: "/".to_owned(), endpoint: endpoint.map_to_response().boxed() }
}
