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
use crate::model::{Model, Relation, RelationKind};
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
    let subset = option(relation.attr.filter.as_ref().map(|filter| {
        // At the expression, so that a condition on another model is reported there.
        quote_spanned!(filter.span()=> || __couplet::subset::<#target>(#filter))
    }));
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
            subset: #subset,
        }
    }
}

fn link(index: usize, relation: &Relation) -> TokenStream {
    let local = own_indexes(relation);
    let list = |names: Vec<Ident>| quote!(&[#(#names),*]);
    let columns = match relation.kind {
        RelationKind::HasOne | RelationKind::HasMany | RelationKind::BelongsTo => local.len(),
        RelationKind::ManyToMany => {
            let named = relation.attr.through_fields.as_ref().map_or(0, |fields| fields.target.len());
            named.max(1)
        }
    };
    let foreign = list(numbered(&foreign_name(index), columns));
    let through_local = list(numbered(&through_name(index, "OWN"), local.len()));
    let through_foreign = list(numbered(&through_name(index, "TARGET"), columns));
    let local = quote!(&[#(#local),*]);
    match relation.kind {
        RelationKind::BelongsTo => quote!(__couplet::Link::Local { local: #local, foreign: #foreign }),
        RelationKind::HasOne | RelationKind::HasMany => {
            quote!(__couplet::Link::Foreign { local: #local, foreign: #foreign })
        }
        RelationKind::ManyToMany => {
            let through = relation.attr.through.as_ref();
            quote! {
                __couplet::Link::Through {
                    model: || <#through as __couplet::Model>::META,
                    local: #local,
                    through_local: #through_local,
                    through_foreign: #through_foreign,
                    foreign: #foreign,
                }
            }
        }
    }
}

fn own_indexes(relation: &Relation) -> Vec<usize> {
    relation.own.iter().map(|own| own.index.unwrap_or_default()).collect()
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
    let names = numbered(&foreign_name(index), relation.own.len());
    let hint = "name a field of it that the foreign key holds";
    let named = relation.attr.key.iter().zip(&names);
    let named = named.map(|(key, name)| field_index(name, &relation.target, &plain(key), key.span(), hint));
    let foreign: TokenStream =
        if relation.attr.key.is_empty() { key_columns(&names, relation) } else { named.collect() };
    let holders = relation.own.iter().enumerate().map(|(place, own)| {
        let span = relation.attr.foreign_key.get(place).map_or(relation.field.span(), Ident::span);
        (span, format!("`{}`", own.name))
    });
    let types = same_types(&names, model, relation, &holders.collect::<Vec<_>>());
    quote!(#foreign #types)
}

fn has(index: usize, model: &Model, relation: &Relation) -> TokenStream {
    let named = &relation.attr.foreign_key;
    let conventional = relation.conventional_foreign_keys(model);
    let fields = if named.is_empty() { conventional } else { named.iter().map(plain).collect() };
    let span = |place: usize| named.get(place).map_or(relation.field.span(), Ident::span);
    let hint = "add it, or name the field that refers to this model with `#[relation(foreign_key = …)]`";
    let names = numbered(&foreign_name(index), relation.own.len());
    let foreign = fields
        .iter()
        .zip(&names)
        .enumerate()
        .map(|(place, (field, name))| field_index(name, &relation.target, field, span(place), hint));
    let target = relation.target_name();
    let holders = fields.iter().enumerate().map(|(place, field)| (span(place), format!("`{target}::{field}`")));
    let types = same_types(&names, model, relation, &holders.collect::<Vec<_>>());
    quote!(#(#foreign)* #types)
}

fn many_to_many(index: usize, model: &Model, relation: &Relation) -> TokenStream {
    let Some(through) = &relation.attr.through else { return TokenStream::new() };
    let join = Type::Path(syn::TypePath { qself: None, path: through.clone() });
    let named = relation.attr.through_fields.as_ref();
    let named = [named.map(|fields| &fields.own[..]), named.map(|fields| &fields.target[..])];
    let fields = relation.through_names(model);
    let foreign_names = numbered(&foreign_name(index), fields[1].len());
    let (ident, target) = (&model.ident, &relation.target);
    let own = own_indexes(relation).into_iter().map(|own| quote!(<#ident as __couplet::Model>::COLUMNS[#own].ty));
    let foreign = foreign_names.iter().map(|name| quote!(<#target as __couplet::Model>::COLUMNS[#name].ty));
    let ends: [(Vec<TokenStream>, String); 2] =
        [(own.collect(), plain(ident)), (foreign.collect(), relation.target_name())];
    let hint = "add it, or name the fields with `#[relation(through(own = …, target = …))]`";
    let (mut indexes, mut types) = (TokenStream::new(), TokenStream::new());
    for (side, (keys, name)) in ends.iter().enumerate() {
        let columns = numbered(&through_name(index, ["OWN", "TARGET"][side]), fields[side].len());
        for (place, (field, column)) in fields[side].iter().zip(&columns).enumerate() {
            let span = named[side].and_then(|named| named.get(place)).map_or(through.span(), Ident::span);
            indexes.extend(field_index(column, &join, field, span, hint));
            let Some(key) = keys.get(place) else { continue };
            let text =
                format!("`{field}` of the join model is of another type than the key of `{name}`; make them the same");
            types.extend(quote_spanned! {span=>
                const _: () = __couplet::check_key_types(<#join as __couplet::Model>::COLUMNS[#column].ty, #key, #text);
            });
        }
    }
    let foreign = key_columns(&foreign_names, relation);
    quote!(#indexes #foreign #types)
}

/// A constant with the index of the column that is `field` in `model`.
fn field_index(name: &Ident, model: &Type, field: &str, span: Span, hint: &str) -> TokenStream {
    let model_name = model.to_token_stream().to_string().replace(' ', "");
    let text = format!("`{model_name}` has no field `{field}`; {hint}");
    let columns = constant(model, "COLUMNS");
    let name = Ident::new(&name.to_string(), span);
    quote_spanned!(span=> const #name: usize = __couplet::column_index(#columns, #field, #text);)
}

/// Constants with the indexes of the key columns of the related model, which are as many as `names`.
fn key_columns(names: &[Ident], relation: &Relation) -> TokenStream {
    let (columns, target) = (names.len(), relation.target_name());
    let text = match (relation.kind, columns) {
        (RelationKind::ManyToMany, 1) => format!(
            "`{target}` has a key of several columns; name the fields of the join model that hold it with `through(target(…, …))`"
        ),
        (RelationKind::ManyToMany, _) => {
            format!("`target` names {columns} fields, and the key of `{target}` has not as many columns")
        }
        (_, 1) => format!(
            "`{target}` has a key of several columns; name as many fields with `#[relation(foreign_key(…, …))]`, or the one that is referred to with `#[relation(key = …)]`"
        ),
        _ => format!(
            "`foreign_key` names {columns} fields, and the key of `{target}` has not as many columns; name those that are referred to with `key(…)`"
        ),
    };
    let key = constant(&relation.target, "KEY");
    let constants = names.iter().enumerate().map(|(place, name)| {
        quote_spanned! {relation.target.span()=>
            const #name: usize = __couplet::key_column(#key, #place, #columns, #text);
        }
    });
    constants.collect()
}

/// Compares the types of what is joined pair by pair; `holders` are the columns that hold the key, each with its place.
fn same_types(names: &[Ident], model: &Model, relation: &Relation, holders: &[(Span, String)]) -> TokenStream {
    let (ident, target) = (&model.ident, constant(&relation.target, "COLUMNS"));
    let checks = relation.own.iter().zip(names).zip(holders).map(|((column, foreign), (span, holder))| {
        let own = column.index.unwrap_or_default();
        let referred = match relation.kind {
            RelationKind::BelongsTo => format!("the key of `{}`", relation.target_name()),
            _ => format!("`{}::{}`", plain(ident), column.name),
        };
        let text = format!("{holder} is of another type than {referred}, which it refers to; make them the same");
        quote_spanned! {*span=>
            const _: () = __couplet::check_key_types(
                <#ident as __couplet::Model>::COLUMNS[#own].ty,
                #target[#foreign].ty,
                #text,
            );
        }
    });
    checks.collect()
}

/// `<T as Model>::NAME`, all of it at the type: rustc reports a type that is no model once, where it is written.
pub(super) fn constant(ty: &Type, name: &str) -> TokenStream {
    let name = Ident::new(name, ty.span());
    quote_spanned!(ty.span()=> <#ty as __couplet::Model>::#name)
}

/// The constants of the columns of one side: `NAME`, `NAME_2`, `NAME_3`.
fn numbered(name: &Ident, columns: usize) -> Vec<Ident> {
    (1..=columns).map(|place| if place == 1 { name.clone() } else { format_ident!("{name}_{place}") }).collect()
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
