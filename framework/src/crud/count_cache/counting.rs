//! How the total of one list is found, as far as it is known before its page is read.

use std::sync::Arc;

use futures_util::FutureExt;
use tokio::time::Instant;

use super::asked::{Asked, Holds};
use super::key::What;
use super::reads::Read;
use super::{CountCache, Counted, Inner, OfModel, Probe};
use crate::crud::decode_error;
use crate::db::Session;
use crate::error::{Error, Result};
use crate::model::{RowSet, Totals};
use crate::query::{CountMode, Filter, ListQuery, fingerprint};
use crate::sql::token::{self, Footprint, Known, Vector};
use crate::sql::{self, Dialect};

/// Bytes of a filter's fingerprint at most; a longer one is hardly asked for again.
const LONGEST: usize = 16 * 1024;

/// How the total of a list is found.
pub(crate) enum Counting {
    /// Counted, however long it takes: there is no app, or a transaction sees what others do not.
    Plain(Option<CountCache>),
    /// Counted within the budget, for a reason.
    Uncached(CountCache, &'static str),
    /// Kept for a time.
    Timed(CountCache),
    /// Kept for as long as the tokens are the same.
    Fresh(CountCache, Arc<Read>),
}

/// What narrows the rows that a caller sees, beside the filter. There is nothing such yet.
const SCOPE: &[u8] = &[];

impl Counting {
    /// How `query` is counted in `session`.
    pub(crate) fn of(query: &ListQuery, session: &Session<'_>) -> Self {
        let Some(cache) = session.data::<CountCache>().cloned() else { return Self::Plain(None) };
        if session.pooled().is_none() {
            return Self::Plain(Some(cache));
        }
        let is_counted = match query.count {
            CountMode::None => false,
            CountMode::Estimated => session.dialect() == Dialect::Sqlite,
            CountMode::Exact | CountMode::Cached => true,
        };
        let Some(of) = cache.0.models.get(query.model.name).filter(|_| is_counted) else { return Self::Plain(None) };
        match query.count_cache.totals {
            Totals::Off => return Self::Uncached(cache, "off"),
            _ if !query.count_cache.searches && searches(&query.filter) => return Self::Uncached(cache, "search"),
            Totals::Ttl => return Self::Timed(cache),
            Totals::Fresh => {}
        }
        let find = |known: &Known| {
            let footprint = Footprint::of_count(query, known, session.dialect());
            footprint.filter(|it| it.tables().all(|table| cache.0.models.contains_key(table.model.name)))
        };
        match session.tokens().and_then(|known| of.reads.read(query, known, find)) {
            Some(read) => Self::Fresh(cache, read),
            None => Self::Uncached(cache, "no_tokens"),
        }
    }

    /// The tokens that the page is to carry.
    pub(crate) fn footprint(&self) -> Option<&Footprint> {
        match self {
            Self::Fresh(_, read) => Some(&read.footprint),
            _ => None,
        }
    }

    /// The same where the tokens cannot be read.
    pub(crate) fn without_tokens(self) -> Self {
        match self {
            Self::Fresh(cache, _) => Self::Uncached(cache, "no_tokens"),
            other => other,
        }
    }

    /// The total. `tokens` is what a row of the page carried; `None` if there was no row.
    ///
    /// # Errors
    ///
    /// The database cannot be reached or refuses a statement.
    pub(crate) async fn total(
        &self,
        query: &ListQuery,
        tokens: Option<Option<String>>,
        session: &mut Session<'_>,
    ) -> Result<Counted> {
        match self {
            Self::Plain(cache) => {
                if let Some(of) = cache.as_ref().and_then(|cache| cache.0.models.get(query.model.name)) {
                    of.metrics.bypassed("transaction");
                }
                counted(query, session).boxed().await
            }
            Self::Uncached(cache, reason) => cache.0.uncached(query, reason, session).boxed().await,
            Self::Timed(cache) => cache.0.asked(query, session, |_| Ok(Holds::Time)).await,
            Self::Fresh(cache, read) => {
                let text = match tokens {
                    Some(text) => text,
                    None => read.aside(session).boxed().await?,
                };
                let Some(vector) = read.known.vector(&read.footprint, text.as_deref()) else {
                    session.doubt_tokens();
                    return cache.0.uncached(query, "no_tokens", session).boxed().await;
                };
                cache.0.asked(query, session, |inner| Ok(read.holds(inner, vector))).await
            }
        }
    }
}

impl Read {
    /// The tokens as they are now.
    async fn aside(&self, session: &mut Session<'_>) -> Result<Option<String>> {
        match session.fetch_aside(&token::read(&self.footprint, session.dialect())).await {
            Ok(rows) => Ok(rows.row(0).text(0).ok().flatten().map(str::to_owned)),
            Err(Error::Database(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn holds<'a>(&'a self, inner: &'a Inner, vector: Vector) -> Holds<'a> {
        let schema = |table: &token::footprint::TableRead| inner.models.get(table.model.name).map(|of| &of.schema);
        let schemas = self.footprint.tables().filter_map(schema).collect();
        Holds::Tokens { known: &self.known, footprint: &self.footprint, schemas, vector }
    }
}

impl Inner {
    async fn asked<'a>(
        &'a self,
        query: &'a ListQuery,
        session: &mut Session<'_>,
        holds: impl FnOnce(&'a Self) -> Result<Holds<'a>>,
    ) -> Result<Counted> {
        let rows = fingerprint::rows(query);
        if rows.len() > LONGEST {
            return self.uncached(query, "too_large", session).boxed().await;
        }
        let Some(of) = self.models.get(query.model.name) else {
            return self.uncached(query, "starting", session).await;
        };
        let Some(kept) = self.kept(of, session) else { return self.uncached(query, "starting", session).await };
        let (holds, probe) = (holds(self)?, session.data::<Probe>().cloned());
        let asked = Asked::new(self, of, kept, query, What { rows: &rows, scope: SCOPE }, holds, probe);
        asked.total(session).await
    }

    /// Counts within the budget.
    async fn uncached(&self, query: &ListQuery, reason: &'static str, session: &mut Session<'_>) -> Result<Counted> {
        let Some(of) = self.models.get(query.model.name) else {
            return Err(Error::other("the model is not in the app"));
        };
        of.metrics.bypassed(reason);
        let rows = fingerprint::rows(query);
        let list = self.kept(of, session).map(|kept| kept.keys.list(What { rows: &rows, scope: SCOPE }));
        if list.as_ref().is_some_and(|list| of.slow.remembers(list)) {
            return Ok(Counted::TooLong);
        }
        let deadline = Instant::now() + self.options.budget;
        let Some(_permit) = of.permit(deadline, session).await else { return Ok(Counted::TooLong) };
        let statement = sql::count::exact(query, session.dialect());
        match self.count_within(of, &statement, list, deadline, session).await? {
            Some(counted) => total(query, counted.as_ref()).map(Counted::Total),
            None => Ok(Counted::TooLong),
        }
    }

    /// Executes a COUNT; `None` if it took too long, which is remembered of the list if it had time.
    pub(super) async fn count_within(
        &self,
        of: &OfModel,
        statement: &sql::Statement,
        list: Option<[u8; 32]>,
        deadline: Instant,
        session: &mut Session<'_>,
    ) -> Result<Option<Box<dyn RowSet>>> {
        let left = deadline.saturating_duration_since(Instant::now());
        match session.fetch_within(statement, left).await {
            Ok(counted) => Ok(Some(counted)),
            Err(Error::DeadlineExceeded) => {
                if let Some(list) = list.filter(|_| left >= self.options.budget / 2) {
                    of.slow.remember(list);
                }
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// Counts, however long it takes.
async fn counted(query: &ListQuery, session: &mut Session<'_>) -> Result<Counted> {
    let counted = session.fetch(&sql::count::exact(query, session.dialect())).await?;
    total(query, counted.as_ref()).map(Counted::Total)
}

/// The number that a COUNT answers.
pub(super) fn total(query: &ListQuery, counted: &dyn RowSet) -> Result<u64> {
    let total = counted.row(0).i64(0).map_err(decode_error(query.model))?.unwrap_or_default();
    Ok(u64::try_from(total).unwrap_or_default())
}

/// Whether a text that somebody has typed stands anywhere in it.
fn searches(filter: &Filter) -> bool {
    match filter {
        Filter::All(filters) | Filter::Any(filters) => filters.iter().any(searches),
        Filter::Not(filter) | Filter::Related(_, filter) => searches(filter),
        Filter::Search(..) => true,
        Filter::Compare(_) | Filter::LinkedTo(..) => false,
    }
}
