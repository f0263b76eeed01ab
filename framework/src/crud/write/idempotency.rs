//! Writes that a client may send again without doing them twice, as
//! [draft-ietf-httpapi-idempotency-key-header](https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/)
//! has them.
//!
//! The answer is kept in the transaction of the write, so that there is one if and only if the rows are there.

use std::collections::HashSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::Utc;
use sha2::{Digest, Sha256};

use super::{UnitOfWork, Write, budget, carry_out, with_hooks};
use crate::db::{Database, Session};
use crate::error::{Error, Result};
use crate::model::{DecodeError, Loaded, ModelMeta, Row};
use crate::sql;

/// Answers that one statement forgets.
const BATCH: i64 = 1_000;

/// Milliseconds between two times at which expired answers are looked for.
const PURGE_EVERY: i64 = 60_000;

/// Statements that a key costs a write: one asks for the answer, one keeps it.
const STATEMENTS: u32 = 2;

/// The name of errors about rows of the table.
const MODEL: &str = "the kept answers";

/// What a key is bound to, and what its request asks for.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    /// The key itself.
    pub key: &'a str,
    /// Who asks; empty as long as nobody is known.
    pub caller: &'a str,
    /// The method of the request.
    pub method: &'a str,
    /// The path of the request.
    pub path: &'a str,
    /// The query of the request, in a form in which equal ones are the same.
    pub query: &'a str,
    /// The body of the request, in a form in which equal ones are the same.
    pub body: &'a [u8],
}

/// An answer that is not yet, or no longer, an HTTP response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names and values of headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Makes an answer of the rows that were written, inside their transaction.
pub type MakeAnswer = Box<dyn Fn(Vec<Loaded>) -> Result<Answer> + Send + Sync>;

/// What became of a write with a key.
#[derive(Debug)]
pub enum Outcome {
    /// It was carried out.
    Done(Answer),
    /// It was carried out before, with this answer.
    Replayed(Answer),
    /// The key came with another request before.
    OtherRequest,
    /// A request with the key is being carried out right now.
    InFlight,
}

type Id = [u8; 32];

/// The keys of one app.
pub struct Keys {
    ttl: Duration,
    in_flight: Mutex<HashSet<Id>>,
    next_purge: AtomicI64,
}

impl Keys {
    /// Keys whose answers are kept for `ttl`.
    #[must_use]
    pub fn new(ttl: Duration) -> Self {
        Self { ttl, in_flight: Mutex::default(), next_purge: AtomicI64::new(0) }
    }

    /// Takes a key for as long as the claim lives; `None` while another claim has it.
    #[must_use]
    pub fn claim(self: &Arc<Self>, key: &Key<'_>) -> Option<Claim> {
        let id = hash([key.caller, key.method, key.path, key.key].map(str::as_bytes));
        let is_free = self.in_flight.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        let fingerprint = hash([key.query.as_bytes(), key.body]);
        is_free.then(|| Claim { keys: Arc::clone(self), id, fingerprint, caller: key.caller.to_owned() })
    }

    /// Whether it is time to look for expired answers; says so once.
    fn is_purge_due(&self, now: i64) -> bool {
        let due = self.next_purge.load(Ordering::Relaxed);
        let next = now.saturating_add(PURGE_EVERY);
        due <= now && self.next_purge.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// A key that is in use. The work holds it and not the request, which may go away before.
pub struct Claim {
    keys: Arc<Keys>,
    id: Id,
    fingerprint: Id,
    caller: String,
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.keys.in_flight.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

impl Claim {
    /// The number of the lock that other instances see.
    fn lock(&self) -> i64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.id[..8]);
        i64::from_be_bytes(bytes)
    }

    fn kept(&self, answer: &Answer, now: i64) -> Result<sql::idempotency::Kept> {
        let ttl = i64::try_from(self.keys.ttl.as_millis()).unwrap_or(i64::MAX);
        Ok(sql::idempotency::Kept {
            id: self.id.to_vec(),
            caller: self.caller.clone(),
            fingerprint: self.fingerprint.to_vec(),
            status: i16::try_from(answer.status).map_err(Error::other)?,
            headers: serde_json::to_string(&answer.headers).map_err(Error::other)?,
            body: answer.body.clone(),
            expires_at: now.saturating_add(ttl),
        })
    }
}

/// The statements that a write with a key may execute.
#[must_use]
pub fn budget_with_key(model: &ModelMeta, write: &Write) -> u32 {
    budget(model, write).saturating_add(STATEMENTS)
}

/// Carries out `write` in a transaction of its own, unless that was done before under the same key. `answer` makes of the
/// rows what is answered now and every later time.
///
/// # Errors
///
/// As [`write`](super::write()); then nothing is kept, and the same key may be used again.
pub async fn write_once(
    model: &'static ModelMeta,
    write: Write,
    claim: Claim,
    answer: MakeAnswer,
    database: &Database,
) -> Result<Outcome> {
    database.own_tables().await?;
    carry_out(database, OnceWrite { model, write, claim, answer }).await
}

struct OnceWrite {
    model: &'static ModelMeta,
    write: Write,
    claim: Claim,
    answer: MakeAnswer,
}

impl UnitOfWork for OnceWrite {
    type Output = Outcome;

    fn write(&self) -> (&'static ModelMeta, &Write) {
        (self.model, &self.write)
    }

    fn budget(&self) -> u32 {
        budget_with_key(self.model, &self.write)
    }

    /// The answer is there if and only if the rows are.
    fn needs_transaction(&self) -> bool {
        true
    }

    async fn run(&self, session: &mut Session<'_>, drafted: &mut Option<Write>) -> Result<Outcome> {
        let dialect = session.dialect();
        let now = Utc::now().timestamp_millis();
        let claim = sql::idempotency::claim(&self.claim.id, self.claim.lock(), now, dialect);
        let rows = session.fetch(&claim).await?;
        match read(rows.row(0)).map_err(|source| Error::Decode { model: MODEL, source })? {
            Found::Locked => return Ok(Outcome::InFlight),
            Found::Answer { fingerprint, answer } => {
                let is_same = fingerprint == self.claim.fingerprint;
                return Ok(if is_same { Outcome::Replayed(answer) } else { Outcome::OtherRequest });
            }
            Found::Nothing => {}
        }
        let rows = with_hooks(self.model, &self.write, session, drafted).await?;
        let answer = (self.answer)(rows)?;
        let keep = sql::idempotency::keep(self.claim.kept(&answer, now)?, now, dialect);
        if session.execute(&keep).await? == 0 {
            // Tried again it finds the answer.
            return Err(Error::Serialization("another instance has carried out the same request".to_owned()));
        }
        if self.claim.keys.is_purge_due(now)
            && let Some(transaction) = session.transaction()
        {
            transaction.after_commit(purge);
        }
        Ok(Outcome::Done(answer))
    }
}

/// What there is under a key.
enum Found {
    Nothing,
    Answer {
        fingerprint: Vec<u8>,
        answer: Answer,
    },
    /// Another instance is at it.
    Locked,
}

fn read(row: &dyn Row) -> Result<Found, DecodeError> {
    let Some(fingerprint) = row.bytes(1)? else {
        return Ok(if row.bool(0)? == Some(true) { Found::Nothing } else { Found::Locked });
    };
    let status = u16::try_from(row.i16(2)?.unwrap_or_default()).map_err(|error| DecodeError::new(2, error))?;
    let headers = serde_json::from_str(row.text(3)?.unwrap_or_default()).map_err(|error| DecodeError::new(3, error))?;
    let body = row.bytes(4)?.unwrap_or_default().to_vec();
    Ok(Found::Answer { fingerprint: fingerprint.to_vec(), answer: Answer { status, headers, body } })
}

/// Forgets what has expired, batch by batch, so that no other write waits for long.
async fn purge(database: Database) {
    let now = Utc::now().timestamp_millis();
    loop {
        let purge = sql::idempotency::purge(now, BATCH, database.dialect());
        match database.session().execute(&purge).await {
            Ok(forgotten) if forgotten >= BATCH.unsigned_abs() => {}
            Ok(_) => return,
            Err(error) => {
                tracing::warn!(%error, "expired answers are not forgotten yet");
                return;
            }
        }
    }
}

/// With their lengths, so that no two lists of parts look alike.
fn hash<const N: usize>(parts: [&[u8]; N]) -> Id {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key<'_> = Key { key: "a", caller: "", method: "POST", path: "/books", query: "", body: b"{}" };

    #[test]
    fn a_key_is_had_once_at_a_time() {
        let keys = Arc::new(Keys::new(Duration::from_secs(1)));
        let claim = keys.claim(&KEY).expect("nobody has it");
        assert!(keys.claim(&Key { body: b"[]", ..KEY }).is_none());
        let others = [Key { key: "b", ..KEY }, Key { path: "/tags", ..KEY }, Key { caller: "ann", ..KEY }];
        assert!(others.iter().all(|other| keys.claim(other).is_some()));
        drop(claim);
        assert!(keys.claim(&KEY).is_some());
    }

    #[test]
    fn parts_do_not_flow_into_each_other() {
        assert_ne!(hash([b"ab", b"c"]), hash([b"a", b"bc"]));
        assert_eq!(hash([b"ab", b"c"]), hash([b"ab", b"c"]));
    }

    #[test]
    fn expired_answers_are_looked_for_once_in_a_while() {
        let keys = Keys::new(Duration::from_secs(1));
        assert!(keys.is_purge_due(1_000_000));
        assert!(!keys.is_purge_due(1_000_001));
        assert!(keys.is_purge_due(1_000_000 + PURGE_EVERY));
    }
}
