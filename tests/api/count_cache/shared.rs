//! Totals that instances share.

use std::time::Duration;

use couplet_tests::{RedisServer, on_each_database};

use super::*;

const SCRIPT: &str = "return table.concat(redis.call('KEYS', 'pagination:count:*'), ' ')";
const JARS: &str = "/jars?per_page=1";

async fn start_on(database: &TestDatabase, redis: &RedisServer) -> Api {
    let mut settings = settings(database);
    settings.redis.url = Some(redis.url().into());
    settings.redis.command_timeout = Duration::from_secs(5);
    let api = Api::of(app(settings)).await;
    let up = async {
        while !api.running().redis().unwrap().is_up() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), up).await.unwrap();
    api
}

/// The keys of totals, once there are so many.
async fn keys(redis: &RedisServer, wanted: usize) -> Vec<String> {
    let keys = async {
        loop {
            let answer = redis.command(&["EVAL", SCRIPT, "0"]).await;
            let keys: Vec<String> =
                answer.split_whitespace().filter(|word| word.starts_with("pagination:")).map(str::to_owned).collect();
            if keys.len() >= wanted {
                return keys;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), keys).await.unwrap()
}

on_each_database! {
    async fn what_one_instance_has_counted_another_one_finds(database: TestDatabase) {
        let Some(redis) = RedisServer::start().await else { return };
        let one = start_on(&database, &redis).await;
        fill(&one, "/jars", 2).await;
        assert_counted(&one, JARS, 2).await;
        let found = keys(&redis, 1).await;
        assert!(found.len() == 1 && found[0].starts_with("pagination:count:Jar:"), "{found:?}");
        let other = start_on(&database, &redis).await;
        assert_kept(&other, JARS, 2).await;
        fill(&one, "/jars", 1).await;
        assert_counted(&other, JARS, 3).await;
    }

    async fn what_was_not_stored_under_the_key_is_not_used(database: TestDatabase) {
        let Some(redis) = RedisServer::start().await else { return };
        let one = start_on(&database, &redis).await;
        fill(&one, "/jars", 2).await;
        assert_counted(&one, JARS, 2).await;
        assert_counted(&one, "/jars?per_page=1&name=x", 2).await;
        let found = keys(&redis, 2).await;
        for poison in [["SET", &found[0], "7"], ["COPY", &found[1], &found[0]]] {
            let mut words = poison.to_vec();
            if poison[0] == "COPY" {
                words.push("REPLACE");
            }
            redis.command(&words).await;
            let other = start_on(&database, &redis).await;
            assert_eq!(total(&other, JARS).await.0, Some(2), "{poison:?}");
            assert_eq!(total(&other, "/jars?per_page=1&name=x").await.0, Some(2), "{poison:?}");
        }
        redis.command(&["DEL", &found[0]]).await;
        redis.command(&["LPUSH", &found[0], "7"]).await;
        let other = start_on(&database, &redis).await;
        assert_eq!(total(&other, JARS).await.0, Some(2), "another type");
        assert_eq!(total(&other, "/jars?per_page=1&name=x").await.0, Some(2), "another type");
    }

    async fn writes_ask_redis_nothing_and_totals_go_on_without_it(database: TestDatabase) {
        let Some(mut redis) = RedisServer::start().await else { return };
        let api = start_on(&database, &redis).await;
        fill(&api, "/jars", 2).await;
        api.delete("/jars/1").await.expect(204);
        let commands = redis.command(&["INFO", "commandstats"]).await;
        for command in ["cmdstat_set:", "cmdstat_get:", "cmdstat_getrange:", "cmdstat_unlink:", "cmdstat_del:"] {
            assert!(!commands.contains(command), "{commands}");
        }
        fill(&api, "/jars", 1).await;
        assert_counted(&api, JARS, 2).await;
        redis.kill();
        assert_kept(&api, JARS, 2).await;
        fill(&api, "/jars", 1).await;
        assert_counted(&api, JARS, 3).await;
    }
}
