//! How hooks are called: through functions that do not name their model.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::super::decode_error;
use super::super::draft::Draft;
use super::super::validate::{capped, rules};
use super::super::write::locked::{self, Meant};
use super::super::write::{RowChange, Write, upsert};
use super::{Action, Committed, HookContext, Hooks};
use crate::db::{Database, Meter, Session};
use crate::error::{Error, InputError, Result};
use crate::model::{Changes, Key, Loaded, ModelMeta, Value};
use crate::query::{Deleted, Filter};

/// Writes that lie within each other at most; a hook that writes its own model would else go on until the stack is full.
const MAX_DEPTH: u8 = 4;

/// The hooks of one model, as generated code puts them into the model's table.
pub struct HookTable {
    validate: for<'a> fn(&'a mut Row<'_>, &'a mut HookContext<'_>) -> BoxFuture<'a, Result<Vec<InputError>>>,
    before_create: for<'a> fn(&'a mut Row<'_>, &'a mut HookContext<'_>) -> BoxFuture<'a, Result<()>>,
    before_update: for<'a> fn(&'a mut Row<'_>, &'a mut HookContext<'_>) -> BoxFuture<'a, Result<()>>,
    before_delete: for<'a> fn(&'a [Value], &'a mut HookContext<'_>) -> BoxFuture<'a, Result<()>>,
    after: for<'a> fn(&'a Loaded, Done<'a>, &'a mut HookContext<'_>) -> BoxFuture<'a, Result<()>>,
}

/// What is set in one row.
struct Row<'a> {
    changes: &'a mut Changes,
    /// The row as it is; `None` in a create.
    current: Option<Loaded>,
}

impl Row<'_> {
    fn action(&self) -> Action {
        if self.current.is_some() { Action::Update } else { Action::Create }
    }
}

/// What was done with rows that were written by one statement.
#[derive(Clone, Copy)]
struct Done<'a> {
    actions: &'a [Action],
    /// The place of the first row in the whole write, and how many rows that has.
    first: usize,
    count: usize,
}

/// A write as the hooks have left it.
pub(in crate::crud) struct Drafted {
    pub(in crate::crud) write: Write,
    /// What is done with each row.
    actions: Vec<Action>,
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

    /// Runs what comes before a write.
    pub(in crate::crud) async fn before(
        &self,
        model: &'static ModelMeta,
        write: &Write,
        session: &mut Session<'_>,
    ) -> Result<Drafted> {
        if session.depth() >= MAX_DEPTH {
            return Err(Error::other(format!(
                "{} is written by a hook within {MAX_DEPTH} writes of hooks; a hook that writes its own model must end",
                model.name
            )));
        }
        let mut write = write.clone();
        let mut actions = vec![action_of(&write); write.len()];
        match &mut write {
            Write::Create(rows) => {
                let mut rows = rows.iter_mut().map(|changes| Row { changes, current: None }).collect::<Vec<_>>();
                self.validate(model, &mut rows, session).await?;
                self.before_rows(model, model.key, &mut rows, session).await?;
            }
            Write::Update { rows, filter } => {
                self.before_update(model, rows, filter, Deleted::Exclude, session).await?;
            }
            Write::Restore { rows, filter } => {
                self.before_update(model, rows, filter, Deleted::Only, session).await?;
            }
            Write::Upsert { rows, key, filter } => {
                actions = self.before_upsert(model, rows, key, filter, session).await?;
            }
            Write::Delete { rows, filter } => {
                let rows: Vec<Meant<'_>> = rows.iter().map(|row| (row.key.as_slice(), row.expected.as_ref())).collect();
                self.before_delete(model, &rows, filter, Deleted::Exclude, session).await?;
            }
            Write::Purge { keys } => {
                let rows: Vec<Meant<'_>> = keys.iter().map(|key| (key.as_slice(), None)).collect();
                self.before_delete(model, &rows, &Filter::everything(), Deleted::Include, session).await?;
            }
        }
        Ok(Drafted { write, actions })
    }

    async fn before_update(
        &self,
        model: &'static ModelMeta,
        rows: &mut [RowChange],
        filter: &Filter,
        deleted: Deleted,
        session: &mut Session<'_>,
    ) -> Result<()> {
        let meant: Vec<Meant<'_>> = rows.iter().map(|row| (row.key.as_slice(), row.expected.as_ref())).collect();
        let current = locked::by_keys(model, &meant, filter, deleted, session).await?;
        let rows = rows.iter_mut().zip(current);
        let mut rows: Vec<Row<'_>> =
            rows.map(|(row, current)| Row { changes: &mut row.changes, current: Some(current) }).collect();
        self.validate(model, &mut rows, session).await?;
        self.before_rows(model, model.key, &mut rows, session).await
    }

    /// A row that is there is updated, and its hooks are those of an update. A hook of a create may give a row another key,
    /// perhaps that of a row that is there: then that row is updated by what the caller has set.
    async fn before_upsert(
        &self,
        model: &'static ModelMeta,
        rows: &mut [Changes],
        key: &[usize],
        filter: &Filter,
        session: &mut Session<'_>,
    ) -> Result<Vec<Action>> {
        let current = upsert::existing(model, &rows.iter().collect::<Vec<_>>(), key, filter, session).await?;
        let rows = rows.iter_mut().zip(current);
        let mut rows: Vec<Row<'_>> = rows.map(|(changes, current)| Row { changes, current }).collect();
        self.validate(model, &mut rows, session).await?;
        let given: Vec<Changes> = rows.iter().map(|row| row.changes.clone()).collect();
        let fixed: Vec<usize> = model.key.iter().chain(key).copied().collect();
        self.before_rows(model, &fixed, &mut rows, session).await?;

        let is_moved = |place: &usize| {
            rows[*place].current.is_none()
                && upsert::key_of(rows[*place].changes, key) != upsert::key_of(&given[*place], key)
        };
        let moved: Vec<usize> = (0..rows.len()).filter(is_moved).collect();
        if !moved.is_empty() {
            Meter::allow(u32::try_from(locked::statements(key.len(), moved.len())).unwrap_or(u32::MAX));
            let drafts: Vec<&Changes> = moved.iter().map(|place| &*rows[*place].changes).collect();
            let current = upsert::existing(model, &drafts, key, filter, session).await?;
            let found = current.into_iter().zip(moved).filter_map(|(current, place)| Some((place, current?)));
            for (place, current) in found.collect::<Vec<_>>() {
                let mut changes = given[place].clone();
                changes.columns.retain(|(index, _)| !key.contains(index));
                let keys = rows[place].changes.columns.iter().filter(|(index, _)| key.contains(index));
                changes.columns.extend(keys.cloned());
                *rows[place].changes = changes;
                rows[place].current = Some(current);
                self.before_row(model, &fixed, place, &mut rows, session).await?;
            }
        }
        Ok(rows.iter().map(Row::action).collect())
    }

    async fn before_delete(
        &self,
        model: &'static ModelMeta,
        rows: &[Meant<'_>],
        filter: &Filter,
        deleted: Deleted,
        session: &mut Session<'_>,
    ) -> Result<()> {
        locked::by_keys(model, rows, filter, deleted, session).await?;
        for (place, (key, _)) in rows.iter().enumerate() {
            let mut context = HookContext::within(session, Action::Delete)?;
            let outcome = Meter::beyond_budget((self.before_delete)(key, &mut context)).await;
            context.settle(outcome).map_err(|error| of_item(error, place, rows.len()))?;
        }
        Ok(())
    }

    /// Checks all rows.
    async fn validate(&self, model: &'static ModelMeta, rows: &mut [Row<'_>], session: &mut Session<'_>) -> Result<()> {
        let count = rows.len();
        let mut mistakes = Vec::new();
        for (place, row) in rows.iter_mut().enumerate() {
            let mut context = HookContext::within(session, row.action())?;
            let found = Meter::beyond_budget((self.validate)(row, &mut context)).await;
            let broken = rules(model, row.changes);
            let found = context.settle(found).map_err(|error| of_item(error, place, count))?;
            let found = broken.into_iter().chain(found);
            mistakes.extend(found.map(|mistake| if count > 1 { mistake.of_item(place) } else { mistake }));
        }
        if mistakes.is_empty() { Ok(()) } else { Err(Error::Invalid(capped(mistakes))) }
    }

    /// Lets the hooks set more. What an update has in the `fixed` columns stays.
    async fn before_rows(
        &self,
        model: &'static ModelMeta,
        fixed: &[usize],
        rows: &mut [Row<'_>],
        session: &mut Session<'_>,
    ) -> Result<()> {
        let mut mistakes = Vec::new();
        for place in 0..rows.len() {
            match self.before_row(model, fixed, place, rows, session).await {
                Err(Error::Invalid(more)) if rows.len() > 1 => mistakes.extend(more),
                outcome => outcome?,
            }
        }
        if mistakes.is_empty() { Ok(()) } else { Err(Error::Invalid(capped(mistakes))) }
    }

    async fn before_row(
        &self,
        model: &'static ModelMeta,
        fixed: &[usize],
        place: usize,
        rows: &mut [Row<'_>],
        session: &mut Session<'_>,
    ) -> Result<()> {
        let count = rows.len();
        let row = &mut rows[place];
        let given = row.changes.clone();
        let mut context = HookContext::within(session, row.action())?;
        let before = if row.current.is_some() { self.before_update } else { self.before_create };
        let outcome = Meter::beyond_budget(before(row, &mut context)).await;
        context.settle(outcome).map_err(|error| of_item(error, place, count))?;
        if *row.changes == given {
            return Ok(());
        }
        let broken = check_again(model, row.current.is_some().then_some(fixed), &given, row.changes)?;
        if broken.is_empty() { Ok(()) } else { Err(of_item(Error::Invalid(broken), place, count)) }
    }

    /// Runs what comes after a write, and sees to what comes after its commit.
    pub(in crate::crud) async fn after(
        &self,
        drafted: &Drafted,
        rows: &[Loaded],
        session: &mut Session<'_>,
    ) -> Result<()> {
        let (mut first, count) = (0, drafted.actions.len());
        for rows in rows {
            let actions = &drafted.actions[first..first + rows.len()];
            if let Write::Upsert { .. } = drafted.write {
                refuse_surprises(rows, actions)?;
            }
            let mut context = HookContext::within(session, action_of(&drafted.write))?;
            let outcome = Meter::beyond_budget((self.after)(rows, Done { actions, first, count }, &mut context)).await;
            context.settle(outcome)?;
            first += actions.len();
        }
        Ok(())
    }
}

/// What a write does with its rows; of an upsert it is known later.
fn action_of(write: &Write) -> Action {
    match write {
        Write::Create(_) | Write::Upsert { .. } => Action::Create,
        Write::Update { .. } | Write::Restore { .. } => Action::Update,
        Write::Delete { .. } | Write::Purge { .. } => Action::Delete,
    }
}

/// Another transaction may have made a row since the hooks were asked about none.
fn refuse_surprises(rows: &Loaded, actions: &[Action]) -> Result<()> {
    for (place, action) in actions.iter().enumerate() {
        if upsert::is_new(rows, place)? != (*action == Action::Create) {
            return Err(Error::Serialization(format!("a {} has come meanwhile", rows.meta.name)));
        }
    }
    Ok(())
}

fn of_item(error: Error, place: usize, count: usize) -> Error {
    let of_item = |errors: Vec<InputError>| errors.into_iter().map(|error| error.of_item(place)).collect();
    match error {
        Error::Invalid(errors) if count > 1 => Error::Invalid(of_item(errors)),
        Error::Conflict(errors) if count > 1 => Error::Conflict(of_item(errors)),
        error => error,
    }
}

/// The statements that a write of a model with hooks executes more: the rows that are there are read first.
pub(in crate::crud) fn statements(model: &ModelMeta, write: &Write) -> usize {
    match write {
        Write::Create(_) => 0,
        Write::Upsert { rows, key, .. } => locked::statements(key.len(), rows.len()),
        _ => locked::statements(model.key.len(), write.len()),
    }
}

/// The rules that values break which a hook has set. The columns of a row that is there by which it was found stay.
fn check_again(
    model: &'static ModelMeta,
    fixed: Option<&[usize]>,
    given: &Changes,
    changes: &Changes,
) -> Result<Vec<InputError>> {
    let mut fixed = fixed.unwrap_or_default().iter();
    if let Some(index) = fixed.find(|index| changes.column(**index) != given.column(**index)) {
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

fn after<'a, M: Hooks>(
    rows: &'a Loaded,
    done: Done<'a>,
    context: &'a mut HookContext<'_>,
) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let Done { actions, first, count } = done;
        let rows: Vec<M> = rows.build().map_err(decode_error(M::META))?;
        for (place, (row, action)) in rows.iter().zip(actions).enumerate() {
            context.act(*action);
            let outcome = match action {
                Action::Create => M::after_create(row, context).await,
                Action::Update => M::after_update(row, context).await,
                Action::Delete => M::after_delete(row, context).await,
            };
            outcome.map_err(|error| of_item(error, first + place, count))?;
        }
        let changes = rows.into_iter().zip(actions).map(|(row, action)| Committed::new(*action, row)).collect();
        if let Some(transaction) = context.transaction() {
            transaction.after_commit(move |database| after_commit::<M>(changes, database));
        }
        Ok(())
    })
}

async fn after_commit<M: Hooks>(changes: Vec<Committed<M>>, database: Database) {
    for change in &changes {
        let mut context = HookContext::after_commit(&database, change.action());
        // One that panics must not keep the others from being told.
        let outcome = AssertUnwindSafe(M::after_commit(change, &mut context)).catch_unwind().await;
        match outcome {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(model = M::META.name, %error, "after_commit failed; the change stays"),
            Err(_) => tracing::error!(model = M::META.name, "after_commit panicked; the change stays"),
        }
    }
}
