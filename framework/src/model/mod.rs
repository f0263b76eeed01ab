//! What a model is: data only, no I/O.
//!
//! A derive emits one constant table per struct, [`ModelMeta`]; parsing, SQL, the specification, the documentation and
//! the metrics all read that table and nothing else.

pub mod by_name;
pub mod catalog;
pub mod changes;
pub mod column;
pub mod count_cache;
pub mod expression;
pub mod fields;
pub mod filter_path;
pub mod json;
pub mod key;
pub mod loaded;
pub mod narrow;
pub mod nearest;
pub mod parse;
pub mod relation;
pub mod relations;
pub mod resource;
pub mod row;
pub mod rule;
pub mod text_enum;
mod time_text;
pub mod value;
pub mod value_row;

use std::any::Any;

pub use catalog::Catalog;
pub use changes::{Changes, NewRecord, Patch, PatchRecord};
pub use column::{Access, ColumnMeta, ColumnType, ColumnValue, ComputedMeta, Generated, Operator, Rule};
pub use count_cache::{CountCacheMeta, Totals};
pub use expression::Expression;
pub use fields::Fields;
pub use key::Key;
pub use loaded::{Edge, Loaded, Related, RelatedCounts};
pub use relation::{Link, OnDelete, RelationKind, RelationMeta};
pub use relations::{BelongsTo, HasMany, HasOne, ManyToMany};
pub use resource::{CacheMeta, Operation, Resource, ResourceMeta, SubResource};
pub use row::{DecodeError, Row, RowSet};
pub use text_enum::TextEnum;
pub use value::{Json, Value};
pub use value_row::ValueRow;

/// A struct that maps to a table. Derive it.
///
/// # Examples
///
/// ```
/// use couplet::prelude::*;
///
/// /// A label that books carry.
/// #[derive(Model)]
/// pub struct Tag {
///     pub id: i64,
///     pub name: String,
/// }
///
/// assert_eq!(Tag::META.table, "tags");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    label = "not a model",
    note = "add `#[derive(Model)]` to `{Self}`"
)]
pub trait Model: Sized + Send + Sync + 'static {
    /// The type of the primary key: `i64`, `Uuid`, `String` or, for a composite key, a tuple of these.
    type Key: Key;
    /// What narrows the rows that a caller sees; `()` where a model has none.
    type Scope: Send + Sync;
    /// What a create takes.
    type New: NewRecord;
    /// What an update takes: each field absent, null or a value.
    type Patch: PatchRecord;

    /// The columns, in the order of the struct. Apart from [`Model::META`], so that checks across models do not go in
    /// circles.
    const COLUMNS: &'static [ColumnMeta];
    /// Indexes into [`Model::COLUMNS`] of the primary key; apart for the same reason.
    const KEY: &'static [usize] = &[0];
    /// The table of this model.
    const META: &'static ModelMeta;

    /// Reads one row whose values stand in the order of [`Model::COLUMNS`].
    ///
    /// # Errors
    ///
    /// A value that the database holds but the field's type does not.
    fn decode(row: &dyn Row) -> Result<Self, DecodeError>;

    /// Puts related rows into the relation field at `relation`, an index into [`ModelMeta::relations`].
    ///
    /// # Errors
    ///
    /// As [`Model::decode`].
    fn attach(&mut self, relation: usize, related: &Related<'_>) -> Result<(), DecodeError>;

    /// Builds related rows of this model.
    #[doc(hidden)]
    fn build(related: &Related<'_>) -> Result<Vec<Self>, DecodeError> {
        related.build()
    }

    /// Writes the row as a JSON object: visible columns, computed fields, relations that were loaded.
    fn write_json(&self, out: &mut Vec<u8>);

    /// The value of the primary key.
    fn key(&self) -> Self::Key;
}

/// A model whose deleted rows stay in its table, marked by a time. `#[field(deleted_at)]` makes one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not keep its deleted rows",
    label = "has no `deleted_at`",
    note = "add a field `#[field(deleted_at)] deleted_at: Option<DateTime<Utc>>` to `{Self}`"
)]
pub trait SoftDelete: Model {}

/// The constant table of one model.
#[derive(Debug)]
pub struct ModelMeta {
    /// The struct's name, as in `Author`.
    pub name: &'static str,
    /// The struct's documentation.
    pub doc: &'static str,
    /// The schema that the table lies in, where the model names one.
    pub schema: Option<&'static str>,
    /// The table's name.
    pub table: &'static str,
    /// Whether the table is a view: never created, never written.
    pub view: bool,
    /// Whether the table is another model's, which creates it.
    pub shared: bool,
    /// The text search configuration, as in `english`, where `q` looks for words in an index and not for a text in the rows.
    pub full_text: Option<&'static str>,
    /// The columns, in the order of the struct.
    pub columns: &'static [ColumnMeta],
    /// Indexes into `columns` of the primary key.
    pub key: &'static [usize],
    /// Indexes into `columns` of the values that no two rows have together; a single column's is
    /// [`ColumnMeta::unique`].
    pub unique: &'static [&'static [usize]],
    /// Fields that are computed from a decoded row.
    pub computed: &'static [ComputedMeta],
    /// The relations, in the order of the struct.
    pub relations: &'static [RelationMeta],
    /// Decodes a row and writes it as a JSON object.
    pub encode: fn(&dyn Row, &mut Vec<u8>) -> Result<(), DecodeError>,
    /// The `HookTable` of a model with hooks, behind `Any` since this row of the house does not know it.
    pub hooks: Option<&'static (dyn Any + Send + Sync)>,
}

impl ModelMeta {
    /// The column that the API calls `name`, hidden ones excepted.
    #[must_use]
    pub fn visible_column(&self, name: &str) -> Option<&'static ColumnMeta> {
        self.columns.iter().find(|column| column.api_name == name && column.access != Access::Hidden)
    }

    /// The columns that `q` looks into.
    pub fn search_columns(&self) -> impl Iterator<Item = &'static ColumnMeta> {
        self.columns.iter().filter(|column| column.search)
    }

    /// Whether the table is made of this model.
    #[must_use]
    pub fn creates_table(&self) -> bool {
        !self.view && !self.shared
    }

    /// The index of the column that the framework sets so.
    #[must_use]
    pub fn generated(&self, generated: Generated) -> Option<usize> {
        self.columns.iter().position(|column| column.generated == Some(generated))
    }

    /// The column that marks a row as deleted, where deleted rows stay in the table.
    #[must_use]
    pub fn deleted_at(&self) -> Option<&'static ColumnMeta> {
        self.generated(Generated::DeletedAt).map(|index| &self.columns[index])
    }

    /// Whether no two rows have these columns together.
    #[must_use]
    pub fn is_unique_key(&self, columns: &[usize]) -> bool {
        let is_primary = columns.len() == self.key.len() && self.key.iter().all(|index| columns.contains(index));
        let is_unique = matches!(columns, [index] if self.columns[*index].unique);
        let is_set = |key: &&[usize]| columns.len() == key.len() && key.iter().all(|index| columns.contains(index));
        is_primary || is_unique || self.unique.iter().any(is_set)
    }

    /// The index of the column that counts the changes of a row, where there is one.
    #[must_use]
    pub fn version(&self) -> Option<usize> {
        self.columns.iter().position(|column| column.generated == Some(Generated::Version))
    }

    /// The version of a row that has the values of all columns, where there is a version.
    ///
    /// # Errors
    ///
    /// The value is no integer.
    pub fn version_of(&self, row: &dyn Row) -> Result<Option<i64>, DecodeError> {
        let Some(index) = self.version() else { return Ok(None) };
        Ok(match Value::decode(self.columns[index].ty, row, index)? {
            Value::I32(version) => Some(version.into()),
            Value::I64(version) => Some(version),
            _ => None,
        })
    }

    /// The columns of the primary key.
    pub fn key_columns(&self) -> impl Iterator<Item = &'static ColumnMeta> {
        let columns = self.columns;
        self.key.iter().map(move |index| &columns[*index])
    }
}

/// Decodes a row of `M` and writes it as a JSON object; what [`ModelMeta::encode`] points to where the model has computed fields.
///
/// # Errors
///
/// As [`Model::decode`].
pub fn encode<M: Model>(row: &dyn Row, out: &mut Vec<u8>) -> Result<(), DecodeError> {
    M::decode(row)?.write_json(out);
    Ok(())
}
