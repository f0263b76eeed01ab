//! Relations as data, and the checks between models.
//!
//! The index of a column of another model is a constant of its own, on the token that names the column: when there is no
//! such column, the compiler points there. These constants read `Model::COLUMNS` and never
//! `META`, whose relations would lead back here.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, Type};

use super::option;
use crate::attr::DeleteAction;
use crate::model::{Model, Relation, RelationKind, conventional_foreign_key};
use crate::naming::plain;

/// One `RelationMeta` for each relation.
pub(super) fn metas(model: &Model) -> Vec<TokenStream> {
    model.relations.iter().enumerate().map(|(index, relation)| meta(index, relation)).collect()
}

fn meta(index: usize, relation: &Relation) -> TokenStream {
    let Relation { api_name, doc, target, .. } = relation;
    let field = plain(&relation.field);
    let kind = format_ident!("{}", relation.kind.name());
    let link = link(index, relation);
    let include = relation.attr.include.is_some();
    let keys_name = option(relation.keys.as_ref().map(|keys| keys.api_name.to_token_stream()));
    let nested = relation.attr.nested.is_some();
    let on_delete = match relation.delete_action() {
        DeleteAction::Restrict => quote!(Restrict),
        DeleteAction::Cascade => quote!(Cascade),
        DeleteAction::SetNull => quote!(SetNull),
    };
    let meta = constant(target, "META");
    quote! {
        __couplet::RelationMeta {
            field: #field,
            api_name: #api_name,
            doc: #doc,
            kind: __couplet::RelationKind::#kind,
            target: || #meta,
            link: #link,
            include: #include,
            keys_name: #keys_name,
            nested: #nested,
            on_delete: __couplet::OnDelete::#on_delete,
        }
    }
}

fn link(index: usize, relation: &Relation) -> TokenStream {
    let local = relation.own.1.unwrap_or_default();
    let foreign = foreign_name(index);
    match relation.kind {
        RelationKind::BelongsTo => quote!(__couplet::Link::Local { local: #local, foreign: #foreign }),
        RelationKind::HasOne | RelationKind::HasMany => {
            quote!(__couplet::Link::Foreign { local: #local, foreign: #foreign })
        }
        RelationKind::ManyToMany => {
            let through = relation.attr.through.as_ref();
            let (own, target) = (through_name(index, "OWN"), through_name(index, "TARGET"));
            quote! {
                __couplet::Link::Through {
                    model: || <#through as __couplet::Model>::META,
                    local: #local,
                    through_local: #own,
                    through_foreign: #target,
                    foreign: #foreign,
                }
            }
        }
    }
}

/// The columns of other models by name, and the comparison of types on both sides.
pub(super) fn checks(model: &Model) -> TokenStream {
    model
        .relations
        .iter()
        .enumerate()
        .map(|(index, relation)| match relation.kind {
            RelationKind::BelongsTo => belongs_to(index, model, relation),
            RelationKind::HasOne | RelationKind::HasMany => has(index, model, relation),
            RelationKind::ManyToMany => many_to_many(index, model, relation),
        })
        .collect()
}

fn belongs_to(index: usize, model: &Model, relation: &Relation) -> TokenStream {
    let foreign = match &relation.attr.key {
        Some(key) => field_index(
            &foreign_name(index),
            &relation.target,
            &plain(key),
            key.span(),
            "name a field of it that the foreign key holds",
        ),
        None => single_key(index, relation),
    };
    let span = relation.attr.foreign_key.as_ref().map_or(relation.field.span(), Ident::span);
    let types = same_types(index, model, relation, span, &format!("`{}`", relation.own.0));
    quote!(#foreign #types)
}

fn has(index: usize, model: &Model, relation: &Relation) -> TokenStream {
    let named = relation.attr.foreign_key.as_ref();
    let field = named.map_or_else(|| conventional_foreign_key(&plain(&model.ident)), plain);
    let span = named.map_or(relation.field.span(), Ident::span);
    let hint = "add it, or name the field that refers to this model with `#[relation(foreign_key = …)]`";
    let foreign = field_index(&foreign_name(index), &relation.target, &field, span, hint);
    let types = same_types(index, model, relation, span, &format!("`{}::{field}`", relation.target_name()));
    quote!(#foreign #types)
}

fn many_to_many(index: usize, model: &Model, relation: &Relation) -> TokenStream {
    let Some(through) = &relation.attr.through else { return TokenStream::new() };
    let join = Type::Path(syn::TypePath { qself: None, path: through.clone() });
    let named = relation.attr.through_fields.as_ref();
    let spans = [named.and_then(|fields| fields.own.as_ref()), named.and_then(|fields| fields.target.as_ref())];
    let spans = spans.map(|field| field.map_or(through.span(), Ident::span));
    let names = [through_name(index, "OWN"), through_name(index, "TARGET")];
    let fields = relation.through_names(model);
    let hint = "add it, or name the fields with `#[relation(through(own = …, target = …))]`";
    let indexes = (0..2).map(|side| field_index(&names[side], &join, &fields[side], spans[side], hint));
    let own = relation.own.1.unwrap_or_default();
    let (ident, foreign, target) = (&model.ident, foreign_name(index), &relation.target);
    let ends = [
        (quote!(<#ident as __couplet::Model>::COLUMNS[#own].ty), plain(ident)),
        (quote!(<#target as __couplet::Model>::COLUMNS[#foreign].ty), relation.target_name()),
    ];
    let types = ends.into_iter().enumerate().map(|(side, (key, name))| {
        let (field, column, span) = (&fields[side], &names[side], spans[side]);
        let text =
            format!("`{field}` of the join model is of another type than the key of `{name}`; make them the same");
        quote_spanned! {span=>
            const _: () = __couplet::check_key_types(<#join as __couplet::Model>::COLUMNS[#column].ty, #key, #text);
        }
    });
    let foreign = single_key(index, relation);
    quote!(#(#indexes)* #foreign #(#types)*)
}

/// A constant with the index of the column that is `field` in `model`.
fn field_index(name: &Ident, model: &Type, field: &str, span: Span, hint: &str) -> TokenStream {
    let model_name = model.to_token_stream().to_string().replace(' ', "");
    let text = format!("`{model_name}` has no field `{field}`; {hint}");
    let columns = constant(model, "COLUMNS");
    let name = Ident::new(&name.to_string(), span);
    quote_spanned!(span=> const #name: usize = __couplet::column_index(#columns, #field, #text);)
}

/// A constant with the index of the only key column of the related model.
fn single_key(index: usize, relation: &Relation) -> TokenStream {
    let name = foreign_name(index);
    let text = match relation.kind {
        RelationKind::ManyToMany => "a many-to-many joins models with a key of one column",
        _ => {
            "the related model has a key of several columns; name the field that is referred to with `#[relation(key = …)]`"
        }
    };
    let key = constant(&relation.target, "KEY");
    quote_spanned!(relation.target.span()=> const #name: usize = __couplet::single_key(#key, #text);)
}

fn same_types(index: usize, model: &Model, relation: &Relation, span: Span, holder: &str) -> TokenStream {
    let (ident, foreign, target) = (&model.ident, foreign_name(index), constant(&relation.target, "COLUMNS"));
    let own = relation.own.1.unwrap_or_default();
    let referred = match relation.kind {
        RelationKind::BelongsTo => format!("the key of `{}`", relation.target_name()),
        _ => format!("`{}::{}`", plain(ident), relation.own.0),
    };
    let text = format!("{holder} is of another type than {referred}, which it refers to; make them the same");
    quote_spanned! {span=>
        const _: () = __couplet::check_key_types(
            <#ident as __couplet::Model>::COLUMNS[#own].ty,
            #target[#foreign].ty,
            #text,
        );
    }
}

/// `<T as Model>::NAME`, all of it at the type: rustc reports a type that is no model once, where it is written.
pub(super) fn constant(ty: &Type, name: &str) -> TokenStream {
    let name = Ident::new(name, ty.span());
    quote_spanned!(ty.span()=> <#ty as __couplet::Model>::#name)
}

fn foreign_name(index: usize) -> Ident {
    format_ident!("FOREIGN_{index}")
}

fn through_name(index: usize, side: &str) -> Ident {
    format_ident!("THROUGH_{side}_{index}")
}

/// The body of `Model::attach`.
pub(super) fn attach(model: &Model) -> TokenStream {
    let arms = model.relations.iter().enumerate().map(|(index, relation)| {
        let field = &relation.field;
        let build = constant(&relation.target, "build");
        quote!(#index => self.#field.fill(related, #build),)
    });
    quote! {
        match relation {
            #(#arms)*
            _ => __couplet::Result::Ok(()),
        }
    }
}
