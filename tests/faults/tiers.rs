//! Values that never change, in memory and in Redis.

use std::num::NonZeroUsize;

use couplet::cache::{Limits, Seal, Tiers};
use couplet_tests::RedisServer;

use crate::support::{Client, LONG, until};

fn tiers(client: &Client, secret: &[u8]) -> Tiers {
    let limits = Limits { entries: NonZeroUsize::new(3).expect("not 0"), bytes: 1 << 20 };
    let seal = Seal::new(secret, "counts");
    Tiers::new("Author", limits, Some(client.redis.clone()), seal, client.metrics.clone())
}

#[tokio::test]
async fn what_one_instance_found_the_others_have_from_redis() {
    let Some(server) = RedisServer::start().await else { return };
    let client = Client::connected(server.url()).await;
    let (one, other, stranger) = (tiers(&client, b"one"), tiers(&client, b"one"), tiers(&client, b"another"));
    for key in ["a", "b", "c", "d", "e"] {
        one.put(key, key.into(), LONG);
    }
    until("the other has it", async || other.get("a").await.as_deref() == Some(b"a")).await;
    assert_eq!(other.peek("a").as_deref(), Some(&b"a"[..]), "memory has it from now on");
    assert_eq!(stranger.get("a").await, None);
    until("three are stored", async || server.command(&["DBSIZE"]).await == ":3").await;
    assert_eq!(one.peek("e").as_deref(), Some(&b"e"[..]), "what does not go to Redis is in memory");
    assert_eq!(other.get("e").await, None);
    assert_eq!(server.command(&["COPY", "a", "z"]).await, ":1");
    assert_eq!(other.get("z").await, None, "it was stored under another key");
}
