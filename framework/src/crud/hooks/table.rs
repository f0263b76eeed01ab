//! How hooks are called: through functions that do not name their model.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::super::draft::Draft;
use super::super::write::{RowChange, Write};
use super::super::{decode_error, validate};
use super::{Action, Committed, HookContext, Hooks};
use crate::db::{Database, Meter, Session};
use crate::error::{Error, InputError, Result};
use crate::model::{Changes, Key, Loaded, ModelMeta, Value};
use crate::query::{Deleted, Filter};
use crate::sql;

/// Writes that lie within each other at most; a hook that writes its own model would else go on until the stack is full.
const MAX_DEPTH: u8 = 4;

/// The hooks of one model, as generated code puts them into the model's table.
pub struct HookTable {
    validate: for<'a> fn(&'a mut Row<'_>, &'a mut HookContext<'_>) -> BoxFuture<'a, Result<Vec<InputError>>>,
    before_create: for<'a> fn(&'a mut Row<'_>, &'a mut HookContext<'_>) -> BoxFuture<'a, Result<()>>,
    before_update: for<'a> fn(&'a mut Row<'_>, &'a mut HookContext<'_>) -> BoxFuture<'a, Result<()>>,
    before_delete: for<'a> fn(&'a [Value], &'a mut HookContext<'_>) -> BoxFuture<'a, Result<()>>,
    after: for<'a> fn(&'a Loaded, &'a mut HookContext<'_>) -> BoxFuture<'a, Result<()>>,
}

/// What is set in one row.
struct Row<'a> {
    changes: &'a mut Changes,
    /// The row as it is; `None` in a create.
    current: Option<Loaded>,
}

impl HookTable {
    /// The hooks of `M`.
    #[must_use]
    pub const fn of<M: Hooks>() -> Self {
        Self {
            validate: validate_row::<M>,
            before_create: before_create::<M>,
            before_update: before_update::<M>,
            before_delete: before_delete::<M>,
            after: after::<M>,
        }
    }

    /// The hooks of a model, where it has some.
    pub(in crate::crud) fn of_model(model: &ModelMeta) -> Option<&'static Self> {
        model.hooks.and_then(<dyn Any + Send + Sync>::downcast_ref)
    }

    /// Runs what comes before a write; answers the write as the hooks have left it.
    pub(in crate::crud) async fn before(
        &self,
        model: &'static ModelMeta,
        write: &Write,
        session: &mut Session<'_>,
    ) -> Result<Write> {
        if session.depth() >= MAX_DEPTH {
            return Err(Error::other(format!(
                "{} is written by a hook within {MAX_DEPTH} writes of hooks; a hook that writes its own model must end",
                model.name
            )));
        }
        let mut write = write.clone();
        match &mut write {
            Write::Create(rows) | Write::Upsert { rows, .. } => {
                let rows = rows.iter_mut().map(|changes| Row { changes, current: None }).collect();
                self.draft(model, Action::Create, rows, session).await?;
            }
            Write::Update { rows, filter } => {
                let mut drafts = Vec::with_capacity(rows.len());
                for RowChange { key, changes } in rows {
                    let current = Some(current(model, key, filter, Deleted::Exclude, session).await?);
                    drafts.push(Row { changes, current });
                }
                self.draft(model, Action::Update, drafts, session).await?;
            }
            Write::Delete { keys, filter } => {
                self.before_delete(model, keys, filter, Deleted::Exclude, session).await?;
            }
            Write::Purge { keys } => {
                self.before_delete(model, keys, &Filter::everything(), Deleted::Include, session).await?;
            }
            Write::Restore { keys, filter } => {
                for key in keys.iter() {
                    current(model, key, filter, Deleted::Only, session).await?;
                }
            }
        }
        Ok(write)
    }

    async fn before_delete(
        &self,
        model: &'static ModelMeta,
        keys: &[Vec<Value>],
        filter: &Filter,
        deleted: Deleted,
        session: &mut Session<'_>,
    ) -> Result<()> {
        for key in keys {
            current(model, key, filter, deleted, session).await?;
        }
        for key in keys {
            let mut context = HookContext::within(session, Action::Delete)?;
            let outcome = Meter::beyond_budget((self.before_delete)(key, &mut context)).await;
            context.settle(outcome)?;
        }
        Ok(())
    }

    /// Checks all rows, then lets the hooks set more.
    async fn draft(
        &self,
        model: &'static ModelMeta,
        action: Action,
        mut rows: Vec<Row<'_>>,
        session: &mut Session<'_>,
    ) -> Result<()> {
        let many = rows.len() > 1;
        let mut mistakes = Vec::new();
        for (place, row) in rows.iter_mut().enumerate() {
            let mut context = HookContext::within(session, action)?;
            let found = Meter::beyond_budget((self.validate)(row, &mut context)).await;
            let broken = validate::rules(model, row.changes);
            let found = broken.into_iter().chain(context.settle(found)?);
            mistakes.extend(found.map(|mistake| if many { mistake.of_item(place) } else { mistake }));
        }
        if !mistakes.is_empty() {
            return Err(Error::Invalid(mistakes));
        }
        let before = if action == Action::Create { self.before_create } else { self.before_update };
        for (place, row) in rows.iter_mut().enumerate() {
            let given = row.changes.clone();
            let mut context = HookContext::within(session, action)?;
            let outcome = Meter::beyond_budget(before(row, &mut context)).await;
            context.settle(outcome)?;
            let broken = if *row.changes == given { Vec::new() } else { check_again(model, action, row.changes)? };
            mistakes.extend(broken.into_iter().map(|mistake| if many { mistake.of_item(place) } else { mistake }));
        }
        if mistakes.is_empty() { Ok(()) } else { Err(Error::Invalid(mistakes)) }
    }

    /// Runs what comes after a write, and sees to what comes after its commit.
    pub(in crate::crud) async fn after(&self, write: &Write, rows: &[Loaded], session: &mut Session<'_>) -> Result<()> {
        let action = match write {
            Write::Create(_) | Write::Upsert { .. } => Action::Create,
            Write::Update { .. } | Write::Restore { .. } => Action::Update,
            Write::Delete { .. } | Write::Purge { .. } => Action::Delete,
        };
        for rows in rows {
            let mut context = HookContext::within(session, action)?;
            let outcome = Meter::beyond_budget((self.after)(rows, &mut context)).await;
            context.settle(outcome)?;
        }
        Ok(())
    }
}

/// The statements that a write of a model with hooks executes more: each row that is there is read first.
pub(in crate::crud) fn statements(write: &Write) -> usize {
    match write {
        Write::Create(_) | Write::Upsert { .. } => 0,
        Write::Update { rows, .. } => rows.len(),
        Write::Delete { keys, .. } | Write::Purge { keys } | Write::Restore { keys, .. } => keys.len(),
    }
}

/// The row as it is, locked. Hooks are asked only of rows that the caller may write, so that none of their answers says
/// that there is another.
async fn current(
    model: &'static ModelMeta,
    key: &[Value],
    filter: &Filter,
    deleted: Deleted,
    session: &mut Session<'_>,
) -> Result<Loaded> {
    let rows = session.fetch(&sql::select::by_key(model, key, filter, deleted, true, session.dialect())).await?;
    if rows.len() == 0 {
        return Err(Error::NotFound(model.name));
    }
    Ok(Loaded { meta: model, rows, edges: Vec::new() })
}

/// The rules that values break which a hook has set.
fn check_again(model: &'static ModelMeta, action: Action, changes: &Changes) -> Result<Vec<InputError>> {
    if action == Action::Update
        && let Some((index, _)) = changes.columns.iter().find(|(index, _)| model.key.contains(index))
    {
        let (model, field) = (model.name, model.columns[*index].field);
        return Err(Error::other(format!(
            "a hook of {model} sets {field}, which is part of the key and never changes"
        )));
    }
    let broken = |(index, value): &(usize, Value)| {
        let column = &model.columns[*index];
        column.check(value).map(|(code, detail)| column.mistake(code, detail))
    };
    Ok(changes.columns.iter().filter_map(broken).collect())
}

fn validate_row<'a, M: Hooks>(
    row: &'a mut Row<'_>,
    context: &'a mut HookContext<'_>,
) -> BoxFuture<'a, Result<Vec<InputError>>> {
    Box::pin(async move {
        let draft = draft::<M>(row)?;
        let mistakes = M::validate(&draft, context).await;
        *row.changes = draft.into_changes();
        mistakes
    })
}

fn before_create<'a, M: Hooks>(row: &'a mut Row<'_>, context: &'a mut HookContext<'_>) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let mut draft = draft::<M>(row)?;
        M::before_create(&mut draft, context).await?;
        *row.changes = draft.into_changes();
        Ok(())
    })
}

fn before_update<'a, M: Hooks>(row: &'a mut Row<'_>, context: &'a mut HookContext<'_>) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let mut draft = draft::<M>(row)?;
        let key = draft.current().map(M::key).ok_or(Error::NotFound(M::META.name))?;
        M::before_update(&key, &mut draft, context).await?;
        *row.changes = draft.into_changes();
        Ok(())
    })
}

fn before_delete<'a, M: Hooks>(key: &'a [Value], context: &'a mut HookContext<'_>) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let key = M::Key::from_values(key).map_err(decode_error(M::META))?;
        M::before_delete(&key, context).await
    })
}

/// Takes the changes out of the row; whoever asks puts them back.
fn draft<M: Hooks>(row: &mut Row<'_>) -> Result<Draft<M>> {
    Draft::new(std::mem::take(row.changes), row.current.as_ref())
}

fn after<'a, M: Hooks>(rows: &'a Loaded, context: &'a mut HookContext<'_>) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let action = context.action();
        let rows: Vec<M> = rows.build().map_err(decode_error(M::META))?;
        for row in &rows {
            match action {
                Action::Create => M::after_create(row, context).await?,
                Action::Update => M::after_update(row, context).await?,
                Action::Delete => M::after_delete(row, context).await?,
            }
        }
        let changes = rows.into_iter().map(|row| Committed::new(action, row)).collect();
        if let Some(transaction) = context.transaction() {
            transaction.after_commit(move |database| after_commit::<M>(changes, action, database));
        }
        Ok(())
    })
}

async fn after_commit<M: Hooks>(changes: Vec<Committed<M>>, action: Action, database: Database) {
    for change in &changes {
        let mut context = HookContext::after_commit(&database, action);
        // One that panics must not keep the others from being told.
        let outcome = AssertUnwindSafe(M::after_commit(change, &mut context)).catch_unwind().await;
        match outcome {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(model = M::META.name, %error, "after_commit failed; the change stays"),
            Err(_) => tracing::error!(model = M::META.name, "after_commit panicked; the change stays"),
        }
    }
}
