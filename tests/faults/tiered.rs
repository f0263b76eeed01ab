//! The cache of two tiers: instances that share a Redis, and what happens to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use couplet::cache::redis::Redis;
use couplet::cache::{TieredCache, TieredOptions};
use couplet::metrics::Metrics;
use couplet_tests::{Fault, Proxy, RedisServer};
use tokio::task::JoinSet;

use crate::support::{LONG, options, until};

/// What keys of values begin with in Redis.
const PREFIX: &str = "couplet:cache:v:";

/// A cache as an instance of an app has one.
struct Instance {
    cache: TieredCache,
    metrics: Arc<Metrics>,
}

impl Instance {
    fn new(url: String) -> Self {
        Self::with_secret(url, "secret")
    }

    fn with_secret(url: String, secret: &str) -> Self {
        let metrics = Arc::new(Metrics::new("1.0.0").expect("the table is valid"));
        // A machine that is busy must not look like a server that is gone.
        let options = couplet::cache::redis::RedisOptions { command_timeout: Duration::from_secs(2), ..options(url) };
        let redis = Redis::new(options, Arc::clone(&metrics)).expect("a URL");
        let options = TieredOptions { secret: Some(secret.into()), ..TieredOptions::default() };
        Self { cache: TieredCache::new(Some(redis), options, &metrics), metrics }
    }

    /// Whose memory is used.
    async fn ready(url: String) -> Self {
        let instance = Self::new(url);
        instance.is_ready().await;
        instance
    }

    async fn is_ready(&self) {
        until("memory is used", async || {
            // The link is made with the first use.
            let _: Option<u32> = self.cache.get("nothing").await;
            self.cache.is_memory_used()
        })
        .await;
    }

    async fn sets(&self, key: &str, value: u32) {
        until("a value is set", async || self.cache.set(key, &value, LONG).await).await;
    }

    async fn shows(&self, key: &str, value: Option<u32>) {
        until(&format!("{key} is {value:?}"), async || self.cache.get::<u32>(key).await == value).await;
    }

    /// Asks until memory answers.
    async fn holds(&self, key: &str, value: u32) {
        until(&format!("{key} is in memory"), async || {
            let before = self.hits();
            self.cache.get::<u32>(key).await == Some(value) && self.hits() > before
        })
        .await;
    }

    fn hits(&self) -> u64 {
        self.metrics.memory_cache_hits_total.get()
    }

    /// Loads a value that was not there.
    async fn loads(&self, key: &str, value: u32) -> bool {
        let is_loaded = AtomicU32::new(0);
        let load = async || {
            is_loaded.fetch_add(1, Ordering::SeqCst);
            Ok(value)
        };
        self.cache.get_or_load(key, LONG, load).await.expect("the load succeeds");
        is_loaded.into_inner() == 1
    }
}

#[tokio::test]
async fn a_write_of_one_instance_is_seen_by_the_other() {
    let Some(server) = RedisServer::start().await else { return };
    let (one, other) = (Instance::ready(server.url()).await, Instance::ready(server.url()).await);
    one.sets("a", 1).await;
    one.holds("a", 1).await;
    other.holds("a", 1).await;
    for value in 2..20 {
        other.sets("a", value).await;
        assert_eq!(other.cache.get::<u32>("a").await, Some(value), "an instance sees its own write at once");
        one.shows("a", Some(value)).await;
        one.holds("a", value).await;
    }
    assert!(other.cache.invalidate("a").await);
    assert_eq!(other.cache.get::<u32>("a").await, None);
    one.shows("a", None).await;
    assert!(one.loads("a", 30).await);
    other.shows("a", Some(30)).await;
}

#[tokio::test]
async fn a_tag_is_invalidated_for_all_instances_by_one_command() {
    let Some(server) = RedisServer::start().await else { return };
    let (one, other) = (Instance::ready(server.url()).await, Instance::ready(server.url()).await);
    for key in 0..50 {
        assert!(one.cache.set_tagged(&key.to_string(), &key, LONG, &["even", "all"][key % 2..]).await);
    }
    other.holds("0", 0).await;
    other.holds("1", 1).await;
    let commands = async || {
        let stats = server.command(&["INFO", "commandstats"]).await;
        assert!(!stats.contains("cmdstat_keys") && !stats.contains("cmdstat_scan"), "{stats}");
        let sets = stats.lines().filter(|line| line.starts_with("cmdstat_set:") || line.starts_with("cmdstat_unlink"));
        sets.filter_map(|line| line.split(['=', ',']).nth(1)?.parse::<u64>().ok()).sum::<u64>()
    };
    let before = commands().await;
    assert!(one.cache.invalidate_tag("even").await);
    assert_eq!(commands().await - before, 1);
    assert_eq!(one.cache.get::<u32>("0").await, None);
    other.shows("0", None).await;
    other.shows("1", Some(1)).await;
    other.holds("1", 1).await;
    assert!(other.cache.invalidate_tag("all").await);
    one.shows("1", None).await;
}

#[tokio::test]
async fn memory_forgets_no_later_than_redis() {
    let Some(server) = RedisServer::start().await else { return };
    let one = Instance::ready(server.url()).await;
    one.sets("a", 1).await;
    assert_eq!(server.command(&["PEXPIRE", &format!("{PREFIX}a"), "400"]).await, ":1");
    // The push of that change is on its way; what is held from now on has what is left of the time.
    one.holds("a", 1).await;
    one.shows("a", None).await;
    assert_eq!(server.command(&["EXISTS", &format!("{PREFIX}a")]).await, ":0");
    let ttl = async |key: &str| {
        let left = server.command(&["PTTL", &format!("{PREFIX}{key}")]).await;
        Duration::from_millis(left.trim_start_matches(':').parse().expect("a value with an end"))
    };
    let nothing = one.cache.get_or_load("none", LONG, async || Ok(None::<u32>)).await;
    assert_eq!(nothing.expect("the load succeeds"), None);
    assert!(ttl("none").await <= TieredOptions::default().negative_ttl);
    assert!(one.loads("b", 2).await);
    assert!(ttl("b").await > LONG / 2);
}

#[tokio::test]
async fn an_emptied_redis_empties_memory() {
    let Some(server) = RedisServer::start().await else { return };
    let one = Instance::ready(server.url()).await;
    one.sets("a", 1).await;
    one.holds("a", 1).await;
    assert_eq!(server.command(&["FLUSHALL"]).await, "+OK");
    one.shows("a", None).await;
    until("memory is empty", async || one.metrics.memory_cache_size.get() == 0).await;
    assert!(one.cache.is_memory_used(), "the link was told, not lost");
    assert!(one.loads("a", 2).await);
    one.holds("a", 2).await;
}

#[tokio::test]
async fn without_the_link_memory_is_not_used_and_redis_is() {
    let Some(server) = RedisServer::start().await else { return };
    let proxy = Proxy::start(server.address()).await;
    let one = Instance::ready(format!("redis://{}", proxy.address())).await;
    let other = Instance::ready(server.url()).await;
    one.sets("a", 1).await;
    for fault in [Fault::Blackhole, Fault::Refuse] {
        one.holds("a", 1).await;
        proxy.set(fault);
        other.sets("a", 2).await;
        until("memory is not used", async || !one.cache.is_memory_used()).await;
        // The commands go the same way, so nothing can be had; and what was in memory is not shown.
        assert_eq!(one.cache.get::<u32>("a").await, None, "{fault:?}");
        assert!(one.loads("a", 3).await, "trouble with Redis is a load");
        proxy.set(Fault::Pass);
        one.is_ready().await;
        one.shows("a", Some(2)).await;
        other.sets("a", 1).await;
        one.shows("a", Some(1)).await;
    }
}

#[tokio::test]
async fn a_link_that_is_cut_alone_is_made_again() {
    let Some(server) = RedisServer::start().await else { return };
    let one = Instance::ready(server.url()).await;
    for round in 1..4 {
        one.sets("a", round).await;
        one.holds("a", round).await;
        let clients = server.command(&["CLIENT", "LIST"]).await;
        let links = clients.lines().filter(|line| line.contains("name=couplet-tracking"));
        let ids: Vec<&str> = links.filter_map(|line| line.strip_prefix("id=")?.split(' ').next()).collect();
        assert_eq!(ids.len(), 1, "{clients}");
        assert_eq!(server.command(&["CLIENT", "KILL", "ID", ids[0]]).await, ":1");
        until("the loss is noticed", async || {
            let is_doubted = !one.cache.is_memory_used();
            // Redis itself is there all the while.
            assert_eq!(one.cache.get::<u32>("a").await, Some(round));
            is_doubted
        })
        .await;
        one.is_ready().await;
    }
}

#[tokio::test]
async fn a_server_that_is_killed_and_started_again_works_again() {
    let Some(mut server) = RedisServer::start().await else { return };
    let one = Instance::ready(server.url()).await;
    one.sets("a", 1).await;
    let dump = server.save().await;
    one.sets("a", 2).await;
    one.holds("a", 2).await;
    server.kill();
    until("memory is not used", async || !one.cache.is_memory_used()).await;
    assert!(one.loads("a", 3).await);
    assert!(!one.cache.invalidate("a").await, "Redis could not be told");
    server.restart_from(&dump).await;
    one.is_ready().await;
    one.shows("a", Some(1)).await;
    one.sets("a", 4).await;
    one.holds("a", 4).await;
}

#[tokio::test]
async fn a_hanging_server_is_a_load_and_no_old_value() {
    let Some(server) = RedisServer::start().await else { return };
    let one = Instance::ready(server.url()).await;
    one.sets("a", 1).await;
    one.holds("a", 1).await;
    server.stop();
    until("memory is not used", async || !one.cache.is_memory_used()).await;
    assert!(one.loads("a", 2).await);
    server.cont();
    one.is_ready().await;
    one.holds("a", 1).await;
}

#[tokio::test]
async fn another_history_of_the_server_empties_memory() {
    let Some(server) = RedisServer::start().await else { return };
    let Some(primary) = RedisServer::start().await else { return };
    let one = Instance::ready(server.url()).await;
    one.sets("a", 1).await;
    one.holds("a", 1).await;
    let port = primary.address().port().to_string();
    assert_eq!(server.command(&["REPLICAOF", "127.0.0.1", &port]).await, "+OK");
    one.shows("a", None).await;
    assert_eq!(server.command(&["REPLICAOF", "NO", "ONE"]).await, "+OK");
    one.is_ready().await;
    one.sets("a", 2).await;
    one.holds("a", 2).await;
}

#[tokio::test]
async fn what_this_app_did_not_store_is_a_miss_and_is_replaced() {
    let Some(server) = RedisServer::start().await else { return };
    let one = Instance::ready(server.url()).await;
    let stranger = Instance::with_secret(server.url(), "another secret");
    stranger.is_ready().await;
    let key = format!("{PREFIX}a");
    let poisons: [&[&str]; 5] = [
        &["SET", &key, "{\"admin\":true}", "PX", "60000"],
        &["SET", &key, "7"],
        &["SET", &key, "", "PX", "60000"],
        &["LPUSH", &key, "a", "list"],
        &["HSET", &key, "a", "hash"],
    ];
    for (round, poison) in (1..).zip(poisons) {
        server.command(&["DEL", &key]).await;
        assert!(!server.command(poison).await.starts_with('-'), "{poison:?}");
        one.shows("a", None).await;
        until("it is replaced", async || {
            one.loads("a", round).await;
            one.cache.get::<u32>("a").await == Some(round)
        })
        .await;
    }
    stranger.sets("b", 1).await;
    one.shows("b", None).await;
    // Moved by somebody to another key.
    one.sets("c", 1).await;
    assert_eq!(server.command(&["COPY", &format!("{PREFIX}c"), &format!("{PREFIX}d")]).await, ":1");
    one.shows("d", None).await;
}

#[tokio::test]
async fn a_thousand_callers_load_once() {
    let Some(server) = RedisServer::start().await else { return };
    let one = Instance::ready(server.url()).await;
    let (loads, mut callers) = (Arc::new(AtomicU32::new(0)), JoinSet::new());
    for _ in 0..1000 {
        let (cache, loads) = (one.cache.clone(), Arc::clone(&loads));
        callers.spawn(async move {
            let load = || async move {
                tokio::task::yield_now().await;
                Ok(loads.fetch_add(1, Ordering::SeqCst))
            };
            cache.entry("a").ttl(LONG).tag("t").get_or_load(load).await.expect("the load succeeds")
        });
    }
    assert_eq!(callers.join_all().await, vec![0; 1000]);
    assert_eq!(loads.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_load_that_another_instance_overtook_is_not_kept() {
    let Some(server) = RedisServer::start().await else { return };
    let (one, other) = (Instance::ready(server.url()).await, Instance::ready(server.url()).await);
    for overtaken_by in ["invalidate", "invalidate_tag", "set"] {
        let load = async || {
            match overtaken_by {
                "invalidate" => assert!(other.cache.invalidate("a").await),
                "invalidate_tag" => assert!(other.cache.invalidate_tag("t").await),
                _ => other.sets("a", 2).await,
            }
            Ok(1)
        };
        assert_eq!(one.cache.entry("a").ttl(LONG).tag("t").get_or_load(load).await.expect("the load succeeds"), 1);
        let kept = if overtaken_by == "set" { Some(2) } else { None };
        other.shows("a", kept).await;
        one.shows("a", kept).await;
    }
}

#[tokio::test]
async fn an_old_value_is_refreshed_for_all_instances() {
    let Some(server) = RedisServer::start().await else { return };
    let (one, other) = (Instance::ready(server.url()).await, Instance::ready(server.url()).await);
    let ask = async |instance: &Instance, value: u32| {
        let entry = instance.cache.entry("a").ttl(Duration::from_millis(200));
        entry.get_or_refresh(LONG, move || async move { Ok(value) }).await.expect("the load succeeds")
    };
    assert_eq!(ask(&one, 1).await, 1);
    // Never nothing: old until the new one is there.
    until("it is refreshed", async || match ask(&one, 2).await {
        1 => false,
        2 => true,
        other => unreachable!("nobody loads {other}"),
    })
    .await;
    until("the other sees it", async || [2, 3].contains(&ask(&other, 3).await)).await;
}

#[tokio::test]
async fn a_redis_that_is_full_keeps_no_old_value() {
    let Some(server) = RedisServer::start().await else { return };
    let one = Instance::ready(server.url()).await;
    one.sets("a", 1).await;
    one.holds("a", 1).await;
    assert_eq!(server.command(&["CONFIG", "SET", "maxmemory", "1"]).await, "+OK");
    assert!(!one.cache.set("a", &2, LONG).await);
    one.shows("a", None).await;
    assert!(one.loads("a", 3).await, "a load that is not kept is a load");
    assert_eq!(server.command(&["CONFIG", "SET", "maxmemory", "0"]).await, "+OK");
    one.sets("a", 4).await;
    one.holds("a", 4).await;
}
