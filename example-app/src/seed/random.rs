//! Random numbers that are the same on every machine and for ever, so that the catalogue is.

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// The numbers of one row: each has its own, so that a row does not depend on those before it.
    pub(crate) fn of(kind: &str, id: i64) -> Self {
        let seed = kind.bytes().fold(id.unsigned_abs(), |seed, byte| Self(seed ^ u64::from(byte)).next());
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `limit` - 1; 0 where the limit is.
    pub(crate) fn below(&mut self, limit: i64) -> i64 {
        let limit = u64::try_from(limit).unwrap_or_default().max(1);
        i64::try_from(self.next() % limit).unwrap_or_default()
    }

    /// A number from 0 to `limit` - 1 that is rather small than large: as readers choose among books, a few have most.
    pub(crate) fn skewed_below(&mut self, limit: i64) -> i64 {
        let limit = self.below(limit) + 1;
        self.below(limit)
    }

    pub(crate) fn percent(&mut self, chance: i64) -> bool {
        self.below(100) < chance
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        let index = i64::try_from(of.len()).map_or(0, |length| self.below(length));
        of[usize::try_from(index).unwrap_or_default()]
    }

    /// `count` different numbers from 1 to `limit`, the first as given.
    pub(crate) fn ids(&mut self, first: i64, count: i64, limit: i64) -> Vec<i64> {
        let mut ids = vec![first];
        for _ in 1..count.min(limit) {
            let mut id = self.below(limit) + 1;
            while ids.contains(&id) {
                id = id % limit + 1;
            }
            ids.push(id);
        }
        ids
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_published_generator() {
        let mut random = Random(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn rows_of_one_id_and_neighbours_of_one_kind_differ() {
        let first = |kind, id| Random::of(kind, id).next();
        assert_eq!(first("book", 1), first("book", 1));
        assert_ne!(first("book", 1), first("book", 2));
        assert_ne!(first("book", 1), first("author", 1));
    }

    #[test]
    fn ids_are_different_and_within_the_limit() {
        let mut random = Random::of("ids", 1);
        for _ in 0..100 {
            let mut ids = random.ids(3, 4, 5);
            assert_eq!(ids[0], 3);
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), 4);
            assert!(ids.iter().all(|id| (1..=5).contains(id)));
        }
        assert_eq!(random.ids(1, 3, 1), [1]);
    }
}
