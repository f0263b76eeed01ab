//! Code of the app's own around every write of a model, inside its transaction.
//!
//! The derive puts a [`HookTable`] into the constant table of a model with `#[model(hooks)]`; a model without pays nothing.
//! In a write of many rows each step is done for all of them before the next one.

mod context;
mod table;

use std::future::ready;

pub use context::HookContext;
pub use table::HookTable;
pub(super) use table::statements;

use super::draft::Draft;
use crate::error::{InputError, Result};
use crate::model::Model;

/// What an app does around every write of a model: over HTTP and from Rust, for each row of a write of many. The model says
/// `#[model(hooks)]`, and every method has a default that does nothing.
///
/// All but [`after_commit`](Hooks::after_commit) run in the transaction of the write. An error takes all of it back and is
/// the answer, of whatever kind it is. A transaction that deadlocked is tried again, and the hooks with it.
///
/// # Examples
///
/// ```
/// use couplet::crud::{Draft, HookContext, Hooks};
/// use couplet::error::InputError;
/// use couplet::prelude::*;
///
/// #[derive(Debug, Clone, Model)]
/// #[model(hooks)]
/// pub struct Seat {
///     pub id: i64,
///     pub show_id: i64,
///     pub guest: String,
/// }
///
/// impl Hooks for Seat {
///     async fn validate(draft: &Draft<Self>, context: &mut HookContext<'_>) -> Result<Vec<InputError>> {
///         let (Some(show), Some(guest)) = (draft.get(Seat::SHOW_ID), draft.get(Seat::GUEST)) else {
///             return Ok(Vec::new());
///         };
///         let seats = Seat::query().filter(Seat::SHOW_ID.eq(show) & Seat::GUEST.eq(guest));
///         let taken = seats.first(&mut *context).await?.is_some();
///         Ok(taken.then(|| Seat::GUEST.mistake("taken", "this guest has a seat already")).into_iter().collect())
///     }
///
///     async fn before_create(draft: &mut Draft<Self>, _: &mut HookContext<'_>) -> Result<()> {
///         if let Some(guest) = draft.get(Seat::GUEST) {
///             draft.set(Seat::GUEST, guest.trim());
///         }
///         Ok(())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has `#[model(hooks)]` but no hooks",
    label = "there is no `impl Hooks for {Self}`",
    note = "write `impl couplet::crud::Hooks for {Self} {{ .. }}` with the methods that you need, or remove `hooks`"
)]
#[expect(unused_variables, reason = "the defaults do nothing; users see the names")]
pub trait Hooks: Hooked {
    /// Answers what is wrong with a create, an update or a restore; together with the values that break a rule of their column it
    /// becomes one 422 that names all. So a value may break its rule here.
    fn validate(
        draft: &Draft<Self>,
        context: &mut HookContext<'_>,
    ) -> impl Future<Output = Result<Vec<InputError>>> + Send {
        ready(Ok(Vec::new()))
    }

    /// Runs before a row is inserted. Where it gives a row of an upsert the unique key of one that is there, that one is changed
    /// by what the caller has set.
    fn before_create(
        draft: &mut Draft<Self>,
        context: &mut HookContext<'_>,
    ) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }

    /// Runs before a row is changed that is there and that the caller may change; it is locked by then. A restore is a change, and
    /// so is an upsert of a row that is there.
    fn before_update(
        key: &Self::Key,
        draft: &mut Draft<Self>,
        context: &mut HookContext<'_>,
    ) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }

    /// Runs before a row is deleted that is there and that the caller may delete; it is locked by then.
    fn before_delete(key: &Self::Key, context: &mut HookContext<'_>) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }

    /// Runs after a row and its children were inserted, with the row as it is.
    fn after_create(row: &Self, context: &mut HookContext<'_>) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }

    /// Runs after a row was changed, with the row as it is.
    fn after_update(row: &Self, context: &mut HookContext<'_>) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }

    /// Runs after a row was deleted, with the row as it was; one that stays has its mark.
    fn after_delete(row: &Self, context: &mut HookContext<'_>) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }

    /// Runs once the change is there for everyone, in a task that no answer waits for. An error is logged and changes
    /// nothing.
    fn after_commit(
        change: &Committed<Self>,
        context: &mut HookContext<'_>,
    ) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }
}

/// A model with `#[model(hooks)]`.
#[diagnostic::on_unimplemented(
    message = "the hooks of `{Self}` would never run",
    label = "this model does not ask for hooks",
    note = "add `#[model(hooks)]` to `{Self}`"
)]
pub trait Hooked: Model {}

/// What is done with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// It is inserted.
    Create,
    /// It is changed.
    Update,
    /// It is deleted.
    Delete,
}

/// A change that was committed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Committed<M> {
    /// The new row.
    Created(M),
    /// The row as it is now.
    Updated(M),
    /// The row as it was.
    Deleted(M),
}

impl<M> Committed<M> {
    fn new(action: Action, row: M) -> Self {
        match action {
            Action::Create => Self::Created(row),
            Action::Update => Self::Updated(row),
            Action::Delete => Self::Deleted(row),
        }
    }

    fn action(&self) -> Action {
        match self {
            Self::Created(_) => Action::Create,
            Self::Updated(_) => Action::Update,
            Self::Deleted(_) => Action::Delete,
        }
    }

    /// The row, whatever was done with it.
    pub fn row(&self) -> &M {
        match self {
            Self::Created(row) | Self::Updated(row) | Self::Deleted(row) => row,
        }
    }
}
