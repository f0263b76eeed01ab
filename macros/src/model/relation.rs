//! Fields that hold related rows.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Field, Ident, Type};

use super::kind::last_segment;
use super::{Model, conventional_foreign_key};
use crate::attr::{DeleteAction, RelationAttr, blame, doc};
use crate::diagnostics::Diagnostics;
use crate::naming::{Case, plain};

/// A field that holds related rows.
pub(crate) struct Relation {
    pub(crate) field: Ident,
    pub(crate) kind: RelationKind,
    pub(crate) target: Type,
    pub(crate) doc: String,
    pub(crate) attr: RelationAttr,
    pub(crate) api_name: String,
    /// The columns of this model that are joined.
    pub(crate) own: Vec<OwnColumn>,
    pub(crate) keys: Option<Keys>,
}

/// A column of this model that is joined: its name, and its index where there is such a column.
pub(crate) struct OwnColumn {
    pub(crate) name: String,
    pub(crate) index: Option<usize>,
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
            own: Vec::new(),
            keys: None,
        }
    }

    /// The name of the related struct, as in `Book`.
    pub(crate) fn target_name(&self) -> String {
        last_segment(&self.target)
            .map_or_else(|| self.target.to_token_stream().to_string(), |segment| plain(&segment.ident))
    }

    /// The join model's fields with the keys of `model` and of the related one.
    pub(crate) fn through_names(&self, model: &Model) -> [Vec<String>; 2] {
        let named = self.attr.through_fields.as_ref();
        let own: Vec<String> = named.into_iter().flat_map(|fields| &fields.own).map(plain).collect();
        let target: Vec<String> = named.into_iter().flat_map(|fields| &fields.target).map(plain).collect();
        [
            if own.is_empty() { self.conventional_foreign_keys(model) } else { own },
            if target.is_empty() { vec![conventional_foreign_key(&self.target_name())] } else { target },
        ]
    }

    /// The fields of another model that refer to this one, by convention: `author_id`, and for a key of several columns one
    /// for each, as `order_line_number`.
    pub(crate) fn conventional_foreign_keys(&self, model: &Model) -> Vec<String> {
        let name = plain(&model.ident);
        match &self.own[..] {
            [] | [_] => vec![conventional_foreign_key(&name)],
            several => several.iter().map(|own| format!("{}_{}", Case::Snake.apply(&name), own.name)).collect(),
        }
    }

    /// Whether the column at `index` is the whole key of the other row.
    pub(crate) fn is_foreign_key(&self, index: usize) -> bool {
        self.kind == RelationKind::BelongsTo
            && matches!(self.own[..], [OwnColumn { index: Some(own), .. }] if own == index)
    }

    /// The fields of this model that the attribute names.
    pub(crate) fn named_own(&self) -> &[Ident] {
        match self.kind {
            RelationKind::BelongsTo => &self.attr.foreign_key,
            RelationKind::HasOne | RelationKind::HasMany => &self.attr.key,
            RelationKind::ManyToMany => &[],
        }
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
