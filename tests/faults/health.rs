//! An app whose Redis is away starts, serves and says so.

use couplet::config::{Config, Profile};
use couplet::testing::TestApp;
use couplet_tests::{Answer, Client, Fault, Proxy, RedisServer};
use serde_json::json;

use crate::support::until;

async fn app(url: String) -> (TestApp, Client) {
    let mut config = Config::default();
    config.profile = Profile::Development;
    config.database.url = "sqlite::memory:".into();
    config.redis.url = Some(url.into());
    let app = TestApp::start_with(config, |app| app).await.expect("a Redis that is away is no reason not to start");
    let client = Client::new(app.url());
    (app, client)
}

async fn ready(client: &Client) -> Answer {
    client.get("/health/ready").await.expect(200)
}

#[tokio::test]
async fn an_app_without_its_redis_is_degraded_and_recovers() {
    let Some(mut server) = RedisServer::down() else { return };
    let (app, client) = app(server.url()).await;
    let answer = ready(&client).await;
    assert_eq!(answer["/status"], "degraded");
    assert_eq!(answer["/dependencies"], json!({"database": "up", "tables": "up", "redis": "down"}));

    server.restart().await;
    until("it is ready", async || ready(&client).await["/status"] == "ready").await;
    assert_eq!(ready(&client).await["/dependencies/redis"], "up");

    server.stop();
    until("it is degraded", async || ready(&client).await["/status"] == "degraded").await;
    server.cont();
    until("it is ready again", async || ready(&client).await["/status"] == "ready").await;
    app.stop().await.unwrap();
}

#[tokio::test]
async fn an_app_does_not_wait_for_a_redis_that_is_silent() {
    let Some(server) = RedisServer::start().await else { return };
    let proxy = Proxy::start(server.address()).await;
    proxy.set(Fault::Blackhole);
    let (app, client) = app(format!("redis://{}", proxy.address())).await;
    assert_eq!(ready(&client).await["/status"], "degraded");
    let metrics = client.get("/metrics").await.expect(200).text();
    for line in
        ["redis_pool_max_connections 50", "redis_pool_connections_available 50", "redis_pool_connections_in_use 0"]
    {
        assert!(metrics.contains(line), "{line} is missing in\n{metrics}");
    }
    app.stop().await.unwrap();
}
