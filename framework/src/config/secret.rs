//! A text that is never printed.

use std::fmt;

use serde::Deserialize;

/// A text that is never printed, such as a URL with a password.
///
/// # Examples
///
/// ```
/// use couplet::config::Secret;
///
/// let url = Secret::from("postgres://me:hunter2@localhost/app");
/// assert_eq!(format!("{url:?}"), "[secret]");
/// assert!(url.expose().contains("hunter2"));
/// ```
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The text itself, for the one who needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}
