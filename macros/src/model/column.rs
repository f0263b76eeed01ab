//! Fields that are columns, and those that functions compute.

use proc_macro2::TokenStream;
use syn::{Ident, Type};

use super::Kind;
use crate::attr::{FieldAttr, blame};

/// A field that is a column.
pub(crate) struct Column {
    pub(crate) field: Ident,
    pub(crate) ty: Type,
    /// What an `Option` holds, else the type itself.
    pub(crate) inner: Type,
    pub(crate) nullable: bool,
    pub(crate) kind: Kind,
    pub(crate) doc: String,
    pub(crate) attr: FieldAttr,
    pub(crate) name: String,
    pub(crate) api_name: String,
    pub(crate) key: bool,
    /// Whether a belongs-to of this struct uses it.
    pub(crate) foreign_key: bool,
    pub(crate) generated: Option<Generated>,
}

/// Who sets a column that clients do not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generated {
    Database,
    UuidV7,
    CreatedAt,
    UpdatedAt,
    Expression,
    DeletedAt,
    Version,
}

impl Column {
    pub(super) fn generated(&self, single_key: bool) -> Option<Generated> {
        if self.attr.generated.is_some() {
            return Some(Generated::Expression);
        }
        if self.attr.created_at.is_some() {
            return Some(Generated::CreatedAt);
        }
        if self.attr.updated_at.is_some() {
            return Some(Generated::UpdatedAt);
        }
        if self.attr.deleted_at.is_some() {
            return Some(Generated::DeletedAt);
        }
        if self.attr.version.is_some() {
            return Some(Generated::Version);
        }
        // A key that is a foreign key too, as of a profile that shares its user's, comes from the client.
        if !single_key || self.foreign_key || self.attr.default.is_some() {
            return None;
        }
        match self.kind {
            Kind::Integer => Some(Generated::Database),
            Kind::Uuid => Some(Generated::UuidV7),
            _ => None,
        }
    }

    /// Whether a create must give a value.
    pub(crate) fn required(&self) -> bool {
        !self.nullable && !self.has_default()
    }

    /// Whether a create that gives no value gets one.
    pub(crate) fn has_default(&self) -> bool {
        self.generated.is_some() || self.attr.default.is_some() || self.attr.database_default.is_some()
    }

    /// The tokens that give the column its name in the API, or in the database.
    pub(crate) fn api_name_tokens(&self) -> TokenStream {
        blame(self.attr.rename.as_ref(), &self.field)
    }

    pub(crate) fn name_tokens(&self) -> TokenStream {
        blame(self.attr.column.as_ref(), &self.field)
    }
}

/// A field that a function computes.
pub(crate) struct Computed {
    pub(crate) field: Ident,
    pub(crate) ty: Type,
    pub(crate) doc: String,
    pub(crate) attr: FieldAttr,
    pub(crate) api_name: String,
}
