//! A total that is asked for: found, or counted once for all who ask at the same time.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use futures_util::FutureExt;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::counting::total;
use super::key::{Key, What, While};
use super::outcome::{Counted, Outcome, shared};
use super::probe::{Point, Probe};
use super::verify::Verify;
use super::{Inner, Kept, OfModel};
use crate::cache::single_flight::{Flight, Lead};
use crate::db::Session;
use crate::error::{Error, Result};
use crate::query::ListQuery;
use crate::sql::token::{self, Footprint, Known, Vector};
use crate::sql::{self, Dialect};

/// A total that is asked for.
pub(super) struct Asked<'a> {
    inner: &'a Inner,
    of: &'a OfModel,
    kept: &'a Kept,
    query: &'a ListQuery,
    what: What<'a>,
    holds: Holds<'a>,
    key: Key,
    probe: Option<Probe>,
}

/// For how long it holds.
pub(super) enum Holds<'a> {
    /// As long as the tokens of the footprint are the vector.
    Tokens { known: &'a Arc<Known>, footprint: &'a Footprint, schemas: Vec<&'a [u8; 32]>, vector: Vector },
    /// For a time.
    Time,
}

impl<'a> Asked<'a> {
    pub(super) fn new(
        inner: &'a Inner,
        of: &'a OfModel,
        kept: &'a Kept,
        query: &'a ListQuery,
        what: What<'a>,
        holds: Holds<'a>,
        probe: Option<Probe>,
    ) -> Self {
        let key = match &holds {
            Holds::Tokens { schemas, vector, .. } => kept.keys.key(what, While::Tokens(schemas, vector)),
            Holds::Time => kept.keys.key(what, While::Time(&inner.schema)),
        };
        Self { inner, of, kept, query, what, holds, key, probe }
    }

    /// The total.
    pub(super) async fn total(&self, session: &mut Session<'_>) -> Result<Counted> {
        self.reach(Point::TokensRead).await;
        if let Some(total) = self.kept.tiers.peek(&self.key.text).and_then(|value| number(&value)) {
            return Ok(self.found(total, session));
        }
        let deadline = Instant::now() + self.inner.options.budget;
        loop {
            match self.of.flights.join_or_lead(self.key.hash) {
                Flight::Lead(lead) => return self.lead(lead, deadline, session).boxed().await,
                Flight::Wait(wait) => {
                    // Of a thousand who wait, none holds a connection.
                    session.release();
                    match timeout_at(deadline, wait.landed()).await {
                        Ok(Some(outcome)) => return self.shared(outcome),
                        // The leader was cancelled.
                        Ok(None) => {}
                        Err(_) => return Ok(Counted::TooLong),
                    }
                }
            }
        }
    }

    /// What somebody else has found or counted.
    fn shared(&self, outcome: Outcome) -> Result<Counted> {
        match outcome {
            Outcome::Kept(total) => {
                self.of.metrics.hits.inc();
                Ok(self.kept_total(total))
            }
            Outcome::Counted(total) => {
                self.of.metrics.misses.inc();
                Ok(self.kept_total(total))
            }
            Outcome::TooLong => Ok(Counted::TooLong),
            Outcome::Failed(error) => Err(shared(&error)),
        }
    }

    /// A total that was not counted for this request.
    fn kept_total(&self, total: u64) -> Counted {
        match self.holds {
            Holds::Tokens { .. } => Counted::Total(total),
            Holds::Time => Counted::Earlier(total),
        }
    }

    fn found(&self, total: u64, session: &Session<'_>) -> Counted {
        self.of.metrics.hits.inc();
        let one_in = self.inner.options.verify_one_in;
        if one_in > 0 && self.inner.found.fetch_add(1, Ordering::Relaxed).is_multiple_of(one_in) {
            self.verify(total, session);
        }
        self.kept_total(total)
    }

    /// Has a total that was found counted again, unless another one is.
    fn verify(&self, total: u64, session: &Session<'_>) {
        let (Holds::Tokens { known, footprint, vector, .. }, Some(database)) = (&self.holds, session.pooled()) else {
            return;
        };
        let Ok(permit) = Arc::clone(&self.inner.verifying).try_acquire_owned() else { return };
        let verify = Verify {
            query: self.query.clone(),
            known: Arc::clone(known),
            footprint: Footprint::clone(footprint),
            vector: vector.clone(),
            total,
            tiers: self.kept.tiers.clone(),
            key: self.key.text.clone(),
            metrics: self.of.metrics.clone(),
        };
        let of_task = database.clone();
        drop(database.carry_through(async move {
            verify.run(&of_task).await;
            drop(permit);
        }));
    }

    async fn lead(
        &self,
        mut lead: Lead<[u8; 32], Outcome>,
        deadline: Instant,
        session: &mut Session<'_>,
    ) -> Result<Counted> {
        self.reach(Point::Leads).await;
        match self.find(&mut lead, deadline, session).await {
            Ok(outcome) => Ok(match lead.land(outcome) {
                Outcome::Kept(total) => self.found(total, session),
                Outcome::Counted(total) => Counted::Total(total),
                Outcome::TooLong | Outcome::Failed(_) => Counted::TooLong,
            }),
            // Others may have statements left where this request has none.
            Err(error @ Error::BudgetExceeded(_)) => Err(error),
            Err(error) => {
                let error = Arc::new(error);
                lead.land(Outcome::Failed(Arc::clone(&error)));
                Err(shared(&error))
            }
        }
    }

    async fn find(
        &self,
        lead: &mut Lead<[u8; 32], Outcome>,
        deadline: Instant,
        session: &mut Session<'_>,
    ) -> Result<Outcome> {
        if self.kept.tiers.are_shared() {
            session.release();
        }
        if let Some(total) = self.kept.tiers.get(&self.key.text).await.and_then(|value| number(&value)) {
            return Ok(Outcome::Kept(total));
        }
        let list = self.kept.keys.list(self.what);
        if self.of.slow.remembers(&list) {
            return Ok(Outcome::TooLong);
        }
        let Some(_permit) = self.of.permit(deadline, session).await else { return Ok(Outcome::TooLong) };
        self.of.metrics.misses.inc();
        let counted = match (&self.holds, session.dialect()) {
            (Holds::Tokens { known, footprint, .. }, Dialect::Sqlite) => {
                self.count_with_tokens(known, footprint, list, deadline, session).await?
            }
            (Holds::Tokens { footprint, .. }, Dialect::Postgres) => {
                self.count_behind_fence(footprint, lead, list, deadline, session).await?
            }
            (Holds::Time, _) => self.count(list, deadline, session).await?.inspect(|total| self.put(&self.key, *total)),
        };
        Ok(counted.map_or(Outcome::TooLong, Outcome::Counted))
    }

    async fn count(&self, list: [u8; 32], deadline: Instant, session: &mut Session<'_>) -> Result<Option<u64>> {
        let statement = sql::count::exact(self.query, session.dialect());
        let counted = self.inner.count_within(self.of, &statement, Some(list), deadline, session).await?;
        self.reach(Point::Counted).await;
        counted.map(|counted| total(self.query, counted.as_ref())).transpose()
    }

    /// PostgreSQL: the fence says whether every writer that the tokens tell of has ended. Only a snapshot that begins afterwards
    /// sees all of them.
    async fn count_behind_fence(
        &self,
        footprint: &Footprint,
        lead: &mut Lead<[u8; 32], Outcome>,
        list: [u8; 32],
        deadline: Instant,
        session: &mut Session<'_>,
    ) -> Result<Option<u64>> {
        let Some(fence) = token::fence(footprint, Dialect::Postgres) else { return Ok(None) };
        let left = deadline.saturating_duration_since(Instant::now());
        let granted = match session.fetch_aside_within(&fence, left).await {
            Ok(rows) => rows.row(0).bool(0).ok().flatten().unwrap_or_default(),
            Err(Error::DeadlineExceeded) => return Ok(None),
            // The database may have no room for locks, or this user none of them: that is no reason to have no total.
            Err(Error::Database(_)) => false,
            Err(error) => return Err(error),
        };
        self.reach(Point::Fenced(granted)).await;
        if !granted {
            self.of.metrics.fill_refused.inc();
            // A writer whose token they have read may commit while this counts: who asks after that must see it.
            lead.close();
        }
        let counted = self.count(list, deadline, session).await?;
        if let Some(total) = counted.filter(|_| granted) {
            self.put(&self.key, total);
            self.reach(Point::Stored).await;
        }
        Ok(counted)
    }

    /// SQLite: one statement sees rows and tokens at one moment, which may be a later one than the page's.
    async fn count_with_tokens(
        &self,
        known: &Known,
        footprint: &Footprint,
        list: [u8; 32],
        deadline: Instant,
        session: &mut Session<'_>,
    ) -> Result<Option<u64>> {
        let statement = sql::count::exact_with(self.query, footprint, Dialect::Sqlite);
        let counted = self.inner.count_within(self.of, &statement, Some(list), deadline, session).await?;
        self.reach(Point::Counted).await;
        let Some(counted) = counted else { return Ok(None) };
        let total = total(self.query, counted.as_ref())?;
        let tokens = counted.row(0).text(1).ok().flatten();
        if let (Some(vector), Holds::Tokens { schemas, .. }) = (known.vector(footprint, tokens), &self.holds) {
            self.put(&self.kept.keys.key(self.what, While::Tokens(schemas, &vector)), total);
            self.reach(Point::Stored).await;
        }
        Ok(Some(total))
    }

    fn put(&self, key: &Key, total: u64) {
        self.kept.tiers.put(&key.text, Bytes::from(total.to_string()), self.inner.options.ttl);
    }

    async fn reach(&self, point: Point) {
        Probe::reach(self.probe.as_ref(), point).await;
    }
}

impl OfModel {
    /// A place among those who count, within the time; who waits for one holds no connection.
    pub(super) async fn permit(&self, deadline: Instant, session: &mut Session<'_>) -> Option<OwnedSemaphorePermit> {
        let counting = Arc::clone(&self.counting);
        if let Ok(permit) = Arc::clone(&counting).try_acquire_owned() {
            return Some(permit);
        }
        session.release();
        timeout_at(deadline, counting.acquire_owned()).await.ok()?.ok()
    }
}

/// The total that was stored; `None` for anything else.
fn number(value: &[u8]) -> Option<u64> {
    std::str::from_utf8(value).ok()?.parse().ok()
}
