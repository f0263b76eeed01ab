//! A cache without a Redis. What Redis adds is tested in `tests/faults`, with a real one.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::*;
use crate::error::Error;

const MINUTE: Duration = Duration::from_secs(60);

fn cache() -> TieredCache {
    let metrics = Arc::new(Metrics::new("1.0.0").expect("the table is valid"));
    TieredCache::new(None, TieredOptions::default(), &metrics)
}

/// A loader that counts its calls, each of which answers the next number.
#[derive(Clone, Default)]
struct Loads(Arc<AtomicU32>);

impl Loads {
    async fn next(&self) -> Result<u32> {
        Ok(self.0.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_is_loaded_once_in_its_time() {
    let (cache, loads) = (cache(), Loads::default());
    for _ in 0..3 {
        assert_eq!(cache.get_or_load("key", MINUTE, || loads.next()).await.unwrap(), 1);
    }
    assert_eq!(cache.get::<u32>("key").await, Some(1));
    assert_eq!(cache.clone().get::<u32>("another").await, None);
    tokio::time::advance(MINUTE).await;
    assert_eq!(cache.get::<u32>("key").await, None);
    assert_eq!(cache.get_or_load("key", MINUTE, || loads.next()).await.unwrap(), 2);
}

#[tokio::test]
async fn a_value_that_is_set_takes_the_place_of_another() {
    let cache = cache();
    assert!(cache.set("key", &1, MINUTE).await);
    assert!(cache.set("key", "two", MINUTE).await);
    assert_eq!(cache.get::<String>("key").await.as_deref(), Some("two"));
    assert_eq!(cache.get::<u32>("key").await, None, "it is no number");
    assert!(!cache.set("key", &"x".repeat(LARGEST), MINUTE).await);
    assert_eq!(cache.get::<String>("key").await, None, "the old value is not shown in place of one that is too large");
    assert!(cache.set("for ever", &1, Duration::MAX).await);
    assert!(!cache.set("never", &1, Duration::ZERO).await);
}

#[tokio::test]
async fn a_value_of_another_type_is_loaded() {
    let (cache, loads) = (cache(), Loads::default());
    cache.set("key", "text", MINUTE).await;
    assert_eq!(cache.get_or_load("key", MINUTE, || loads.next()).await.unwrap(), 1);
    assert_eq!(cache.get_or_load("key", MINUTE, || loads.next()).await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_there_is_nothing_is_kept_for_a_shorter_time() {
    let (cache, loads) = (cache(), Loads::default());
    let nothing = async || loads.next().await.map(|_| None::<String>);
    assert_eq!(cache.get_or_load("key", MINUTE, nothing).await.unwrap(), None);
    assert_eq!(cache.get::<Option<String>>("key").await, Some(None));
    tokio::time::advance(cache.0.options.negative_ttl - Duration::from_secs(1)).await;
    assert_eq!(cache.get_or_load("key", MINUTE, nothing).await.unwrap(), None);
    assert_eq!(loads.0.load(Ordering::SeqCst), 1);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(cache.get::<Option<String>>("key").await, None);
    assert_eq!(
        cache.get_or_load("key", MINUTE, async || Ok(Some("there".to_owned()))).await.unwrap().as_deref(),
        Some("there")
    );
}

#[tokio::test]
async fn tags_invalidate_all_values_that_have_them_and_no_other() {
    let cache = cache();
    cache.set_tagged("a", &1, MINUTE, &["red", "round"]).await;
    cache.set_tagged("b", &2, MINUTE, &["red"]).await;
    cache.set_tagged("c", &3, MINUTE, &["round"]).await;
    assert!(cache.invalidate_tag("red").await);
    let shown = [cache.get::<u32>("a").await, cache.get("b").await, cache.get("c").await];
    assert_eq!(shown, [None, None, Some(3)]);
    cache.set_tagged("a", &4, MINUTE, &["red"]).await;
    assert_eq!(cache.get::<u32>("a").await, Some(4), "a tag is good for values that come after");
    assert!(cache.invalidate("a").await);
    assert_eq!(cache.get::<u32>("a").await, None);
}

#[tokio::test]
async fn a_load_that_an_invalidation_overtook_is_not_kept() {
    for invalidates in ["key", "tag", "set"] {
        let cache = cache();
        let overtaken = async || {
            match invalidates {
                "key" => drop(cache.invalidate("key").await),
                "tag" => drop(cache.invalidate_tag("tag").await),
                _ => drop(cache.set("key", &2, MINUTE).await),
            }
            Ok(1)
        };
        assert_eq!(cache.entry("key").tag("tag").get_or_load(overtaken).await.unwrap(), 1);
        let kept = cache.get::<u32>("key").await;
        assert_ne!(kept, Some(1), "{invalidates}");
    }
}

#[tokio::test]
async fn a_thousand_callers_load_once_and_share_an_error() {
    let (cache, loads, release) = (cache(), Loads::default(), Arc::new(Notify::new()));
    let mut callers = JoinSet::new();
    for _ in 0..1000 {
        let (cache, loads, release) = (cache.clone(), loads.clone(), release.clone());
        callers.spawn(async move {
            let load = || async move {
                loads.next().await?;
                release.notified().await;
                Err::<u32, _>(Error::NotFound("book"))
            };
            cache.get_or_load("key", MINUTE, load).await
        });
    }
    while loads.0.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    // All others have asked by then: each runs until it waits.
    tokio::task::yield_now().await;
    release.notify_one();
    assert!(callers.join_all().await.iter().all(|answer| matches!(answer, Err(Error::NotFound("book")))));
    assert_eq!(loads.0.load(Ordering::SeqCst), 1);
    assert_eq!(cache.get_or_load("key", MINUTE, async || Ok(7)).await.unwrap(), 7, "an error is not kept");
    assert!(cache.0.flights.is_empty());
}

#[tokio::test]
async fn who_asks_after_an_invalidation_does_not_wait_for_a_load_from_before() {
    let cache = cache();
    let (begun, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let old = tokio::spawn({
        let (cache, begun, release) = (cache.clone(), begun.clone(), release.clone());
        async move {
            let load = || async move {
                begun.notify_one();
                release.notified().await;
                Ok("old".to_owned())
            };
            cache.get_or_load("key", MINUTE, load).await
        }
    });
    begun.notified().await;
    cache.invalidate("key").await;
    assert_eq!(cache.get_or_load("key", MINUTE, async || Ok("new".to_owned())).await.unwrap(), "new");
    release.notify_one();
    assert_eq!(old.await.unwrap().unwrap(), "old");
    assert_eq!(cache.get::<String>("key").await.as_deref(), Some("new"));
}

#[tokio::test(start_paused = true)]
async fn an_old_value_is_shown_while_it_is_loaded_again() {
    let (cache, loads) = (cache(), Loads::default());
    let ask = async || {
        let loads = loads.clone();
        cache.entry("key").ttl(MINUTE).get_or_refresh(MINUTE, move || async move { loads.next().await }).await.unwrap()
    };
    assert_eq!((ask().await, ask().await), (1, 1));
    tokio::time::advance(MINUTE).await;
    assert_eq!(cache.get::<u32>("key").await, None, "who does not ask for old values gets none");
    assert_eq!((ask().await, ask().await), (1, 1), "the old value, twice, and one load in the background");
    while cache.get::<u32>("key").await.is_none() {
        tokio::task::yield_now().await;
    }
    assert_eq!((ask().await, loads.0.load(Ordering::SeqCst)), (2, 2));
    tokio::time::advance(2 * MINUTE).await;
    assert_eq!(ask().await, 3, "it is too old by now, so this one waits");
}

#[tokio::test]
async fn what_memory_holds_is_bounded() {
    let metrics = Arc::new(Metrics::new("1.0.0").expect("the table is valid"));
    let options = TieredOptions {
        limits: crate::cache::Limits { entries: std::num::NonZeroUsize::new(10).expect("not 0"), bytes: 10_000 },
        ..TieredOptions::default()
    };
    let cache = TieredCache::new(None, options, &metrics);
    for key in 0..100 {
        cache.set(&key.to_string(), &"x".repeat(2000), MINUTE).await;
        assert!(metrics.memory_cache_bytes.get() <= 10_000);
    }
    assert!(metrics.memory_cache_size.get() <= 4);
    assert_eq!(cache.get::<String>("99").await.map(|value| value.len()), Some(2000));
}
