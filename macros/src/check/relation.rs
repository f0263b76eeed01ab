//! Rules of what `#[relation(…)]` says.

use proc_macro2::TokenStream;
use quote::ToTokens;

use crate::attr::DeleteAction;
use crate::diagnostics::{Diagnostics, nearest};
use crate::model::{LONGEST_KEY, Model, OwnColumn, RelationKind};
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
            refuse(attr.key.first().map(ToTokens::to_token_stream), text);
            refuse(attr.foreign_key.first().map(ToTokens::to_token_stream), text);
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
        if kind == RelationKind::BelongsTo {
            let text = "a BelongsTo is the row that the key names; a condition is for HasOne, HasMany and ManyToMany";
            refuse(attr.filter.as_ref().map(ToTokens::to_token_stream), text);
        }
        if let (Some(keys), Some(_)) = (&attr.keys, &attr.filter) {
            let text = "a relation to a part of the rows is not written by keys; remove `keys`, or `filter`";
            refuse(Some(keys.to_token_stream()), text);
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
            let own = own.join("`, `");
            let text =
                format!("both sides would be `{own}` of the join model; name them: `through(own = …, target = …)`");
            diagnostics.error(through, text);
        }
    }
}

/// A relation joins by columns of this struct.
pub(super) fn own_columns(model: &Model, diagnostics: &mut Diagnostics) {
    let fields: Vec<String> = model.columns.iter().map(|column| plain(&column.field)).collect();
    let candidates: Vec<&str> = fields.iter().map(String::as_str).collect();
    for relation in &model.relations {
        for (place, own) in relation.own.iter().enumerate().filter(|(_, own)| own.index.is_none()) {
            let own = &own.name;
            let hint = nearest(own, &candidates).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
            match relation.named_own().get(place) {
                Some(named) => diagnostics.error(named, format!("`{}` has no field `{own}`{hint}", model.ident)),
                None => {
                    let text = format!(
                        "`{}` belongs to `{}` by a field `{own}`; add it, or name another with `#[relation(foreign_key = …)]`",
                        model.ident,
                        relation.target_name()
                    );
                    diagnostics.error(&relation.field, text);
                }
            }
        }
    }
}

/// Lists of columns are joined pair by pair.
pub(super) fn key_lengths(model: &Model, diagnostics: &mut Diagnostics) {
    for relation in &model.relations {
        let attr = &relation.attr;
        let through = attr.through_fields.as_ref();
        let own_of_join = through.map(|fields| &fields.own[..]).unwrap_or_default();
        let target_of_join = through.map(|fields| &fields.target[..]).unwrap_or_default();
        for named in [&attr.key[..], &attr.foreign_key[..], own_of_join, target_of_join] {
            if let Some(fifth) = named.get(LONGEST_KEY) {
                diagnostics.error(fifth, "a relation joins by four columns at most");
            }
            for (place, field) in named.iter().enumerate() {
                if named[..place].contains(field) {
                    diagnostics.error(field, format!("`{field}` is given twice; keep one"));
                }
            }
        }
        let (word, other) = match relation.kind {
            RelationKind::BelongsTo => ("key", &attr.key[..]),
            RelationKind::HasOne | RelationKind::HasMany => ("foreign_key", &attr.foreign_key[..]),
            RelationKind::ManyToMany => ("own", own_of_join),
        };
        let Some(last) = other.last().filter(|_| other.len() != relation.own.len() && !relation.own.is_empty()) else {
            continue;
        };
        let own: Vec<String> = relation.own.iter().map(|own| format!("`{}`", own.name)).collect();
        let text = format!("`{word}` goes with {} of `{}`: name {}", own.join(", "), model.ident, own.len());
        diagnostics.error(last, text);
    }
}

/// A column that is never NULL cannot be set to NULL.
pub(super) fn delete_actions(model: &Model, diagnostics: &mut Diagnostics) {
    for relation in &model.relations {
        let Some(on_delete) = &relation.attr.on_delete else { continue };
        let never_null = |own: &&OwnColumn| own.index.is_some_and(|index| !model.columns[index].nullable);
        if on_delete.action == DeleteAction::SetNull
            && let Some(own) = relation.own.iter().find(never_null)
        {
            let text = format!("`{}` is never NULL; make it an `Option`, or write `cascade` or `restrict`", own.name);
            diagnostics.error(&on_delete.word, text);
        }
    }
}
