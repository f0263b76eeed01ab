//! Rules of what `#[relation(…)]` says.

use proc_macro2::TokenStream;
use quote::ToTokens;

use crate::attr::DeleteAction;
use crate::diagnostics::{Diagnostics, nearest};
use crate::model::{Model, RelationKind};
use crate::naming::plain;

/// An attribute of another relation kind would be ignored without a word.
pub(super) fn relation_attributes(model: &Model, diagnostics: &mut Diagnostics) {
    for relation in &model.relations {
        let (attr, kind) = (&relation.attr, relation.kind);
        let many_to_many = kind == RelationKind::ManyToMany;
        let mut refuse = |tokens: Option<TokenStream>, text: &str| {
            if let Some(tokens) = tokens {
                diagnostics.error(tokens, text);
            }
        };
        let tokens = |tokens: Option<&dyn ToTokens>| tokens.map(ToTokens::to_token_stream);
        if many_to_many {
            let text = "the keys of a many-to-many lie in its join model: write `through(own = …, target = …)`";
            refuse(attr.key.as_ref().map(ToTokens::to_token_stream), text);
            refuse(attr.foreign_key.as_ref().map(ToTokens::to_token_stream), text);
            if attr.through.is_none() {
                let text = "a many-to-many goes through a join model: add `#[relation(through = BookAuthor)]`";
                refuse(tokens(Some(&relation.field)), text);
            }
            if let (Some(keys), Some(_)) = (&attr.keys, &attr.read_only) {
                refuse(tokens(Some(keys)), "`keys` names what clients write, and `read_only` forbids it; keep one");
            }
        } else {
            let text = format!("only a ManyToMany goes through a join model; this is a {}", kind.name());
            refuse(attr.through.as_ref().map(ToTokens::to_token_stream), &text);
            refuse(attr.through_fields.as_ref().map(|fields| fields.word.to_token_stream()), &text);
            let text = format!("only a ManyToMany is written as a set of keys; this is a {}", kind.name());
            refuse(attr.keys.as_ref().map(ToTokens::to_token_stream), &text);
            refuse(attr.read_only.as_ref().map(ToTokens::to_token_stream), &text);
        }
        if kind != RelationKind::BelongsTo {
            let text = "a delete is decided where the key lies: write `on_delete` on the BelongsTo";
            refuse(attr.on_delete.as_ref().map(|on_delete| on_delete.word.to_token_stream()), text);
        }
        if !kind.to_many() {
            let text = "only a HasMany or ManyToMany is listed below a row's path; use `include`";
            refuse(attr.sub_resource.as_ref().map(ToTokens::to_token_stream), text);
        }
    }
}

/// One field of a join model cannot hold the keys of both rows.
pub(super) fn join_fields(model: &Model, diagnostics: &mut Diagnostics) {
    for relation in model.relations.iter().filter(|relation| relation.kind == RelationKind::ManyToMany) {
        let Some(through) = &relation.attr.through else { continue };
        let [own, target] = relation.through_names(model);
        if own == target {
            let text =
                format!("both sides would be `{own}` of the join model; name them: `through(own = …, target = …)`");
            diagnostics.error(through, text);
        }
    }
}

/// A relation joins by a column of this struct.
pub(super) fn own_columns(model: &Model, diagnostics: &mut Diagnostics) {
    let fields: Vec<String> = model.columns.iter().map(|column| plain(&column.field)).collect();
    let candidates: Vec<&str> = fields.iter().map(String::as_str).collect();
    for relation in &model.relations {
        let (own, None) = &relation.own else { continue };
        let named = match relation.kind {
            RelationKind::BelongsTo => relation.attr.foreign_key.as_ref(),
            RelationKind::HasOne | RelationKind::HasMany => relation.attr.key.as_ref(),
            RelationKind::ManyToMany => None,
        };
        let hint = nearest(own, &candidates).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
        match (named, relation.kind) {
            (Some(named), _) => diagnostics.error(named, format!("`{}` has no field `{own}`{hint}", model.ident)),
            (None, RelationKind::BelongsTo) => {
                let text = format!(
                    "`{}` belongs to `{}` by a field `{own}`; add it, or name another with `#[relation(foreign_key = …)]`",
                    model.ident,
                    relation.target_name()
                );
                diagnostics.error(&relation.field, text);
            }
            (None, RelationKind::ManyToMany) if model.key().len() > 1 => {
                diagnostics.error(&relation.field, "a many-to-many joins models with a key of one column");
            }
            (None, _) if model.key().len() > 1 => {
                let text = "the key has several columns; name the one that is referred to with `#[relation(key = …)]`";
                diagnostics.error(&relation.field, text);
            }
            // A model without a key is a mistake of its own.
            (None, _) => {}
        }
    }
}

/// A column that is never NULL cannot be set to NULL.
pub(super) fn delete_actions(model: &Model, diagnostics: &mut Diagnostics) {
    for relation in &model.relations {
        let (Some(on_delete), Some(own)) = (&relation.attr.on_delete, relation.own.1) else { continue };
        let column = &model.columns[own];
        if on_delete.action == DeleteAction::SetNull && !column.nullable {
            let text =
                format!("`{}` is never NULL; make it an `Option`, or write `cascade` or `restrict`", relation.own.0);
            diagnostics.error(&on_delete.word, text);
        }
    }
}
