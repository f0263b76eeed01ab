//! The section `[log]`.

use serde::Deserialize;

use super::Profile;

/// What is logged, and how: the section `[log]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct LogConfig {
    /// What is logged, in the syntax of `RUST_LOG`. Default: `info`.
    pub filter: String,
    /// How. Default: `auto`.
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// As [`LogFormat::Json`] in production, else as [`LogFormat::Human`].
    Auto,
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

impl LogConfig {
    /// Whether lines are JSON in this profile.
    #[must_use]
    pub fn is_json(&self, profile: Profile) -> bool {
        match self.format {
            LogFormat::Auto => profile == Profile::Production,
            format => format == LogFormat::Json,
        }
    }
}
