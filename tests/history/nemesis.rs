//! What goes wrong: with Redis, with the way to it, and with the instances.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use couplet_tests::{Fault, Program, Proxy, RedisServer, Service, TestDatabase};
use tokio::time::{MissedTickBehavior, interval};

use super::instance::Serving;
use super::random::Random;
use super::sql::Sql;
use super::workers::Stage;

/// Between two faults.
const PACE: Duration = Duration::from_millis(400);

/// Two Redis servers that know nothing of each other, and a network that may do anything.
pub struct Redis {
    servers: Vec<RedisServer>,
    proxies: Vec<Proxy>,
    dumps: Vec<Vec<u8>>,
}

impl Redis {
    /// `None` where Redis is not installed.
    pub async fn start() -> Option<Self> {
        let servers = vec![RedisServer::start().await?, RedisServer::start().await?];
        let proxies = vec![Proxy::start(servers[0].address()).await, Proxy::start(servers[1].address()).await];
        Some(Self { servers, proxies, dumps: Vec::new() })
    }
}

/// Instances of the example app on one database, and what may happen to them.
pub struct Nemesis {
    stage: Arc<Stage>,
    url: String,
    sql: Sql,
    redis: Option<Redis>,
    services: Vec<Option<Service>>,
    lives: usize,
    random: Random,
    /// What was done, and how often.
    pub done: BTreeMap<&'static str, usize>,
}

impl Nemesis {
    /// Starts the instances, each with the first Redis.
    pub async fn start(stage: Arc<Stage>, database: &TestDatabase, redis: Option<Redis>, random: Random) -> Self {
        let services = stage.instances.iter().map(|_| None).collect();
        let (url, sql) = (database.url().to_owned(), Sql::connect(database).await);
        let mut nemesis = Self { stage, url, sql, redis, services, lives: 0, random, done: BTreeMap::new() };
        for instance in 0..nemesis.services.len() {
            nemesis.serve(instance, 0).await;
        }
        nemesis
    }

    /// Lets things go wrong until it is over, then mends them.
    pub async fn run(mut self) -> Self {
        let mut pace = interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !self.stage.over.load(Ordering::Relaxed) {
            pace.tick().await;
            if self.random.percent(8) {
                let (instance, redis) = (self.random.below(self.services.len()), self.random.below(2));
                self.kill(instance).await;
                self.serve(instance, redis).await;
            } else if self.redis.is_some() {
                self.disturb().await;
            }
        }
        if let Some(redis) = &mut self.redis {
            redis.proxies.iter().for_each(|proxy| proxy.set(Fault::Pass));
        }
        self
    }

    /// What the instances say of the count cache.
    pub async fn metrics(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for service in self.services.iter().flatten() {
            let metrics = service.client().get("/metrics").await.expect(200).text();
            lines.extend(metrics.lines().filter(|line| line.starts_with("pagination_count_cache")).map(str::to_owned));
        }
        lines
    }

    async fn serve(&mut self, instance: usize, redis: usize) {
        self.lives += 1;
        let name = format!("instance-{instance}-life-{}", self.lives);
        let mut program = Program::new("example-app")
            .env("DATABASE_URL", format!("{}?application_name={name}", self.url))
            .env("RUST_LOG", "warn");
        if let Some(of) = &self.redis {
            program = program.env("REDIS_URL", format!("redis://{}", of.proxies[redis].address()));
        }
        let service = program.serve().await;
        // By this it is seen when nothing of it is left.
        assert!(self.sql.connections(&name).await > 0, "connections have the name that the URL gives them");
        let serving = Serving { life: self.lives, client: service.client().clone(), name };
        self.services[instance] = Some(service);
        self.stage.instances[instance].set(Some(serving));
    }

    /// With SIGKILL, which is what dropping it does.
    async fn kill(&mut self, instance: usize) {
        self.count("an instance killed");
        self.stage.instances[instance].set(None);
        self.services[instance] = None;
    }

    async fn disturb(&mut self) {
        let (which, what) = (self.random.below(2), self.random.below(9));
        let fault = [Fault::Blackhole, Fault::Refuse, Fault::Cut, Fault::Reset, Fault::Garble][self.random.below(5)];
        let Some(redis) = &mut self.redis else { return };
        redis.proxies[which].set(Fault::Pass);
        let done = match what {
            0 => {
                redis.servers[which].restart().await;
                "Redis killed and started empty"
            }
            1 => {
                redis.servers[which].stop();
                let mut pace = interval(PACE);
                pace.tick().await;
                pace.tick().await;
                redis.servers[which].cont();
                "Redis stopped for a while"
            }
            2 | 3 => {
                let dump = redis.servers[which].save().await;
                redis.dumps.push(dump);
                "a dump taken"
            }
            4 | 5 if !redis.dumps.is_empty() => {
                // Of this server or of the other one, from any time.
                let dump = redis.dumps[self.random.below(redis.dumps.len())].clone();
                redis.servers[which].restart_from(&dump).await;
                "Redis restarted from an old dump"
            }
            6 => {
                redis.servers[which].command(&["FLUSHALL"]).await;
                "all evicted"
            }
            7 => {
                redis.proxies[which].set(Fault::Delay(Duration::from_millis(45)));
                "answers late"
            }
            _ => {
                redis.proxies[which].set(fault);
                "the network broken"
            }
        };
        self.count(done);
    }

    fn count(&mut self, what: &'static str) {
        *self.done.entry(what).or_default() += 1;
    }
}
