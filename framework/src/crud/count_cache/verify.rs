//! Whether a total that was found is right: it is counted again.

use std::sync::Arc;

use super::counting::total;
use crate::cache::tiers::Tiers;
use crate::db::{Database, Session};
use crate::error::Result;
use crate::metrics::CountCacheMetrics;
use crate::query::ListQuery;
use crate::sql;
use crate::sql::token::{self, Footprint, Known, Vector};

/// A total that was found, and what it was found for.
pub(super) struct Verify {
    pub(super) query: ListQuery,
    pub(super) known: Arc<Known>,
    pub(super) footprint: Footprint,
    pub(super) vector: Vector,
    pub(super) total: u64,
    pub(super) tiers: Tiers,
    pub(super) key: String,
    pub(super) metrics: CountCacheMetrics,
}

impl Verify {
    /// Counts again. A total that is wrong is forgotten, counted as such and logged.
    pub(super) async fn run(self, database: &Database) {
        let model = self.query.model.name;
        match self.recount(&mut database.session()).await {
            Ok(Some(recounted)) if recounted != self.total => {
                self.metrics.mismatch.inc();
                tracing::error!(
                    model,
                    cached = self.total,
                    recounted,
                    "a cached total was wrong; it is forgotten. Something writes past the triggers of the table"
                );
                self.tiers.remove(&self.key).await;
            }
            Ok(_) => {}
            Err(error) => tracing::debug!(model, %error, "a cached total could not be counted again"),
        }
    }

    /// The total under the same tokens; `None` if they changed meanwhile.
    async fn recount(&self, session: &mut Session<'_>) -> Result<Option<u64>> {
        if !self.is_current(session).await? {
            return Ok(None);
        }
        let counted = session.fetch_aside(&sql::count::exact(&self.query, session.dialect())).await?;
        let total = total(&self.query, counted.as_ref())?;
        Ok(self.is_current(session).await?.then_some(total))
    }

    async fn is_current(&self, session: &mut Session<'_>) -> Result<bool> {
        let rows = session.fetch_aside(&token::read(&self.footprint, session.dialect())).await?;
        let text = rows.row(0).text(0).ok().flatten();
        Ok(self.known.vector(&self.footprint, text).as_ref() == Some(&self.vector))
    }
}
