//! A Redis that does what servers and networks do: no call fails, and hits come back with it.

use std::time::Duration;

use couplet::cache::redis::RedisOptions;
use couplet_tests::{Fault, Proxy, RedisServer};
use tokio::time::{Instant, timeout};

use crate::support::{Client, LONG, options, until};

/// A call that takes this long has waited for something else than the command's time.
const FAR_TOO_LONG: Duration = Duration::from_secs(2);

#[tokio::test]
async fn values_are_kept_for_their_time_and_deleted() {
    let Some(server) = RedisServer::start().await else { return };
    let client = Client::connected(server.url()).await;
    client.stores("a", b"one").await;
    client.stores("b", &[0, 255, b'\r', b'\n']).await;
    client.hits("b", &[0, 255, b'\r', b'\n']).await;
    assert_eq!(client.redis.get("c").await, None);

    let ttl: i64 = server.command(&["PTTL", "a"]).await.trim_start_matches(':').parse().unwrap();
    assert!((3_500_000..=3_600_000).contains(&ttl), "{ttl}");
    until("a value comes with its time", async || {
        let Some((value, left)) = client.redis.get_with_ttl("a").await else { return false };
        value == "one" && left <= LONG && left > LONG / 2
    })
    .await;
    assert_eq!(client.redis.get_with_ttl("c").await, None);
    assert_eq!(server.command(&["SET", "endless", "x"]).await, "+OK");
    assert_eq!(client.redis.get_with_ttl("endless").await, None);

    until("they are deleted", async || client.redis.delete(&["a", "b", "c"]).await).await;
    assert_eq!(server.command(&["EXISTS", "a", "b"]).await, ":0");
    assert!(client.redis.delete(&[]).await);
    assert_eq!(client.breaker(), 0);
}

#[tokio::test]
async fn a_value_that_is_empty_over_or_too_large_is_not_stored() {
    let Some(server) = RedisServer::start().await else { return };
    let client = Client::connected(server.url()).await;
    let largest = vec![b'x'; 1 << 20];
    assert!(!client.redis.set("a", b"", LONG).await);
    assert!(!client.redis.set("a", b"one", Duration::from_micros(1)).await);
    assert!(!client.redis.set("a", &[&largest[..], b"x"].concat(), LONG).await);
    assert_eq!(server.command(&["EXISTS", "a"]).await, ":0");
    client.stores("a", &largest).await;
    client.hits("a", &largest).await;
    client.stores("b", b"for a hundred million years").await;
}

#[tokio::test]
async fn a_server_that_is_down_at_the_start_is_used_once_it_is_there() {
    let Some(mut server) = RedisServer::down() else { return };
    let client = Client::new(options(server.url()));
    assert_eq!(client.redis.get("a").await, None);
    assert!(!client.redis.set("a", b"one", LONG).await);
    client.opens("a").await;
    assert!(client.redis.ping().await.is_err());
    server.restart().await;
    client.stores("a", b"one").await;
    client.hits("a", b"one").await;
    assert!(client.redis.ping().await.is_ok());
    assert_eq!((client.breaker(), client.connections()), (0, 1));
}

#[tokio::test]
async fn a_server_that_is_killed_comes_back_empty() {
    let Some(mut server) = RedisServer::start().await else { return };
    let client = Client::connected(server.url()).await;
    client.stores("a", b"one").await;
    server.kill();
    client.opens("a").await;
    assert!(!client.redis.set("a", b"two", LONG).await);
    server.restart().await;
    client.becomes_up().await;
    assert_eq!(client.redis.get("a").await, None);
    client.stores("a", b"three").await;
    client.hits("a", b"three").await;
    assert_eq!(client.connections(), 2);
}

#[tokio::test]
async fn a_server_comes_back_with_an_old_dump() {
    let Some(mut server) = RedisServer::start().await else { return };
    let client = Client::connected(server.url()).await;
    client.stores("a", b"old").await;
    let dump = server.save().await;
    client.stores("a", b"new").await;
    server.restart_from(&dump).await;
    // Until the old connection is known to be gone.
    until("the old value is there", async || client.redis.get("a").await.as_deref() == Some(b"old")).await;
}

#[tokio::test]
async fn a_server_that_hangs_costs_no_call_more_than_its_time() {
    let Some(server) = RedisServer::start().await else { return };
    let client = Client::connected(server.url()).await;
    client.stores("a", b"one").await;
    server.stop();
    let calls = async {
        tokio::join!(client.redis.get("a"), client.redis.get("a"), client.redis.get("a"), client.redis.delete(&["b"]))
    };
    let answers = timeout(FAR_TOO_LONG, calls).await.expect("each ends by itself");
    assert_eq!(answers, (None, None, None, false));
    client.opens("a").await;
    assert_eq!(client.metrics.redis_pool_connections_in_use.get(), 0);
    server.cont();
    client.hits("a", b"one").await;
}

#[tokio::test]
async fn a_server_that_hangs_without_being_asked_is_noticed() {
    let Some(server) = RedisServer::start().await else { return };
    let client = Client::connected(server.url()).await;
    server.stop();
    until("the circuit breaker is open", async || client.breaker() == 2).await;
    server.cont();
    client.becomes_up().await;
}

#[tokio::test]
async fn a_peer_that_has_gone_silent_is_given_up() {
    let Some(server) = RedisServer::start().await else { return };
    let proxy = Proxy::start(server.address()).await;
    let client = Client::connected(format!("redis://{}", proxy.address())).await;
    client.stores("a", b"one").await;
    proxy.set(Fault::Blackhole);
    client.opens("a").await;
    // No sign of the connection's end ever comes.
    until("the connection is given up", async || {
        assert_eq!(client.redis.get("a").await, None);
        client.redis.ping().await.is_err_and(|error| error.to_string().contains("no connection"))
    })
    .await;
    proxy.set(Fault::Pass);
    client.hits("a", b"one").await;
    assert!(client.connections() > 1);
}

#[tokio::test]
async fn a_server_that_is_slow_serves_hits_as_long_as_they_come_in_time() {
    let Some(server) = RedisServer::start().await else { return };
    let proxy = Proxy::start(server.address()).await;
    let client = Client::connected(format!("redis://{}", proxy.address())).await;
    client.stores("a", b"one").await;
    proxy.set(Fault::Delay(Duration::from_millis(20)));
    client.hits("a", b"one").await;
    for late in [100, 500] {
        proxy.set(Fault::Delay(Duration::from_millis(late)));
        client.opens("a").await;
        proxy.set(Fault::Pass);
        client.hits("a", b"one").await;
    }
}

#[tokio::test]
async fn answers_that_are_cut_reset_or_garbled_are_misses() {
    let Some(server) = RedisServer::start().await else { return };
    let proxy = Proxy::start(server.address()).await;
    let client = Client::connected(format!("redis://{}", proxy.address())).await;
    let value = vec![b'x'; 100_000];
    client.stores("a", &value).await;
    for fault in [Fault::Cut, Fault::Reset, Fault::Garble, Fault::Refuse] {
        proxy.set(fault);
        client.opens("a").await;
        assert!(!client.redis.set("a", b"two", LONG).await, "{fault:?}");
        proxy.set(Fault::Pass);
        client.becomes_up().await;
        // Half a command or a late one may have been executed, so what is there is not asserted.
        client.stores("a", &value).await;
        client.hits("a", &value).await;
    }
}

#[tokio::test]
async fn a_server_that_is_full_still_serves_hits() {
    let Some(server) = RedisServer::start().await else { return };
    let client = Client::connected(server.url()).await;
    client.stores("a", b"one").await;
    assert_eq!(server.command(&["CONFIG", "SET", "maxmemory", "1"]).await, "+OK");
    assert_writes_are_refused(&client).await;
    assert_eq!(server.command(&["CONFIG", "SET", "maxmemory", "0"]).await, "+OK");
    client.stores("a", b"two").await;
}

#[tokio::test]
async fn a_server_that_is_read_only_still_serves_hits() {
    let Some(server) = RedisServer::start().await else { return };
    let client = Client::connected(server.url()).await;
    client.stores("a", b"one").await;
    // Of a primary that is not there.
    assert_eq!(server.command(&["REPLICAOF", "127.0.0.1", "1"]).await, "+OK");
    assert_writes_are_refused(&client).await;

    assert_eq!(server.command(&["CONFIG", "SET", "replica-serve-stale-data", "no"]).await, "+OK");
    client.opens("a").await;
    assert_eq!(server.command(&["REPLICAOF", "NO", "ONE"]).await, "+OK");
    client.hits("a", b"one").await;
    client.stores("a", b"two").await;
}

#[tokio::test]
async fn a_server_that_stays_read_only_is_looked_up_again() {
    let Some(server) = RedisServer::start().await else { return };
    let client = Client::new(RedisOptions { health_check_interval: Duration::from_millis(5), ..options(server.url()) });
    client.becomes_up().await;
    client.stores("a", b"one").await;
    assert_eq!(server.command(&["REPLICAOF", "127.0.0.1", "1"]).await, "+OK");
    until("there is another connection", async || {
        assert!(!client.redis.set("a", b"two", LONG).await);
        client.connections() > 1
    })
    .await;
    client.hits("a", b"one").await;
}

#[tokio::test]
async fn a_server_that_cannot_save_still_serves_hits() {
    let Some(server) = RedisServer::start().await else { return };
    let client = Client::connected(server.url()).await;
    client.stores("a", b"one").await;
    std::fs::create_dir(server.folder().join("dump.rdb")).unwrap();
    assert_eq!(server.command(&["CONFIG", "SET", "save", "3600 1"]).await, "+OK");
    assert_eq!(server.command(&["BGSAVE"]).await, "+Background saving started");
    until("it has failed to save", async || {
        server.command(&["INFO", "persistence"]).await.contains("rdb_last_bgsave_status:err")
    })
    .await;
    assert_writes_are_refused(&client).await;
}

/// Many refused writes in a row do not open the circuit breaker, since there are hits between them.
async fn assert_writes_are_refused(client: &Client) {
    let failures = client.metrics.circuit_breaker_failures_total.with_label_values(&["redis"]);
    let before = failures.get();
    for _ in 0..10 {
        assert!(!client.redis.set("a", b"refused", LONG).await);
    }
    client.hits("a", b"one").await;
    // A busy machine may be late now and then.
    assert!(failures.get() < before + 10, "refusals were counted as failures");
}

#[tokio::test]
async fn a_server_that_is_loading_is_left_alone_until_it_serves() {
    let loading = ["--key-load-delay", "500", "--loading-process-events-interval-bytes", "1024"];
    let Some(mut server) = RedisServer::start_with(&loading).await else { return };
    let client = Client::connected(server.url()).await;
    client.stores("a", b"one").await;
    let fill = "for i = 1, 3000 do redis.call('SET', 'key' .. i, string.rep('x', 64)) end";
    assert_eq!(server.command(&["EVAL", fill, "0"]).await, "$-1");
    let dump = server.save().await;
    server.restart_from(&dump).await;
    assert!(server.command(&["GET", "a"]).await.starts_with("-LOADING"), "it loads for more than a second");
    assert_eq!(client.redis.get("a").await, None);
    client.opens("a").await;
    client.hits("a", b"one").await;
}

#[tokio::test]
async fn a_server_that_asks_for_a_password_is_left_alone() {
    let Some(server) = RedisServer::start().await else { return };
    let client = Client::connected(server.url()).await;
    client.stores("a", b"one").await;
    assert_eq!(server.command(&["CONFIG", "SET", "requirepass", "hunter2"]).await, "+OK");
    assert_eq!(server.command_as(Some("hunter2"), &["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]).await, ":1");
    client.opens("a").await;
    let refused = server.command(&["GET", "a"]).await;
    assert!(refused.starts_with("-NOAUTH"), "{refused}");

    let knowing = Client::connected(format!("redis://:hunter2@{}", server.address())).await;
    knowing.hits("a", b"one").await;
    assert_eq!(server.command_as(Some("hunter2"), &["CONFIG", "SET", "requirepass", ""]).await, "+OK");
    client.hits("a", b"one").await;
}

#[tokio::test]
async fn a_key_of_another_type_is_a_miss_and_says_nothing_of_the_server() {
    let Some(server) = RedisServer::start().await else { return };
    let client = Client::connected(server.url()).await;
    assert_eq!(server.command(&["HSET", "a", "field", "value"]).await, ":1");
    for _ in 0..10 {
        assert_eq!(client.redis.get("a").await, None);
        assert_eq!(client.redis.get_with_ttl("a").await, None);
    }
    client.stores("a", b"one").await;
    client.hits("a", b"one").await;
    assert_eq!(client.connections(), 1);
}

#[tokio::test]
async fn a_value_that_is_huge_is_a_miss_and_costs_no_connection() {
    let Some(server) = RedisServer::start().await else { return };
    let client = Client::connected(server.url()).await;
    for last in ["1048576", "268435456"] {
        server.command(&["SETRANGE", "huge", last, "x"]).await;
        assert_eq!(client.redis.get("huge").await, None);
        assert_eq!(client.redis.get_with_ttl("huge").await, None);
    }
    client.stores("a", b"one").await;
    client.hits("a", b"one").await;
    assert_eq!(client.connections(), 1);
}

#[tokio::test]
async fn a_server_that_is_flushed_has_misses() {
    let Some(server) = RedisServer::start().await else { return };
    let client = Client::connected(server.url()).await;
    client.stores("a", b"one").await;
    assert_eq!(server.command(&["FLUSHALL"]).await, "+OK");
    assert_eq!(client.redis.get("a").await, None);
    client.stores("a", b"two").await;
    client.hits("a", b"two").await;
    assert_eq!(client.connections(), 1);
}

#[tokio::test]
async fn a_call_without_a_slot_is_a_miss_at_once() {
    let Some(server) = RedisServer::start().await else { return };
    let patient = RedisOptions {
        max_connections: 2,
        command_timeout: Duration::from_secs(20),
        // So that no ping is in the way.
        health_check_interval: Duration::from_secs(3600),
        ..options(server.url())
    };
    let client = Client::new(patient);
    client.becomes_up().await;
    client.stores("a", b"one").await;
    let shown = || {
        let metrics = &client.metrics;
        let (used, free) = (&metrics.redis_pool_connections_in_use, &metrics.redis_pool_connections_available);
        (used.get(), free.get(), metrics.redis_pool_max_connections.get())
    };
    server.stop();
    let mut waiting = Box::pin(async { tokio::join!(client.redis.get("a"), client.redis.get("a")) });
    assert!(timeout(Duration::from_millis(20), &mut waiting).await.is_err());
    assert_eq!(shown(), (2, 0, 2));
    let began = Instant::now();
    assert_eq!(client.redis.get("a").await, None);
    assert!(began.elapsed() < FAR_TOO_LONG);

    // The clients of both have gone away.
    drop(waiting);
    assert_eq!(shown(), (0, 2, 2));
    server.cont();
    client.hits("a", b"one").await;
}

#[tokio::test]
async fn a_handle_that_is_closed_has_misses_and_no_connection() {
    let Some(server) = RedisServer::start().await else { return };
    let client = Client::connected(server.url()).await;
    client.stores("a", b"one").await;
    client.redis.close().await;
    assert_eq!(client.redis.get("a").await, None);
    assert!(!client.redis.is_up());
    until("the server has no client but the one who asks", async || {
        server.command(&["CLIENT", "LIST"]).await.lines().count() == 1
    })
    .await;
}

#[tokio::test]
async fn a_handle_that_is_dropped_leaves_no_connection() {
    let Some(server) = RedisServer::start().await else { return };
    drop(Client::connected(server.url()).await);
    until("the server has no client but the one who asks", async || {
        server.command(&["CLIENT", "LIST"]).await.lines().count() == 1
    })
    .await;
}
