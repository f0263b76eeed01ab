//! Log lines on stdout.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

use super::log_fields::Members;
use crate::config::Config;
use crate::error::{Error, Result};

/// Sends log lines to stdout: for people, or as JSON in production. Where the process has a subscriber, it is kept.
///
/// # Errors
///
/// `log.filter` cannot be read.
pub(super) fn init(config: &Config) -> Result<()> {
    let mut filter = EnvFilter::try_new(&config.log.filter).map_err(|error| {
        let filter = &config.log.filter;
        Error::Configuration(format!(
            "log.filter (RUST_LOG): \"{filter}\" cannot be read: {error}; expected a level such as `info`, or \
             `warn,couplet=debug`"
        ))
    })?;
    // rustis logs an error for each lost connection; `cache::redis` says the same once in a while.
    if !config.log.filter.contains("rustis") {
        filter = filter.add_directive("rustis=off".parse().expect("a directive"));
    }
    let registry = tracing_subscriber::registry().with(filter);
    let _ = if config.log.is_json(config.profile) {
        registry.with(fmt::layer().json().flatten_event(true).with_span_list(false).fmt_fields(Members)).try_init()
    } else {
        registry.with(fmt::layer().with_target(false).with_ansi(std::io::stdout().is_terminal())).try_init()
    };
    Ok(())
}

/// Logs a panic as one line like any other, with the id of its request, instead of a page on stderr.
pub(super) fn panics() {
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, "panicked: {}", panic.payload_as_str().unwrap_or("without a message"));
    }));
}
