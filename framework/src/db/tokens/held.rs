//! What a database handle knows of its tokens.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use crate::model::ModelMeta;
use crate::sql::token::Known;

/// How long after the beginning of a look the next one may begin.
const PAUSE: Duration = Duration::from_secs(1);

/// Which tables have tokens, and when that was looked at.
#[derive(Default)]
pub(in crate::db) struct Held {
    /// `None` until somebody has looked.
    known: RwLock<Option<Arc<Known>>>,
    /// The models whose tables are meant to have tokens.
    models: OnceLock<Vec<&'static ModelMeta>>,
    looks: Mutex<Looks>,
    /// Upgradable while somebody waits for a table that has no tokens yet.
    waiting: Mutex<Weak<()>>,
}

#[derive(Default)]
struct Looks {
    is_under_way: bool,
    last: Option<Instant>,
}

impl Held {
    pub(in crate::db) fn known(&self) -> Option<Arc<Known>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(in crate::db) fn set(&self, known: Option<Arc<Known>>) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
    }

    pub(super) fn models(&self) -> Option<&[&'static ModelMeta]> {
        self.models.get().map(Vec::as_slice)
    }

    pub(super) fn set_models(&self, models: &[&'static ModelMeta]) {
        // An app has one catalog.
        let _ = self.models.set(models.to_vec());
    }

    /// Whether a look may begin; [`Held::end`] tells that it is over.
    pub(super) fn begin(&self) -> bool {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        if looks.is_under_way || looks.last.is_some_and(|last| last.elapsed() < PAUSE) {
            return false;
        }
        *looks = Looks { is_under_way: true, last: Some(Instant::now()) };
        true
    }

    pub(super) fn end(&self) {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner).is_under_way = false;
    }

    /// What the one who waits for tables has to keep meanwhile; `None` where somebody waits already.
    pub(super) fn wait(&self) -> Option<Arc<()>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.strong_count() > 0 {
            return None;
        }
        let waits = Arc::new(());
        *waiting = Arc::downgrade(&waits);
        Some(waits)
    }
}
