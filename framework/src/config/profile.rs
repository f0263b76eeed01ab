//! Where an app runs.

use std::fmt;

/// Where an app runs; sections of `Couplet.toml` and a few defaults go by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// On a developer's machine: missing tables are created, a broken query budget is an error.
    Development,
    /// For users.
    Production,
    /// In tests.
    Test,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 3] = [Self::Development, Self::Production, Self::Test];

    /// The profile of a build for which none is named: development in a debug build, else production.
    #[must_use]
    pub const fn of_build() -> Self {
        if cfg!(debug_assertions) { Self::Development } else { Self::Production }
    }

    /// The name in `COUPLET_PROFILE` and `Couplet.toml`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
            Self::Test => "test",
        }
    }

    /// The profile of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
