//! All that generated code may name. Not part of the public interface.

pub use chrono;
pub use rust_decimal;
pub use uuid;

pub use crate::model::column::{Access, ColumnMeta, ColumnType, ColumnValue, ComputedMeta, Generated, Operator, Rule};
pub use crate::model::json::member;
pub use crate::model::relation::{Link, OnDelete, RelationKind, RelationMeta, check_key_types, column_index};
pub use crate::model::resource::{Operation, Resource, ResourceMeta, SubResource};
pub use crate::model::row::{DecodeError, Row};
pub use crate::model::{
    BelongsTo, Changes, HasMany, HasOne, Key, ManyToMany, Model, ModelMeta, NewRecord, Patch, PatchRecord, Related,
    TextEnum, Value, encode,
};
pub use crate::query::token::{Field, Relation, include};
