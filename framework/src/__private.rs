//! All that generated code may name. Not part of the public interface.

pub use std::clone::Clone;
pub use std::convert::{From, Into};
pub use std::default::Default;
pub use std::fmt::{self, Debug};
pub use std::include_str;
pub use std::option::Option;
pub use std::result::Result;
pub use std::time::Duration;
pub use std::vec::Vec;

pub use chrono;
pub use rust_decimal;
pub use uuid;

pub use crate::crud::hooks::{HookTable, Hooked};
pub use crate::model::changes::key_values;
pub use crate::model::column::{
    Access, ColumnMeta, ColumnType, ColumnValue, ComputedMeta, Generated, Operator, Rule, check_filter, check_operator,
};
pub use crate::model::count_cache::{CountCacheMeta, Totals};
pub use crate::model::expression::Expression;
pub use crate::model::filter_path::check_filter_path;
pub use crate::model::json::{counts, member};
pub use crate::model::relation::{
    Link, OnDelete, RelationKind, RelationMeta, check_key_types, column_index, key_column,
};
pub use crate::model::resource::{CacheMeta, Operation, Resource, ResourceMeta, SubResource};
pub use crate::model::row::{DecodeError, Row};
pub use crate::model::text_enum;
pub use crate::model::{
    BelongsTo, Changes, HasMany, HasOne, Key, ManyToMany, Model, ModelMeta, NewRecord, Patch, PatchRecord, Related,
    SoftDelete, TextEnum, Value, encode,
};
pub use crate::query::subset::subset;
pub use crate::query::token::{Field, Relation, include};
pub use crate::sql::{Dialect, Migration};
