//! Fields that hold related rows.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Field, Ident, Type};

use super::kind::last_segment;
use super::{Model, conventional_foreign_key};
use crate::attr::{DeleteAction, RelationAttr, blame, doc};
use crate::diagnostics::Diagnostics;
use crate::naming::plain;

/// A field that holds related rows.
pub(crate) struct Relation {
    pub(crate) field: Ident,
    pub(crate) kind: RelationKind,
    pub(crate) target: Type,
    pub(crate) doc: String,
    pub(crate) attr: RelationAttr,
    pub(crate) api_name: String,
    /// The column of this model that is joined: its name, and its index where there is such a column.
    pub(crate) own: (String, Option<usize>),
    pub(crate) keys: Option<Keys>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RelationKind {
    BelongsTo,
    HasOne,
    HasMany,
    ManyToMany,
}

/// How a many-to-many is written: the field of the inputs, and its name in bodies.
pub(crate) struct Keys {
    pub(crate) field: Ident,
    pub(crate) api_name: String,
}

impl Relation {
    pub(super) fn read(
        field: &Field,
        ident: Ident,
        kind: RelationKind,
        target: Type,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        Self {
            field: ident,
            kind,
            target,
            doc: doc(&field.attrs),
            attr: RelationAttr::read(&field.attrs, diagnostics),
            api_name: String::new(),
            own: (String::new(), None),
            keys: None,
        }
    }

    /// The name of the related struct, as in `Book`.
    pub(crate) fn target_name(&self) -> String {
        last_segment(&self.target)
            .map_or_else(|| self.target.to_token_stream().to_string(), |segment| plain(&segment.ident))
    }

    /// The join model's fields with the keys of `model` and of the related one.
    pub(crate) fn through_names(&self, model: &Model) -> [String; 2] {
        let named = self.attr.through_fields.as_ref();
        let own = named.and_then(|fields| fields.own.as_ref()).map(plain);
        let target = named.and_then(|fields| fields.target.as_ref()).map(plain);
        [
            own.unwrap_or_else(|| conventional_foreign_key(&plain(&model.ident))),
            target.unwrap_or_else(|| conventional_foreign_key(&self.target_name())),
        ]
    }

    pub(crate) fn delete_action(&self) -> DeleteAction {
        self.attr.on_delete.as_ref().map_or(DeleteAction::Restrict, |on_delete| on_delete.action)
    }

    pub(crate) fn api_name_tokens(&self) -> TokenStream {
        blame(self.attr.rename.as_ref(), &self.field)
    }
}

impl RelationKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::BelongsTo => "BelongsTo",
            Self::HasOne => "HasOne",
            Self::HasMany => "HasMany",
            Self::ManyToMany => "ManyToMany",
        }
    }

    pub(crate) fn to_many(self) -> bool {
        matches!(self, Self::HasMany | Self::ManyToMany)
    }
}
