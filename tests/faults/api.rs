//! A whole API whose Redis does what servers and networks do: no request fails, no answer is old, and hits come back.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::time::Duration;

use couplet_tests::{Fault, RedisServer, TestDatabase, on_each_database};

use crate::api_load::{Found, ROUNDS, Stage};
use crate::support::until;

const PASSWORD: &str = "hunter2";

/// What happens to Redis.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    Network(Fault),
    Killed,
    OldDump,
    Hung,
    Loading,
    Full,
    ReadOnly,
    WithoutPrimary,
    Locked,
    CannotSave,
    Poisoned(Poison),
}

/// What happens to the values that one instance has stored, before the other one asks for them.
#[derive(Debug, Clone, Copy)]
enum Poison {
    Value(&'static str),
    Huge,
    Earlier,
    Crossed,
    List,
    Flushed,
}

/// How it shows that it happens.
#[derive(Debug, PartialEq, Eq)]
enum Shows {
    /// The circuit breakers open.
    Opens,
    /// There are hits nevertheless.
    Finds,
    /// Redis says so, or the values are there.
    ByItself,
}

impl Trouble {
    fn shows(self) -> Shows {
        match self {
            Self::Network(Fault::Delay(time)) if time < Duration::from_millis(50) => Shows::Finds,
            Self::OldDump => Shows::Finds,
            Self::Network(_) | Self::Killed | Self::Hung | Self::Loading => Shows::Opens,
            Self::WithoutPrimary | Self::Locked => Shows::Opens,
            Self::Full | Self::ReadOnly | Self::CannotSave | Self::Poisoned(_) => Shows::ByItself,
        }
    }

    async fn begin(self, stage: &mut Stage) {
        match self {
            Self::Network(fault) => stage.proxy.set(fault),
            Self::Killed => stage.redis.kill(),
            Self::OldDump => {
                let dump = stage.redis.save().await;
                stage.rounds().await;
                stage.redis.kill();
                stage.rounds().await;
                stage.redis.restart_from(&dump).await;
            }
            Self::Hung => stage.redis.stop(),
            Self::Loading => {
                let fill = "for i = 1, 3000 do redis.call('SET', 'key' .. i, string.rep('x', 64)) end";
                assert_eq!(stage.redis.command(&["EVAL", fill, "0"]).await, "$-1");
                let dump = stage.redis.save().await;
                stage.redis.restart_from(&dump).await;
                assert_refused(&stage.redis, "-LOADING").await;
            }
            Self::Full => {
                done(&stage.redis, &["CONFIG", "SET", "maxmemory", "1"]).await;
                assert_refused(&stage.redis, "-OOM").await;
            }
            // Of a primary that is not there.
            Self::ReadOnly => {
                done(&stage.redis, &["REPLICAOF", "127.0.0.1", "1"]).await;
                assert_refused(&stage.redis, "-READONLY").await;
            }
            Self::WithoutPrimary => {
                done(&stage.redis, &["CONFIG", "SET", "replica-serve-stale-data", "no"]).await;
                done(&stage.redis, &["REPLICAOF", "127.0.0.1", "1"]).await;
                assert!(stage.redis.command(&["GET", "key"]).await.starts_with("-MASTERDOWN"));
            }
            Self::Locked => {
                done(&stage.redis, &["CONFIG", "SET", "requirepass", PASSWORD]).await;
                let kill = ["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"];
                assert!(stage.redis.command_as(Some(PASSWORD), &kill).await.starts_with(':'));
                assert_refused(&stage.redis, "-NOAUTH").await;
            }
            Self::CannotSave => {
                // It may be a file of an earlier fault.
                let _ = std::fs::remove_file(stage.redis.folder().join("dump.rdb"));
                std::fs::create_dir(stage.redis.folder().join("dump.rdb")).unwrap();
                done(&stage.redis, &["CONFIG", "SET", "save", "3600 1"]).await;
                assert_eq!(stage.redis.command(&["BGSAVE"]).await, "+Background saving started");
                until("it has failed to save", async || {
                    stage.redis.command(&["INFO", "persistence"]).await.contains("rdb_last_bgsave_status:err")
                })
                .await;
                assert_refused(&stage.redis, "-MISCONF").await;
            }
            Self::Poisoned(_) => {}
        }
    }

    async fn round(self, stage: &mut Stage) {
        let Self::Poisoned(poison) = self else {
            stage.round().await;
            return;
        };
        let (before, new) = stage.store().await;
        for (keys, earlier, others) in
            [(&new.totals, &before.totals, &before.rows), (&new.rows, &before.rows, &before.totals)]
        {
            for key in keys {
                poison.put(&stage.redis, key, &earlier[0], &others[0]).await;
            }
        }
        assert_eq!(stage.read(1).await, Found::NOTHING, "{self:?}");
    }

    async fn end(self, stage: &mut Stage) {
        match self {
            Self::Network(_) => stage.proxy.set(Fault::Pass),
            Self::Killed => stage.redis.restart().await,
            Self::Hung => stage.redis.cont(),
            Self::Full => done(&stage.redis, &["CONFIG", "SET", "maxmemory", "0"]).await,
            Self::ReadOnly | Self::WithoutPrimary => done(&stage.redis, &["REPLICAOF", "NO", "ONE"]).await,
            Self::Locked => {
                let unlock = ["CONFIG", "SET", "requirepass", ""];
                assert_eq!(stage.redis.command_as(Some(PASSWORD), &unlock).await, "+OK");
            }
            Self::CannotSave => {
                done(&stage.redis, &["CONFIG", "SET", "save", ""]).await;
                std::fs::remove_dir(stage.redis.folder().join("dump.rdb")).unwrap();
            }
            Self::OldDump | Self::Loading | Self::Poisoned(_) => {}
        }
    }
}

impl Poison {
    async fn put(self, redis: &RedisServer, key: &str, earlier: &str, other: &str) {
        match self {
            Self::Value(value) => done(redis, &["SET", key, value]).await,
            Self::Huge => assert_eq!(redis.command(&["SETRANGE", key, "2097152", "x"]).await, ":2097153"),
            Self::Earlier => assert_eq!(redis.command(&["COPY", earlier, key, "REPLACE"]).await, ":1"),
            Self::Crossed => assert_eq!(redis.command(&["COPY", other, key, "REPLACE"]).await, ":1"),
            Self::List => {
                let list = "redis.call('DEL', KEYS[1]) return redis.call('RPUSH', KEYS[1], '7')";
                assert_eq!(redis.command(&["EVAL", list, "1", key]).await, ":1");
            }
            Self::Flushed => done(redis, &["FLUSHALL"]).await,
        }
    }
}

async fn done(redis: &RedisServer, command: &[&str]) {
    assert_eq!(redis.command(command).await, "+OK", "{command:?}");
}

async fn assert_refused(redis: &RedisServer, error: &str) {
    let answer = redis.command(&["SET", "key", "x"]).await;
    assert!(answer.starts_with(error), "{answer}");
}

/// All of them one after the other, under load: what fails and what is old is a panic of who has asked.
async fn survives(database: &TestDatabase, options: &[&str], troubles: &[Trouble]) {
    let Some(redis) = RedisServer::start_with(options).await else { return };
    let mut stage = Stage::start(database, redis).await;
    for trouble in troubles {
        // What comes back must come back after each fault, as before the first.
        stage.until_found().await;
        stage.until_closed().await;
        stage.rounds().await;
        let opened = stage.opened().await;
        stage.now(Some(&format!("{trouble:?}")));
        trouble.begin(&mut stage).await;
        for _ in 0..ROUNDS {
            trouble.round(&mut stage).await;
        }
        match trouble.shows() {
            Shows::Opens => stage.until_opened(opened).await,
            Shows::Finds => stage.until_found().await,
            Shows::ByItself => {}
        }
        trouble.end(&mut stage).await;
        stage.now(None);
    }
    stage.until_found().await;
    stage.until_closed().await;
    stage.stop().await;
}

on_each_database! {
    async fn an_api_without_its_redis_at_the_start_serves_and_shares_once_it_is_there(database: TestDatabase) {
        let Some(redis) = RedisServer::down() else { return };
        let mut stage = Stage::start(&database, redis).await;
        stage.now(Some("down at the start"));
        for _ in 0..ROUNDS {
            assert_eq!(stage.round().await, Found::NOTHING);
        }
        stage.until_opened([0, 0]).await;
        stage.redis.restart().await;
        stage.now(None);
        stage.until_found().await;
        stage.until_closed().await;
        stage.stop().await;
    }

    async fn an_api_survives_what_networks_do(database: TestDatabase) {
        let delay = |time| Trouble::Network(Fault::Delay(Duration::from_millis(time)));
        let [slow, slower, slowest] = [delay(20), delay(100), delay(500)];
        let others = [Fault::Blackhole, Fault::Refuse, Fault::Cut, Fault::Reset, Fault::Garble].map(Trouble::Network);
        survives(&database, &[], &[&[slow, slower, slowest], &others[..]].concat()).await;
    }

    async fn an_api_survives_what_servers_do(database: TestDatabase) {
        let loading = ["--key-load-delay", "500", "--loading-process-events-interval-bytes", "1024"];
        let troubles = [Trouble::Killed, Trouble::OldDump, Trouble::Hung, Trouble::Loading];
        survives(&database, &loading, &troubles).await;
    }

    async fn an_api_survives_what_servers_refuse(database: TestDatabase) {
        let troubles =
            [Trouble::Full, Trouble::ReadOnly, Trouble::WithoutPrimary, Trouble::Locked, Trouble::CannotSave];
        survives(&database, &[], &troubles).await;
    }

    async fn an_api_believes_nothing_that_others_put_into_redis(database: TestDatabase) {
        let values = ["garbage", "-7", "7", "18446744073709551616", "{\"items\":[],\"meta\":{\"total\":7}}"];
        let values = values.map(Poison::Value);
        let others = [Poison::Huge, Poison::Earlier, Poison::Crossed, Poison::List, Poison::Flushed];
        let troubles: Vec<_> = values.into_iter().chain(others).map(Trouble::Poisoned).collect();
        survives(&database, &[], &troubles).await;
    }
}
