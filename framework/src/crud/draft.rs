//! What a write is about to set, as hooks see and change it.

use std::fmt;

use super::decode_error;
use crate::error::{Error, Result};
use crate::model::{Changes, ColumnValue, Key, Link, Loaded, Model, Value, ValueRow};
use crate::query::{Field, Relation};

/// What a create or an update is about to set, typed by the model. Columns that were not named are not in it.
///
/// # Examples
///
/// ```
/// use couplet::crud::{Draft, HookContext, Hooks};
/// use couplet::prelude::*;
///
/// #[derive(Model)]
/// #[model(hooks)]
/// pub struct Page {
///     pub id: i64,
///     pub title: String,
///     #[field(read_only)]
///     pub slug: Option<String>,
/// }
///
/// impl Hooks for Page {
///     async fn before_create(draft: &mut Draft<Self>, _: &mut HookContext<'_>) -> Result<()> {
///         if let Some(title) = draft.get(Page::TITLE) {
///             draft.set(Page::SLUG, title.to_lowercase().replace(' ', "-"));
///         }
///         Ok(())
///     }
/// }
/// ```
pub struct Draft<M> {
    changes: Changes,
    current: Option<M>,
}

impl<M: Model> Draft<M> {
    /// `current` has the one row that is changed.
    pub(super) fn new(changes: Changes, current: Option<&Loaded>) -> Result<Self> {
        let rows = current.map(Loaded::build).transpose().map_err(decode_error(M::META))?;
        Ok(Self { changes, current: rows.and_then(|mut rows| rows.pop()) })
    }

    pub(super) fn into_changes(self) -> Changes {
        self.changes
    }

    /// The row as it is now; `None` in a create. Its relations are not loaded.
    #[must_use]
    pub fn current(&self) -> Option<&M> {
        self.current.as_ref()
    }

    /// What the column is set to, `None` where it is not named. In a create, NULL without a default is as good as not named.
    #[must_use]
    pub fn get<T: ColumnValue>(&self, field: Field<M, T>) -> Option<T> {
        T::decode(&ValueRow::new([self.named(field)?]), 0).ok()
    }

    /// Whether the column is named.
    #[must_use]
    pub fn is_set<T: ColumnValue>(&self, field: Field<M, T>) -> bool {
        self.named(field).is_some()
    }

    /// A `NewBook` has NULL for what is not named, unless there is a default.
    fn named<T: ColumnValue>(&self, field: Field<M, T>) -> Option<&Value> {
        let may_be_absent = self.current.is_none() && field.meta().default.is_none();
        self.changes.column(field.index()).filter(|value| !(may_be_absent && **value == Value::Null))
    }

    /// Sets the column, also one that clients may not set. The rules of the column are checked afterwards.
    pub fn set<T: ColumnValue>(&mut self, field: Field<M, T>, value: impl Into<T>) {
        self.unset(field);
        self.changes.columns.push((field.index(), value.into().to_value()));
    }

    /// Forgets what the column is set to: an update leaves it as it is, a create takes its default or NULL.
    pub fn unset<T: ColumnValue>(&mut self, field: Field<M, T>) {
        self.changes.columns.retain(|(index, _)| *index != field.index());
    }

    /// The keys that a many-to-many relation is to hold, `None` where they are not named.
    #[must_use]
    pub fn keys<T: Model>(&self, relation: Relation<M, T>) -> Option<Vec<T::Key>> {
        let index = relation.into_include().index;
        let (_, keys) = self.changes.links.iter().find(|(at, _)| *at == index)?;
        keys.iter().map(|key| T::Key::from_values(key).ok()).collect()
    }

    /// Sets the keys that a many-to-many relation is to hold, all others removed.
    ///
    /// # Errors
    ///
    /// The relation is of another kind.
    pub fn set_keys<T: Model>(
        &mut self,
        relation: Relation<M, T>,
        keys: impl IntoIterator<Item = T::Key>,
    ) -> Result<()> {
        let include = relation.into_include();
        if !matches!(include.relation.link, Link::Through { .. }) {
            let (model, field) = (M::META.name, include.relation.field);
            return Err(Error::other(format!("{model}.{field} is no many-to-many, so it holds no set of keys")));
        }
        let mut values: Vec<Vec<Value>> = Vec::new();
        for value in keys.into_iter().map(|key| key.values()) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        self.changes.links.retain(|(index, _)| *index != include.index);
        self.changes.links.push((include.index, values));
        Ok(())
    }
}

/// Names only: values may be secret.
impl<M: Model> fmt::Debug for Draft<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.changes.columns.iter().map(|(index, _)| M::META.columns[*index].field);
        let links = self.changes.links.iter().map(|(index, _)| M::META.relations[*index].field);
        f.debug_set().entries(names).entries(links).finish()
    }
}
