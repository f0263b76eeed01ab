//! The section `[docs]`.

use serde::Deserialize;

/// The pages that explain the API: the section `[docs]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct DocsConfig {
    /// Whether `/docs` and the specification are served. Default: true.
    pub enabled: bool,
}
