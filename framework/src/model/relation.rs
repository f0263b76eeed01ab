//! Relations between models, as data.

use std::any::Any;

use super::ModelMeta;
use super::column::{ColumnMeta, ColumnType};

/// One relation of a model.
#[derive(Debug)]
pub struct RelationMeta {
    /// The field's name in Rust.
    pub field: &'static str,
    /// The name in queries and answers.
    pub api_name: &'static str,
    /// The field's documentation.
    pub doc: &'static str,
    /// How many related rows a row has.
    pub kind: RelationKind,
    /// The related model; a function, since constants of two models that refer to each other do not compile.
    pub target: fn() -> &'static ModelMeta,
    /// The columns that join the two.
    pub link: Link,
    /// Whether `include` may name it.
    pub include: bool,
    /// For a many-to-many that clients may write: the body's field with the set of keys, as in `tag_ids`.
    pub keys_name: Option<&'static str>,
    /// For a has-one or has-many: whether the body of a create may hold the related rows.
    pub nested: bool,
    /// For a belongs-to: what a delete of the related row does to this one.
    pub on_delete: OnDelete,
    /// Which rows of the target the relation holds, where it is not all: a condition, which is a matter of
    /// [`query`](crate::query::subset) and opaque here.
    pub subset: Option<fn() -> Box<dyn Any>>,
}

impl RelationMeta {
    /// The columns of the target that are joined, as bodies name them.
    #[must_use]
    pub fn key_columns(&self) -> Vec<&'static ColumnMeta> {
        let columns = (self.target)().columns;
        self.link.foreign().iter().map(|index| &columns[*index]).collect()
    }
}

/// How many related rows a row has, and where the key lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelationKind {
    /// One at most; the key lies here.
    BelongsTo,
    /// One at most; the key lies there.
    HasOne,
    /// Many; the key lies there.
    HasMany,
    /// Many on both sides; the keys lie in a join model.
    ManyToMany,
}

impl RelationKind {
    /// Whether an answer shows an array.
    #[must_use]
    pub const fn to_many(self) -> bool {
        matches!(self, Self::HasMany | Self::ManyToMany)
    }
}

/// The columns that join a model with a related one, as indexes into the columns of the models named. Lists that belong
/// together are of one length and in one order: two rows are related where all pairs are equal, and where one is NULL they
/// are not.
#[derive(Debug, Clone, Copy)]
pub enum Link {
    /// `local` of this model holds the key `foreign` of the target.
    Local {
        /// indexes into this model's columns
        local: &'static [usize],
        /// indexes into the target's columns
        foreign: &'static [usize],
    },
    /// `foreign` of the target holds the key `local` of this model.
    Foreign {
        /// indexes into this model's columns
        local: &'static [usize],
        /// indexes into the target's columns
        foreign: &'static [usize],
    },
    /// `through_local` of the join model holds the key `local` of this model, `through_foreign` the key `foreign` of the target.
    Through {
        /// the join model
        model: fn() -> &'static ModelMeta,
        /// indexes into this model's columns
        local: &'static [usize],
        /// indexes into the join model's columns
        through_local: &'static [usize],
        /// indexes into the join model's columns
        through_foreign: &'static [usize],
        /// indexes into the target's columns
        foreign: &'static [usize],
    },
}

impl Link {
    /// The columns of this model whose values find the related rows.
    #[must_use]
    pub const fn local(&self) -> &'static [usize] {
        match self {
            Self::Local { local, .. } | Self::Foreign { local, .. } | Self::Through { local, .. } => local,
        }
    }

    /// The columns of the target that are joined.
    #[must_use]
    pub const fn foreign(&self) -> &'static [usize] {
        match self {
            Self::Local { foreign, .. } | Self::Foreign { foreign, .. } | Self::Through { foreign, .. } => foreign,
        }
    }
}

/// What a delete of the related row does to the rows that refer to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDelete {
    /// The delete is refused.
    Restrict,
    /// They are deleted too.
    Cascade,
    /// Their key becomes NULL.
    SetNull,
}

/// The index of the column whose field is `field`; for constants in generated code.
///
/// # Panics
///
/// With a compile error that names the field, if there is none.
#[must_use]
#[track_caller]
pub const fn column_index(columns: &[ColumnMeta], field: &str, message: &'static str) -> usize {
    let mut index = 0;
    while index < columns.len() {
        if same(columns[index].field, field) {
            return index;
        }
        index += 1;
    }
    const_panic(message)
}

/// The index of the column at `place` of a primary key that has `columns` of them; for constants in generated code.
///
/// # Panics
///
/// With a compile error at its first column, if the key has another number of them.
#[must_use]
#[track_caller]
pub const fn key_column(key: &[usize], place: usize, columns: usize, message: &'static str) -> usize {
    if place == 0 && key.len() != columns {
        const_panic(message)
    }
    if place < key.len() { key[place] } else { 0 }
}

/// Stops the compilation unless both columns are of one type; for constants in generated code.
///
/// # Panics
///
/// With a compile error, if the types differ.
#[track_caller]
pub const fn check_key_types(left: ColumnType, right: ColumnType, message: &'static str) {
    if matches!(left, ColumnType::Json) {
        const_panic("JSON cannot be joined by; refer to another field")
    }
    if !left.comparable(right) {
        const_panic(message)
    }
}

#[track_caller]
#[expect(clippy::panic, reason = "evaluated by the compiler only")]
pub(super) const fn const_panic(message: &'static str) -> ! {
    panic!("{}", message)
}

pub(super) const fn same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    let mut index = 0;
    while index < left.len() {
        if left[index] != right[index] {
            return false;
        }
        index += 1;
    }
    true
}
