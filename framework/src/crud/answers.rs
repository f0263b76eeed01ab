//! Whole answers that are kept, as fresh as if they were read.
//!
//! An entry's key says which data it is of: what is asked for, and the tokens of all tables that the answer reads. A request
//! reads the tokens first, by a statement that is sent after it began, and so finds only what is of its own time or later. Who
//! finds nothing fills in: nobody may be writing (PostgreSQL's fence) before the rows are read, and the tokens must be the
//! same afterwards. So an entry is exactly the data of its tokens, whoever stores it, and never wrong.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use super::token_fetch::TokenFetch;
use super::{count_cache, hex};
use crate::cache::redis::Redis;
use crate::cache::single_flight::{Flight, Lead};
use crate::cache::{Limits, Seal, SingleFlight, Tiers};
use crate::db::{Database, Session};
use crate::error::{Error, Result};
use crate::metrics::Metrics;
use crate::model::{CacheMeta, ModelMeta, RowSet};
use crate::sql::token::{self, Footprint, Known, Vector};
use crate::sql::{Dialect, Statement};

/// The form of keys and entries; another number is another form.
const FORMAT: u8 = 1;

/// Bytes of an entry at most; Redis takes no more.
const LARGEST: usize = (1 << 20) - Seal::OVERHEAD;

/// Requests of which it is remembered what they read.
const REMEMBERED: usize = 1_000;

type Hash = [u8; 32];
type Key = Arc<str>;

/// The answers of one app.
pub struct Answers {
    /// Of all that makes another answer of the same data.
    schema: Hash,
    limits: Limits,
    metrics: Arc<Metrics>,
    tiers: OnceCell<Tiers>,
    fills: SingleFlight<Key, Option<Bytes>>,
    plans: Mutex<Plans>,
}

/// What is asked for, in a form that is the same for the same.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The resource.
    pub resource: &'static str,
    /// What of it, as [`query::asked`](crate::query::asked) writes it.
    pub request: &'a [u8],
    /// Whose rows; nothing where all callers see the same.
    pub scope: &'a [u8],
    /// How answers of the resource are kept.
    pub cache: CacheMeta,
}

/// What requests read, and who reads the tokens of that.
#[derive(Default)]
struct Plans {
    known: Option<Arc<Known>>,
    by_request: HashMap<Hash, Arc<Plan>>,
    fetches: HashMap<Vec<&'static str>, Arc<TokenFetch<Arc<Vector>>>>,
}

/// How the answer to a request is kept; the same for the same request, until the tables are looked at again.
pub struct Plan {
    request: Hash,
    resource: &'static str,
    cache: CacheMeta,
    known: Arc<Known>,
    footprint: Footprint,
    tokens: Statement,
    fence: Option<Statement>,
    fetch: Arc<TokenFetch<Arc<Vector>>>,
    last: Mutex<Option<Arc<Held>>>,
}

/// A request's answer under the tokens of one moment.
pub struct Held {
    key: Key,
    hash: Hash,
    vector: Arc<Vector>,
}

/// What a request is to do that found nothing.
pub enum Filling<'a> {
    /// To answer with what another request has found meanwhile.
    Found(Bytes),
    /// To read for itself: what another one read cannot be shared.
    Alone,
    /// To read for all who wait.
    Lead(Fill<'a>),
}

/// The duty to read an answer for all who wait. Dropped, it passes to one of them.
pub struct Fill<'a> {
    lead: Lead<Key, Option<Bytes>>,
    plan: &'a Plan,
    held: &'a Held,
    tiers: &'a Tiers,
    /// Whether no write was under way when the reading began.
    fenced: bool,
}

impl Answers {
    /// Nothing is kept yet. `signature` is of whatever else the app's answers depend on, such as its version and the keys of
    /// cursors.
    #[must_use]
    pub fn new(models: &[&'static ModelMeta], signature: &[u8], limits: Limits, metrics: Arc<Metrics>) -> Self {
        Self {
            schema: schema(models, signature),
            limits,
            metrics,
            tiers: OnceCell::new(),
            fills: SingleFlight::new(),
            plans: Mutex::default(),
        }
    }

    /// Where hits and misses are counted.
    #[must_use]
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// How the answer to what is asked for is kept. `None` where nothing can be said of some table, so that nothing may be kept.
    pub fn plan(
        &self,
        database: &Database,
        asked: &Asked<'_>,
        footprint: impl FnOnce(&Known, Dialect) -> Option<Footprint>,
    ) -> Option<Arc<Plan>> {
        self.planned(database.tokens()?, asked, footprint, database.dialect())
    }

    /// Reads the tokens of what is asked for. `None` where there is nothing to rely on.
    ///
    /// # Errors
    ///
    /// The database cannot be reached.
    pub async fn hold(&self, database: &Database, plan: &Plan) -> Result<Option<Arc<Held>>> {
        let Some(secret) = database.known_cache_secret() else { return Ok(None) };
        let read = || async {
            let read = plan.read(&mut database.session()).await;
            if matches!(read, Ok(None) | Err(Error::Database(_))) {
                // Triggers or sequences are not what was seen of them.
                database.doubt_tokens();
            }
            read
        };
        let vector = plan.fetch.tokens(plan.cache.max_staleness, read).await?;
        Ok(vector.map(|vector| plan.held(vector, secret.as_bytes())))
    }

    /// The answer, if memory holds it.
    #[must_use]
    pub fn peek(&self, held: &Held) -> Option<Bytes> {
        self.tiers.get()?.peek(&held.key)
    }

    /// The answer, if it is kept.
    ///
    /// # Errors
    ///
    /// As [`Answers::hold`].
    pub async fn find(&self, database: &Database, held: &Held) -> Result<Option<Bytes>> {
        Ok(self.tiers(database).await?.get(&held.key).await)
    }

    /// Waits for another request that reads the same, if there is one.
    ///
    /// # Errors
    ///
    /// As [`Answers::hold`].
    pub async fn fill<'a>(&'a self, database: &Database, plan: &'a Plan, held: &'a Held) -> Result<Filling<'a>> {
        let tiers = self.tiers(database).await?;
        loop {
            match self.fills.join_or_lead(Arc::clone(&held.key)) {
                Flight::Lead(lead) => {
                    // Another one may have led and landed since nothing was found.
                    return Ok(match tiers.peek(&held.key) {
                        Some(found) => Filling::Found(lead.land(Some(found.clone())).unwrap_or(found)),
                        None => Filling::Lead(Fill { lead, plan, held, tiers, fenced: false }),
                    });
                }
                Flight::Wait(wait) => match wait.landed().await {
                    Some(Some(found)) => return Ok(Filling::Found(found)),
                    Some(None) => return Ok(Filling::Alone),
                    None => {}
                },
            }
        }
    }

    fn hash(&self, asked: &Asked<'_>) -> Hash {
        let mut hash = Sha256::new().chain_update(self.schema);
        for part in [asked.resource.as_bytes(), asked.scope, asked.request] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }

    fn planned(
        &self,
        known: Arc<Known>,
        asked: &Asked<'_>,
        footprint: impl FnOnce(&Known, Dialect) -> Option<Footprint>,
        dialect: Dialect,
    ) -> Option<Arc<Plan>> {
        let request = self.hash(asked);
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if !plans.known.as_ref().is_some_and(|last| Arc::ptr_eq(last, &known)) {
            *plans = Plans { known: Some(Arc::clone(&known)), ..Plans::default() };
        }
        if let Some(plan) = plans.by_request.get(&request) {
            return Some(Arc::clone(plan));
        }
        let footprint = footprint(&known, dialect)?;
        if plans.by_request.len() >= REMEMBERED {
            plans.by_request.clear();
        }
        if plans.fetches.len() >= REMEMBERED {
            plans.fetches.clear();
        }
        let tables = footprint.tables().map(|table| table.model.name).collect();
        let fetch = Arc::clone(plans.fetches.entry(tables).or_insert_with(|| Arc::new(TokenFetch::new())));
        let (tokens, fence) = (token::read(&footprint, dialect), token::fence(&footprint, dialect));
        let Asked { resource, cache, .. } = *asked;
        let plan = Plan { request, resource, cache, known, footprint, tokens, fence, fetch, last: Mutex::default() };
        let plan = Arc::new(plan);
        plans.by_request.insert(request, Arc::clone(&plan));
        Some(plan)
    }

    /// Made with the first request, since the database has the secret that values are sealed with.
    async fn tiers(&self, database: &Database) -> Result<&Tiers> {
        let make = async || {
            let seal = Seal::new(database.cache_secret().await?.as_bytes(), "answers");
            let redis = database.find_data::<Redis>().cloned();
            Ok(Tiers::new("answers", self.limits, redis, seal, Arc::clone(&self.metrics)))
        };
        self.tiers.get_or_try_init(make).await
    }
}

impl Plan {
    /// Whether the tables were not looked at again since it was made.
    #[must_use]
    pub fn is_current(&self, database: &Database) -> bool {
        database.tokens().is_some_and(|known| Arc::ptr_eq(&known, &self.known))
    }

    /// Reads the tokens by a statement of the request.
    async fn read(&self, session: &mut Session<'_>) -> Result<Option<Arc<Vector>>> {
        Ok(self.vector(session.fetch(&self.tokens).await?.as_ref()).map(Arc::new))
    }

    fn vector(&self, rows: &dyn RowSet) -> Option<Vector> {
        let text = (rows.len() == 1).then(|| rows.row(0).text(0).ok().flatten()).flatten();
        self.known.vector(&self.footprint, text)
    }

    /// The answer under these tokens; the same one as long as they are.
    fn held(&self, vector: Arc<Vector>, secret: &[u8]) -> Arc<Held> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = last.as_ref().filter(|held| held.vector == vector) {
            return Arc::clone(held);
        }
        let hash = entry(secret, self.request, &vector);
        let key = format!("answers:{}:{}", self.resource, hex(&hash).collect::<String>()).into();
        Arc::clone(last.insert(Arc::new(Held { key, hash, vector })))
    }
}

impl Held {
    /// An entity tag of the answer, without quotes: another one as soon as a table that it reads has changed.
    #[must_use]
    pub fn tag(&self) -> String {
        hex(&self.hash[..16]).collect()
    }
}

impl Fill<'_> {
    /// Begins to read: what is executed next in `session` sees every write that the tokens tell of, or nothing will be kept.
    pub async fn begin(&mut self, session: &mut Session<'_>) {
        self.fenced = match &self.plan.fence {
            None => true,
            Some(fence) => match session.fetch_aside(fence).await {
                Ok(rows) => rows.len() == 1 && matches!(rows.row(0).bool(0), Ok(Some(true))),
                // What is read next says what is wrong with the database.
                Err(_) => false,
            },
        };
    }

    /// Ends with what was read in `session`, which those who wait get and which is kept if it is the answer of the tokens. Answers
    /// whether it is.
    pub async fn end(self, session: &mut Session<'_>, answer: &Bytes) -> bool {
        let (plan, Held { vector, key, .. }) = (self.plan, self.held);
        // A write that began since then may show in a part of the answer.
        let is_same = self.fenced
            && match session.fetch_aside(&plan.tokens).await {
                Ok(rows) => plan.vector(rows.as_ref()).as_ref() == Some(vector.as_ref()),
                Err(_) => false,
            };
        if is_same && answer.len() <= LARGEST {
            self.tiers.put(key, answer.clone(), plan.cache.ttl);
        }
        self.lead.land(is_same.then(|| answer.clone()));
        is_same
    }

    /// Ends with nothing that others could use.
    pub fn give_up(self) {
        self.lead.land(None);
    }
}

/// What tells an answer from all others. A copy of a database may have the same tokens for other data, hence its secret: an
/// entity tag of the one is none of the other.
fn entry(secret: &[u8], request: Hash, vector: &Vector) -> Hash {
    let hash = Sha256::new().chain_update(secret).chain_update(request).chain_update(vector.as_bytes());
    hash.finalize().into()
}

/// Another app, or another version of it, makes other answers of the same data.
fn schema(models: &[&'static ModelMeta], signature: &[u8]) -> Hash {
    let mut models = models.to_vec();
    models.sort_unstable_by_key(|model| model.name);
    let mut hash = Sha256::new();
    let mut add = |part: &[u8]| {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    };
    add(env!("CARGO_PKG_VERSION").as_bytes());
    for model in models {
        add(&count_cache::schema(model));
        for column in model.columns {
            add(column.api_name.as_bytes());
            add(format!("{:?}", column.access).as_bytes());
        }
        for computed in model.computed {
            add(computed.api_name.as_bytes());
            add(format!("{:?}", (computed.ty, computed.nullable)).as_bytes());
        }
        model.relations.iter().for_each(|relation| add(relation.api_name.as_bytes()));
    }
    hash.chain_update([FORMAT]).chain_update(signature).finalize().into()
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::time::Duration;

    use super::*;
    use crate::fixtures::{AUTHORS, BOOKS, TAGS};

    fn answers(models: &[&'static ModelMeta], signature: &[u8]) -> Answers {
        let limits = Limits { entries: NonZeroUsize::MIN, bytes: 1 };
        Answers::new(models, signature, limits, Arc::new(Metrics::new("test").expect("the table is valid")))
    }

    fn asked<'a>(resource: &'static str, scope: &'a [u8], request: &'a [u8]) -> Asked<'a> {
        let cache = CacheMeta { ttl: Duration::from_secs(60), max_staleness: Duration::ZERO };
        Asked { resource, request, scope, cache }
    }

    #[test]
    fn nobody_gets_what_was_kept_for_another_scope_or_resource() {
        let answers = answers(&[&BOOKS], b"");
        let one = answers.hash(&asked("books", b"ann", b"1"));
        assert_eq!(one, answers.hash(&asked("books", b"ann", b"1")));
        for other in [
            asked("books", b"bob", b"1"),
            asked("books", b"", b"1"),
            asked("books", b"ann", b"2"),
            asked("books", b"ann1", b""),
            asked("shelves", b"ann", b"1"),
        ] {
            assert_ne!(one, answers.hash(&other), "{other:?}");
        }
    }

    #[test]
    fn a_copy_of_a_database_has_tags_of_its_own() {
        let table = token::KnownTable { shape: "7".to_owned(), partitioned: false, columns: Vec::new() };
        let known = Known { tables: HashMap::from([(BOOKS.name, table)]) };
        let everything = crate::query::Filter::everything();
        let footprint = Footprint::of_answer(&BOOKS, &everything, &[], &[], &known, Dialect::Postgres);
        let vector = known.vector(&footprint.expect("known"), Some("e,7,1")).expect("a vector");
        assert_eq!(entry(&[1; 32], [3; 32], &vector), entry(&[1; 32], [3; 32], &vector));
        assert_ne!(entry(&[1; 32], [3; 32], &vector), entry(&[2; 32], [3; 32], &vector));
        assert_ne!(entry(&[1; 32], [3; 32], &vector), entry(&[1; 32], [4; 32], &vector));
    }

    #[test]
    fn another_version_of_an_app_has_answers_of_its_own() {
        let one = answers(&[&BOOKS, &AUTHORS], b"key").schema;
        assert_eq!(one, answers(&[&AUTHORS, &BOOKS], b"key").schema);
        assert_ne!(one, answers(&[&BOOKS, &TAGS], b"key").schema);
        assert_ne!(one, answers(&[&BOOKS, &AUTHORS], b"other").schema);
    }

    #[test]
    fn what_a_request_reads_is_found_out_once_and_again_when_the_tables_were_looked_at_again() {
        let answers = answers(&[&BOOKS], b"");
        let table = token::KnownTable { shape: "1".to_owned(), partitioned: false, columns: Vec::new() };
        let known = || Arc::new(Known { tables: HashMap::from([(BOOKS.name, table.clone())]) });
        let everything = crate::query::Filter::everything();
        let of_books = |known: &Known, dialect| Footprint::of_answer(&BOOKS, &everything, &[], &[], known, dialect);
        let plan = |known: &Arc<Known>, request| {
            let asked = asked("books", b"", request);
            answers.planned(Arc::clone(known), &asked, of_books, Dialect::Sqlite).expect("the table is known")
        };
        let first = known();
        let one = plan(&first, b"1");
        assert!(Arc::ptr_eq(&one, &plan(&first, b"1")));
        assert!(Arc::ptr_eq(&one.fetch, &plan(&first, b"2").fetch), "the same tables, so the same tokens");
        assert!(!Arc::ptr_eq(&one, &plan(&known(), b"1")));
        let unknown = answers.planned(Arc::default(), &asked("books", b"", b"1"), of_books, Dialect::Sqlite);
        assert!(unknown.is_none());
    }

    #[test]
    fn an_answer_has_one_key_as_long_as_the_tokens_are_the_same() {
        let answers = answers(&[&BOOKS], b"");
        let table = token::KnownTable { shape: "1".to_owned(), partitioned: false, columns: Vec::new() };
        let known = Arc::new(Known { tables: HashMap::from([(BOOKS.name, table)]) });
        let everything = crate::query::Filter::everything();
        let of_books = |known: &Known, dialect| Footprint::of_answer(&BOOKS, &everything, &[], &[], known, dialect);
        let plan = answers.planned(known, &asked("books", b"", b"1"), of_books, Dialect::Sqlite).expect("known");
        let vector = |text| Arc::new(plan.known.vector(&plan.footprint, Some(text)).expect("a vector"));
        let one = plan.held(vector("e,1,7"), b"secret");
        assert!(Arc::ptr_eq(&one, &plan.held(vector("e,1,7"), b"secret")));
        let other = plan.held(vector("e,1,8"), b"secret");
        assert_ne!((&one.key, one.tag()), (&other.key, other.tag()));
        assert_eq!(plan.held(vector("e,1,7"), b"secret").key, one.key);
    }

    #[test]
    fn hashes_are_written_in_hex() {
        assert_eq!(hex(&[0, 0x1f, 0xff]).collect::<String>(), "001fff");
    }
}
