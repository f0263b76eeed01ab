//! What memory promises, by example and against a model that is too simple to be wrong.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn metrics() -> Arc<Metrics> {
    Arc::new(Metrics::new("1.0.0").expect("the table is valid"))
}

fn memory(entries: usize, bytes: usize) -> Memory<u64> {
    Memory::new(Limits { entries: NonZeroUsize::new(entries).expect("not 0"), bytes }, metrics())
}

#[tokio::test(start_paused = true)]
async fn a_value_is_there_until_its_own_time_is_over() {
    let memory = memory(10, 10_000);
    assert!(memory.insert("short", 1, 8, SECOND));
    assert!(memory.insert("long", 2, 8, 10 * SECOND));
    assert!(!memory.insert("never", 3, 8, Duration::ZERO));
    assert!(!memory.insert("beyond the end of time", 4, 8, Duration::MAX));
    assert_eq!((memory.get("short"), memory.get("long"), memory.get("never")), (Some(1), Some(2), None));
    tokio::time::advance(SECOND).await;
    assert_eq!((memory.get("short"), memory.get("long")), (None, Some(2)));
    assert_eq!((memory.len(), memory.bytes()), (1, "long".len() + 8));
}

#[test]
fn what_was_not_used_for_longest_makes_room() {
    let memory = memory(3, 10_000);
    for (value, key) in ["a", "b", "c"].into_iter().enumerate() {
        memory.insert(key, value as u64, 8, SECOND);
    }
    assert_eq!(memory.get("a"), Some(0));
    memory.insert("d", 3, 8, SECOND);
    assert_eq!((memory.get("a"), memory.get("b"), memory.get("c"), memory.get("d")), (Some(0), None, Some(2), Some(3)));
    assert_eq!(memory.metrics.memory_cache_evictions_total.get(), 1);
}

#[test]
fn bytes_are_bounded_and_given_back() {
    let memory = memory(100, 1000);
    for key in 0..20 {
        memory.insert(&format!("{key:02}"), key, 98, SECOND);
        assert!(memory.bytes() <= 1000);
    }
    assert_eq!((memory.len(), memory.bytes()), (10, 1000));
    assert_eq!((memory.get("09"), memory.get("10")), (None, Some(10)));
    memory.insert("19", 0, 8, SECOND);
    assert_eq!(memory.bytes(), 910, "a smaller value takes less than the one it replaces");
    memory.insert("20", 0, 198, SECOND);
    assert_eq!((memory.len(), memory.bytes()), (9, 910), "two make room for one of their size");
    memory.remove("20");
    memory.remove("20");
    assert_eq!((memory.len(), memory.bytes()), (8, 710));
    memory.clear();
    assert_eq!((memory.len(), memory.bytes()), (0, 0));
    assert!((0..200).all(|key| memory.insert(&key.to_string(), key, 1, SECOND)), "the capacity is what it was");
    assert_eq!(memory.len(), 100);
}

#[test]
fn a_value_that_is_too_large_is_not_kept_and_neither_is_what_it_replaces() {
    let memory = memory(10, 1000);
    assert!(memory.insert("key", 1, 247, SECOND));
    assert!(!memory.insert("key", 2, 248, SECOND));
    assert_eq!((memory.get("key"), memory.bytes()), (None, 0));
    assert!(!memory.insert("key", 3, usize::MAX, SECOND));
}

#[test]
fn limits_hold_over_all_shards() {
    let memory = memory(5000, 100_000);
    assert_eq!(memory.shards.len(), MOST_SHARDS);
    for key in 0..20_000 {
        memory.insert(&key.to_string(), key, 30, SECOND);
    }
    assert!(memory.len() <= 5000 && memory.bytes() <= 100_000 && memory.bytes() > 80_000, "{}", memory.bytes());
}

#[tokio::test(start_paused = true)]
async fn metrics_say_what_is_there_and_are_shared() {
    let metrics = metrics();
    let limits = Limits { entries: NonZeroUsize::new(2).expect("not 0"), bytes: 10_000 };
    let (one, other) = (Memory::new(limits, metrics.clone()), Memory::new(limits, metrics.clone()));
    for key in ["a", "b", "c"] {
        one.insert(key, 1_u64, 9, SECOND);
    }
    other.insert("a", 1_u64, 9, SECOND);
    let gauges = || (metrics.memory_cache_size.get(), metrics.memory_cache_bytes.get());
    assert_eq!(gauges(), (3, 30));
    assert_eq!((one.get("a"), one.peek("a"), one.get("b"), one.peek("b")), (None, None, Some(1), Some(1)));
    assert_eq!((metrics.memory_cache_hits_total.get(), metrics.memory_cache_misses_total.get()), (2, 1));
    tokio::time::advance(2 * SECOND).await;
    assert_eq!(one.get("b"), None);
    assert_eq!(gauges(), (2, 20));
    one.clear();
    drop(other);
    assert_eq!(gauges(), (0, 0));
    assert_eq!(metrics.memory_cache_evictions_total.get(), 1, "what is removed, over or cleared made no room");
}

/// The same in the simplest words: a list, the last one used at its end.
struct Model {
    entries: usize,
    bytes: usize,
    kept: Vec<(String, u64, usize, Instant)>,
}

impl Model {
    fn total(&self) -> usize {
        self.kept.iter().map(|(_, _, bytes, _)| bytes).sum()
    }

    fn get(&mut self, key: &str) -> Option<u64> {
        let found = self.kept.iter().position(|(kept, ..)| kept == key)?;
        let entry = self.kept.remove(found);
        let value = entry.1;
        let is_alive = entry.3 > Instant::now();
        if is_alive {
            self.kept.push(entry);
        }
        is_alive.then_some(value)
    }

    fn insert(&mut self, key: &str, value: u64, bytes: usize, ttl: Duration) {
        let bytes = bytes + key.len();
        self.kept.retain(|(kept, ..)| kept != key);
        if bytes <= self.bytes / LARGEST_PART {
            self.kept.push((key.to_owned(), value, bytes, Instant::now() + ttl));
        }
        while self.kept.len() > self.entries || self.total() > self.bytes {
            self.kept.remove(0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn it_does_what_the_model_does() {
    for seed in 1..=50_u64 {
        let memory = memory(8, 400);
        let mut model = Model { entries: 8, bytes: 400, kept: Vec::new() };
        let mut state = seed;
        let mut below = |limit: u64| {
            // Xorshift: any spread will do, and the seed names the run.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % limit
        };
        for step in 0..400 {
            let key = format!("k{}", below(14));
            match below(10) {
                0..=3 => {
                    let (bytes, ttl) =
                        (usize::try_from(below(110)).expect("small"), Duration::from_millis(1 + below(40)));
                    memory.insert(&key, step, bytes, ttl);
                    model.insert(&key, step, bytes, ttl);
                }
                4 => {
                    memory.remove(&key);
                    model.kept.retain(|(kept, ..)| *kept != key);
                }
                5 => tokio::time::advance(Duration::from_millis(below(10))).await,
                6 if below(20) == 0 => {
                    memory.clear();
                    model.kept.clear();
                }
                _ => assert_eq!(memory.get(&key), model.get(&key), "seed {seed}, step {step}, {key}"),
            }
            assert_eq!((memory.len(), memory.bytes()), (model.kept.len(), model.total()), "seed {seed}, step {step}");
        }
    }
}
