//! What a write sets.

use super::key::Key;
use super::value::Value;

/// The columns and key sets that a write sets. Indexes point into [`ModelMeta`](super::ModelMeta).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// Column index and value.
    pub columns: Vec<(usize, Value)>,
    /// Index of a many-to-many relation and the keys of the rows that it is to hold, all others removed. A key is as many
    /// values as it has columns.
    pub links: Vec<(usize, Vec<Vec<Value>>)>,
    /// Index of a has-one or has-many relation and the rows that a create inserts with the row, without the key of the row
    /// itself.
    pub children: Vec<(usize, Vec<Changes>)>,
}

impl Changes {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty() && self.links.is_empty()
    }

    /// The value that is set for the column at `index`.
    #[must_use]
    pub fn column(&self, index: usize) -> Option<&Value> {
        self.columns.iter().find(|(at, _)| *at == index).map(|(_, value)| value)
    }
}

/// The values of a key set, as [`Changes::links`] holds them.
#[doc(hidden)]
pub fn key_values<K: Key>(keys: &[K]) -> Vec<Vec<Value>> {
    keys.iter().map(Key::values).collect()
}

/// The generated input of a create, `NewAuthor` of `Author`.
pub trait NewRecord: Send + 'static {
    /// What it sets.
    fn into_changes(self) -> Changes;
}

/// The generated input of an update, `AuthorPatch` of `Author`.
pub trait PatchRecord: Send + 'static {
    /// What it sets.
    fn into_changes(self) -> Changes;
}

/// One field of an update: kept as it is, or set. A nullable field is set to NULL by `Set(None)`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Stays as it is.
    #[default]
    Keep,
    /// Becomes this.
    Set(T),
}

impl<T> From<T> for Patch<T> {
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}
