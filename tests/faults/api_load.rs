//! Two instances on one database and one Redis, which are read and written all the time.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use couplet::config::{Config, Profile};
use couplet::prelude::*;
use couplet::testing::TestApp;
use couplet_tests::{Answer, Client, Proxy, RedisServer, TestDatabase};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// Its totals are read by the writer only, so that nobody else has brought them into memory.
#[derive(Debug, Clone, Model, Resource)]
pub(crate) struct Jar {
    pub(crate) id: i64,
    pub(crate) round: i32,
}

/// Its totals are read by everybody else.
#[derive(Debug, Clone, Model, Resource)]
pub(crate) struct Tin {
    pub(crate) id: i64,
    pub(crate) round: i32,
}

/// Read by the writer only.
#[derive(Debug, Clone, Model, Resource)]
#[resource(cache(ttl = "60s"))]
pub(crate) struct Poster {
    pub(crate) id: i64,
    pub(crate) round: i32,
}

/// Read by everybody else.
#[derive(Debug, Clone, Model, Resource)]
#[resource(cache(ttl = "60s"))]
pub(crate) struct Card {
    pub(crate) id: i64,
    pub(crate) round: i32,
}

/// Rounds of writes and reads before each fault, and in it.
pub(crate) const ROUNDS: usize = 10;

/// Rows of each model before the first round: a page of one row has to count them.
const FIRST: u64 = 2;

/// Time for what has to happen sooner or later.
const PATIENCE: Duration = Duration::from_secs(60);

/// Time for a value to be in Redis that is on its way.
const ARRIVES_WITHIN: Duration = Duration::from_secs(2);

/// Time for the circuit breakers to see that something is wrong.
const SETTLES_WITHIN: Duration = Duration::from_millis(250);

const CALM: &str = "no fault";

/// What the writer tells the readers, and how long all requests took.
struct Load {
    /// Rounds that were begun, and rounds that were acknowledged.
    begun: AtomicU64,
    done: AtomicU64,
    over: AtomicBool,
    fault: Mutex<Fault>,
    times: Mutex<BTreeMap<String, Times>>,
}

/// What happens, since when.
#[derive(Clone)]
struct Fault {
    name: String,
    since: Instant,
}

impl Fault {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), since: Instant::now() }
    }
}

/// How long requests took: those of the first moments, and those after them.
#[derive(Default)]
struct Times {
    first: Vec<Duration>,
    later: Vec<Duration>,
}

impl Load {
    /// A request, whose answer must be a good one whatever happens to Redis.
    async fn ask(&self, asking: impl Future<Output = Answer>) -> Answer {
        let (began, fault) = (Instant::now(), self.fault.lock().unwrap().clone());
        let answer = asking.await;
        let time = began.elapsed();
        assert!((200..300).contains(&answer.status()), "{}: {answer}", fault.name);
        let mut times = self.times.lock().unwrap();
        let times = times.entry(fault.name).or_default();
        if began - fault.since < SETTLES_WITHIN {
            times.first.push(time);
        } else {
            times.later.push(time);
        }
        answer
    }

    fn fault(&self) -> String {
        self.fault.lock().unwrap().name.clone()
    }

    /// Reads a number that each round makes larger by one, which must be that of a moment of the request.
    async fn read(&self, client: &Client, path: &str, pointer: &str) {
        let least = self.done.load(Ordering::SeqCst);
        let answer = self.ask(client.get(path)).await;
        let most = self.begun.load(Ordering::SeqCst);
        let first = if pointer.ends_with("total") { FIRST } else { 0 };
        let read = answer[pointer].as_u64().unwrap_or_else(|| panic!("there is no number: {answer}"));
        let fault = self.fault();
        assert!((least + first..=most + first).contains(&read), "{fault}: {read} in round {least} to {most}: {answer}");
    }
}

/// Whether a read needed no more than the tokens: of a total, and of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) total: bool,
    pub(crate) row: bool,
}

impl Found {
    pub(crate) const ALL: Self = Self { total: true, row: true };
    pub(crate) const NOTHING: Self = Self { total: false, row: false };
}

/// The keys in Redis of what a round has read: of the total, and of the row.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) totals: Vec<String>,
    pub(crate) rows: Vec<String>,
}

/// Two instances and who asks them.
pub(crate) struct Stage {
    pub(crate) redis: RedisServer,
    pub(crate) proxy: Proxy,
    instances: [(TestApp, Client); 2],
    load: Arc<Load>,
    readers: JoinSet<()>,
}

impl Stage {
    /// Starts the instances, which reach `redis` through a proxy, and the readers.
    pub(crate) async fn start(database: &TestDatabase, redis: RedisServer) -> Self {
        let proxy = Proxy::start(redis.address()).await;
        let instances = [instance(database, &proxy).await, instance(database, &proxy).await];
        let (client, round) = (&instances[0].1, json!({"round": 0}));
        for path in ["/jars", "/tins", "/posters", "/cards"] {
            for _ in 0..FIRST {
                client.post(path, &round).await.expect(201);
            }
        }
        let load = Arc::new(Load {
            begun: AtomicU64::new(0),
            done: AtomicU64::new(0),
            over: AtomicBool::new(false),
            fault: Mutex::new(Fault::new(CALM)),
            times: Mutex::default(),
        });
        let mut readers = JoinSet::new();
        for (_, client) in &instances {
            for reads in [
                &[("/tins?per_page=1", "/meta/total")][..],
                &[("/cards/1", "/round"), ("/cards?per_page=1&sort=id", "/items/0/round")],
            ] {
                let (client, load) = (client.clone(), Arc::clone(&load));
                readers.spawn(async move {
                    while !load.over.load(Ordering::Relaxed) {
                        for (path, pointer) in reads {
                            load.read(&client, path, pointer).await;
                        }
                    }
                });
            }
        }
        Self { redis, proxy, instances, load, readers }
    }

    /// Says what happens from now on; `None`: nothing.
    pub(crate) fn now(&self, fault: Option<&str>) {
        *self.load.fault.lock().unwrap() = Fault::new(fault.unwrap_or(CALM));
    }

    /// Writes through the first instance, one row after the other.
    pub(crate) async fn write(&mut self) {
        if let Some(ended) = self.readers.try_join_next() {
            ended.unwrap();
        }
        let (load, (_, client)) = (&self.load, &self.instances[0]);
        let round = load.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let body = json!({"round": round});
        for path in ["/jars", "/tins"] {
            load.ask(client.post(path, &body)).await;
        }
        for path in ["/posters/1", "/cards/1"] {
            load.ask(client.patch(path, &body)).await;
        }
        load.done.store(round, Ordering::SeqCst);
    }

    /// Reads what was written last from one of the instances.
    pub(crate) async fn read(&self, instance: usize) -> Found {
        let (load, (_, client)) = (&self.load, &self.instances[instance]);
        let (round, fault) = (load.done.load(Ordering::SeqCst), load.fault());
        let list = load.ask(client.get("/jars?per_page=1")).await;
        assert_eq!(list["/meta/total"], round + FIRST, "{fault}: {list}");
        let row = load.ask(client.get("/posters/1")).await;
        assert_eq!(row["/round"], round, "{fault}: {row}");
        Found { total: list.statements() == 1, row: row.statements() == 1 }
    }

    /// Writes and reads what was written from both; says what the second one did not have to read from the database.
    pub(crate) async fn round(&mut self) -> Found {
        self.write().await;
        self.read(0).await;
        self.read(1).await
    }

    /// So many that more happens than once.
    pub(crate) async fn rounds(&mut self) {
        for _ in 0..ROUNDS {
            self.round().await;
        }
    }

    /// Writes and reads until what the first one has read is in Redis; answers the keys of before, and the new ones.
    pub(crate) async fn store(&mut self) -> (Keys, Keys) {
        let storing = async {
            loop {
                let before = self.keys().await;
                self.write().await;
                self.read(0).await;
                let arriving = async {
                    loop {
                        let Keys { mut totals, mut rows } = self.keys().await;
                        totals.retain(|key| !before.totals.contains(key));
                        rows.retain(|key| !before.rows.contains(key));
                        if !totals.is_empty() && !rows.is_empty() {
                            return Keys { totals, rows };
                        }
                    }
                };
                // A store that takes too long on a busy machine is given up.
                if let Ok(new) = timeout(ARRIVES_WITHIN, arriving).await
                    && !before.totals.is_empty()
                    && !before.rows.is_empty()
                {
                    return (before, new);
                }
            }
        };
        timeout(PATIENCE, storing).await.expect("what was read is stored")
    }

    async fn keys(&self) -> Keys {
        let keys = async |pattern| {
            let script = "return table.concat(redis.call('KEYS', ARGV[1]), ' ')";
            let keys = self.redis.command(&["EVAL", script, "0", pattern]).await;
            keys.split_whitespace().map(str::to_owned).collect()
        };
        Keys { totals: keys("pagination:count:Jar:*").await, rows: keys("answers:posters:*").await }
    }

    /// Goes on until the second instance finds in Redis what the first one has read.
    pub(crate) async fn until_found(&mut self) {
        let finding = async { while self.round().await != Found::ALL {} };
        timeout(PATIENCE, finding).await.expect("what one has read the other finds");
    }

    /// Goes on until the circuit breakers of both let everything through.
    pub(crate) async fn until_closed(&mut self) {
        let closing = async {
            while self.breakers("circuit_breaker_state{").await != [0, 0] {
                self.round().await;
            }
        };
        timeout(PATIENCE, closing).await.expect("the circuit breakers are closed");
    }

    /// Goes on until the circuit breakers of both are open, or have been since they had opened so often.
    pub(crate) async fn until_opened(&mut self, since: [u64; 2]) {
        let began = Instant::now();
        loop {
            let (opened, states) = (self.opened().await, self.breakers("circuit_breaker_state{").await);
            // A busy machine may have opened one just before.
            if (0..2).all(|instance| opened[instance] > since[instance] || states[instance] == 2) {
                return;
            }
            let fault = self.load.fault();
            assert!(began.elapsed() < PATIENCE, "{fault}: states {states:?}, opened {opened:?} since {since:?}");
            self.round().await;
        }
    }

    /// How often the circuit breaker of each has opened.
    pub(crate) async fn opened(&self) -> [u64; 2] {
        self.breakers("circuit_breaker_state_changes_total{from_state=\"closed\"").await
    }

    async fn breakers(&self, name: &str) -> [u64; 2] {
        let read = async |instance| self.metric(instance, name, "service=\"redis\"").await;
        [read(0).await, read(1).await]
    }

    /// The sum of all metrics of that name and label.
    async fn metric(&self, instance: usize, name: &str, label: &str) -> u64 {
        let text = self.instances[instance].1.get("/metrics").await.expect(200).text();
        let lines = text.lines().filter(|line| line.starts_with(name) && line.contains(label));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    }

    /// Ends all, and prints how long requests took.
    pub(crate) async fn stop(mut self) {
        self.load.over.store(true, Ordering::Relaxed);
        while let Some(ended) = self.readers.join_next().await {
            ended.unwrap();
        }
        for instance in [0, 1] {
            assert_eq!(self.metric(instance, "pagination_count_cache_mismatch_total", "").await, 0);
        }
        for (app, _) in self.instances {
            app.stop().await.unwrap();
        }
        for (fault, Times { first, later }) in self.load.times.lock().unwrap().iter_mut() {
            println!("{fault}: at first {}; then {}", summary(first), summary(later));
        }
    }
}

fn summary(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |percent| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    format!("{} requests, p50 {:.1?}, p99 {:.1?}", times.len(), at(50), at(99))
}

async fn instance(database: &TestDatabase, proxy: &Proxy) -> (TestApp, Client) {
    let mut config = Config::default();
    config.profile = Profile::Development;
    // Time enough for a busy machine; that of Redis is as it comes.
    config.server.request_deadline = Duration::from_secs(30);
    config.database.url = database.url().into();
    config.database.pool_size = 4;
    config.database.pool_timeout = Duration::from_secs(10);
    config.database.statement_timeout = Duration::from_secs(20);
    config.cache.count_budget = Duration::from_secs(20);
    // Each total that is found is counted again.
    config.cache.verify_one_in = 1;
    // As many may go to Redis as are read.
    config.cache.max_keys_per_model = 100_000;
    config.cache.max_memory_entries = 100_000;
    config.redis.url = Some(format!("redis://{}", proxy.address()).into());
    let build = |app: couplet::App| app.resource::<Jar>().resource::<Tin>().resource::<Poster>().resource::<Card>();
    let app = TestApp::start_with(config, build).await.expect("whatever Redis does is no reason not to start");
    let client = Client::new(app.url());
    (app, client)
}
