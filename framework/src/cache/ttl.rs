//! Times to live.

use std::time::Duration;

/// Up to a tenth more or less, so that what was stored together does not end together.
pub(super) fn jittered(ttl: Duration) -> Duration {
    // Without randomness the middle is as good.
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    ttl.mul_f64(0.9 + 0.2 * f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jittered_time_is_within_a_tenth_and_seldom_the_same() {
        let ttl = Duration::from_secs(1000);
        let times: Vec<Duration> = (0..100).map(|_| jittered(ttl)).collect();
        assert!(times.iter().all(|time| (900.0..=1100.0).contains(&time.as_secs_f64())), "{times:?}");
        assert!(times.iter().any(|time| *time < ttl) && times.iter().any(|time| *time > ttl));
    }
}
