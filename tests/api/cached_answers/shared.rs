//! Answers that instances share through Redis.

use couplet_tests::{RedisServer, TestDatabase, on_each_database};
use serde_json::json;

use super::*;
use crate::support::execute;

async fn instance(database: &TestDatabase, redis: &RedisServer) -> Api {
    let mut config = config(database);
    config.redis.url = Some(redis.url().into());
    let api = Api::of(app(config)).await;
    while api.get("/health/ready").await["/dependencies/redis"] != "up" {}
    api
}

/// The keys of answers in Redis, once one is there.
async fn keys(redis: &RedisServer) -> Vec<String> {
    loop {
        let script = "return table.concat(redis.call('KEYS', 'answers:*'), ' ')";
        let keys = redis.command(&["EVAL", script, "0"]).await;
        if !keys.is_empty() {
            return keys.split(' ').map(str::to_owned).collect();
        }
    }
}

on_each_database! {
    async fn what_one_instance_has_read_another_one_finds(database: TestDatabase) {
        let Some(redis) = RedisServer::start().await else { return };
        start(&database).await.stop().await;
        let (one, other) = (instance(&database, &redis).await, instance(&database, &redis).await);
        let first = one.get("/bands?include=songs").await.expect(200);
        let keys = keys(&redis).await;
        assert_eq!(keys.len(), 1);
        assert!(keys[0].starts_with("answers:bands:"), "{keys:?}");
        let second = other.get("/bands?include=songs").await.expect(200);
        assert_eq!((second.statements(), second.text(), tag(&second)), (1, first.text(), tag(&first)));
        assert_eq!(second.header("link"), first.header("link"));
        execute(&database, "UPDATE songs SET title = 'Money'").await;
        for api in [&other, &one] {
            assert_eq!(api.get("/bands?include=songs").await.expect(200)["/items/0/songs/0/title"], "Money");
        }
    }

    async fn what_others_put_into_redis_is_not_believed(database: TestDatabase) {
        let Some(redis) = RedisServer::start().await else { return };
        start(&database).await.stop().await;
        let (one, other) = (instance(&database, &redis).await, instance(&database, &redis).await);
        let first = one.get("/bands").await.expect(200);
        let rows = one.get("/bands/1").await.expect(200);
        let mut known = keys(&redis).await;
        while known.len() < 2 {
            known = keys(&redis).await;
        }
        // One's value under the key of the other, and then garbage.
        let swap = "local a, b = redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2]) redis.call('SET', KEYS[1], b) redis.call('SET', KEYS[2], a)";
        redis.command(&["EVAL", swap, "2", &known[0], &known[1]]).await;
        let second = other.get("/bands").await.expect(200);
        assert_eq!((second.text(), second.statements()), (first.text(), 2), "read again");
        for key in &known {
            redis.command(&["SET", key, "{\"items\":[]}"]).await;
        }
        let third = instance(&database, &redis).await;
        assert_eq!(third.get("/bands").await.expect(200).text(), first.text());
        assert_eq!(third.get("/bands/1").await.expect(200).text(), rows.text());
    }

    async fn without_redis_each_instance_reads_for_itself(database: TestDatabase) {
        let Some(mut redis) = RedisServer::start().await else { return };
        start(&database).await.stop().await;
        let api = instance(&database, &redis).await;
        redis.kill();
        assert_eq!(warm(&api, "/bands").await["/meta/total"], json!(2));
        api.create("/bands", json!({"name": "Cure"})).await;
        assert_eq!(api.get("/bands").await.expect(200)["/meta/total"], json!(3));
    }
}
