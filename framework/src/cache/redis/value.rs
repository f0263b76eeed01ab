//! What goes over the wire.

use std::time::Duration;

use serde::{Serialize, Serializer};

/// Bytes of a value at most. A larger reply would hold up everything behind it on the one connection.
pub(super) const LARGEST: usize = 1 << 20;

/// The longest TTL; Redis refuses those that overflow its clock.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// The last byte that is asked for, one past [`LARGEST`]: what reaches it is too large.
pub(super) const LAST: isize = 1 << 20;

/// Bytes as one argument of a command.
pub(super) struct Argument<'a>(pub(super) &'a [u8]);

impl Serialize for Argument<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// The milliseconds of a TTL, `None` for one that is over already.
pub(super) fn milliseconds(ttl: Duration) -> Option<u64> {
    u64::try_from(ttl.min(LONGEST).as_millis()).ok().filter(|milliseconds| *milliseconds > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ttl_is_neither_nothing_nor_for_ever() {
        assert_eq!(milliseconds(Duration::from_micros(999)), None);
        assert_eq!(milliseconds(Duration::from_millis(1)), Some(1));
        assert_eq!(milliseconds(Duration::MAX), Some(315_360_000_000));
    }
}
