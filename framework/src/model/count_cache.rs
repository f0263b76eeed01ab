//! How totals are kept, as data.

/// How the totals of a resource's lists are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountCacheMeta {
    /// Whether they are, and for how long they hold.
    pub totals: Totals,
    /// Whether those of a search text are kept too. Most are asked for once.
    pub searches: bool,
}

/// Whether totals are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Totals {
    /// As long as they are right.
    Fresh,
    /// For a time, whatever changes meanwhile; answers then say `cached`.
    Ttl,
    /// Not at all.
    Off,
}

impl CountCacheMeta {
    /// What holds where nothing else is said.
    pub const DEFAULT: Self = Self { totals: Totals::Fresh, searches: false };
}
