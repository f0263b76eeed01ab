//! The inputs of a create and an update: `NewAuthor`, `AuthorPatch`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, Type, Visibility};

use super::column::function;
use super::token::documentation;
use crate::model::{Column, Generated, Kind, Model, Relation};
use crate::naming::plain;

pub(super) fn new_ident(model: &Model) -> Ident {
    format_ident!("New{}", plain(&model.ident), span = model.ident.span())
}

pub(super) fn patch_ident(model: &Model) -> Ident {
    format_ident!("{}Patch", plain(&model.ident), span = model.ident.span())
}

/// Both structs. They stand beside the model, where `__couplet` is not known.
pub(super) fn structs(model: &Model, private: &TokenStream) -> TokenStream {
    let Model { ident, vis, .. } = model;
    let name = plain(ident);
    let new_doc = format!("What a create of [`{name}`] takes. A field that is `None` gets its default, or NULL.");
    let patch_doc = format!("What an update of [`{name}`] takes. A field that is not named stays as it is.");
    let new = declaration(vis, &new_ident(model), &new_fields(model, private), private);
    let patch = declaration(vis, &patch_ident(model), &patch_fields(model, private), private);
    quote! {
        #[doc = #new_doc]
        #new
        #[doc = #patch_doc]
        #[derive(#private::Default)]
        #patch
    }
}

/// A field of an input.
struct InputField {
    ident: Ident,
    ty: TokenStream,
    doc: String,
    /// Whether its type is known to be `Clone` and `Debug`.
    printable: bool,
}

impl InputField {
    fn column(column: &Column, ty: TokenStream) -> Self {
        let doc = documentation(&column.doc, || format!("The column `{}`.", column.name));
        let printable = !matches!(column.kind, Kind::Custom | Kind::Json);
        Self { ident: column.field.clone(), ty, doc, printable }
    }

    fn link(relation: &Relation, keys: &Ident, ty: TokenStream) -> Self {
        let doc = format!("The keys of the rows that `{}` is to hold, all others removed.", plain(&relation.field));
        Self { ident: keys.clone(), ty, doc, printable: false }
    }
}

fn new_fields(model: &Model, private: &TokenStream) -> Vec<InputField> {
    let columns = creatable(model).map(|(_, column)| InputField::column(column, new_type(column, private)));
    let links = links(model).map(|(_, relation, keys)| {
        let ty = keys_type(relation, private);
        InputField::link(relation, keys, quote!(#private::Option<#ty>))
    });
    columns.chain(links).collect()
}

fn patch_fields(model: &Model, private: &TokenStream) -> Vec<InputField> {
    let columns = patchable(model).map(|(_, column)| {
        let ty = &column.ty;
        InputField::column(column, quote!(#private::Patch<#ty>))
    });
    let links = links(model).map(|(_, relation, keys)| {
        let ty = keys_type(relation, private);
        InputField::link(relation, keys, quote!(#private::Patch<#ty>))
    });
    columns.chain(links).collect()
}

fn declaration(vis: &Visibility, name: &Ident, fields: &[InputField], private: &TokenStream) -> TokenStream {
    let derive =
        fields.iter().all(|field| field.printable).then(|| quote!(#[derive(#private::Clone, #private::Debug)]));
    let fields = fields.iter().map(|InputField { ident, ty, doc, .. }| quote!(#[doc = #doc] #vis #ident: #ty));
    quote! {
        #derive
        #[allow(unreachable_pub)]
        #vis struct #name {
            #(#fields,)*
        }
    }
}

/// `Clone` and `Debug` where every field is. Enums and the contents of JSON columns need be neither: the lifetime in
/// their bounds puts the question off until somebody clones or prints the input.
fn printing(name: &Ident, fields: &[InputField]) -> TokenStream {
    let unknown: Vec<_> = fields.iter().filter(|field| !field.printable).map(|field| &field.ty).collect();
    if unknown.is_empty() {
        return TokenStream::new();
    }
    let text = name.to_string();
    let idents: Vec<_> = fields.iter().map(|field| &field.ident).collect();
    let labels = idents.iter().map(|ident| plain(ident));
    quote! {
        #[automatically_derived]
        impl __couplet::Clone for #name where #(for<'field> #unknown: __couplet::Clone,)* {
            fn clone(&self) -> Self {
                Self { #(#idents: __couplet::Clone::clone(&self.#idents)),* }
            }
        }

        #[automatically_derived]
        impl __couplet::fmt::Debug for #name where #(for<'field> #unknown: __couplet::fmt::Debug,)* {
            fn fmt(&self, f: &mut __couplet::fmt::Formatter<'_>) -> __couplet::fmt::Result {
                f.debug_struct(#text)#(.field(#labels, &self.#idents))*.finish()
            }
        }
    }
}

/// `New::new` and what both turn into.
pub(super) fn impls(model: &Model) -> TokenStream {
    let constructor = constructor(model);
    let (new, patch) = (new_ident(model), patch_ident(model));
    let new_columns = creatable(model).map(|(index, column)| {
        let field = &column.field;
        if column.has_default() {
            let to_value = function(&column.inner, "to_value");
            quote! {
                if let __couplet::Option::Some(value) = &self.#field {
                    changes.columns.push((#index, #to_value(value)));
                }
            }
        } else {
            let to_value = function(&column.ty, "to_value");
            quote!(changes.columns.push((#index, #to_value(&self.#field)));)
        }
    });
    let patch_columns = patchable(model).map(|(index, column)| {
        let (field, to_value) = (&column.field, function(&column.ty, "to_value"));
        quote! {
            if let __couplet::Patch::Set(value) = &self.#field {
                changes.columns.push((#index, #to_value(value)));
            }
        }
    });
    let push_links = |set: TokenStream| {
        let links = links(model).map(move |(index, _, keys)| {
            quote! {
                if let #set(keys) = &self.#keys {
                    changes.links.push((#index, __couplet::key_values(keys)));
                }
            }
        });
        links.collect::<TokenStream>()
    };
    let new_links = push_links(quote!(__couplet::Option::Some));
    let patch_links = push_links(quote!(__couplet::Patch::Set));
    let private = quote!(__couplet);
    let new_printing = printing(&new, &new_fields(model, &private));
    let patch_printing = printing(&patch, &patch_fields(model, &private));
    quote! {
        #constructor
        #new_printing
        #patch_printing

        #[automatically_derived]
        impl __couplet::NewRecord for #new {
            #[allow(unused_mut)]
            fn into_changes(self) -> __couplet::Changes {
                let mut changes = <__couplet::Changes as __couplet::Default>::default();
                #(#new_columns)*
                #new_links
                changes
            }
        }

        #[automatically_derived]
        impl __couplet::PatchRecord for #patch {
            #[allow(unused_mut)]
            fn into_changes(self) -> __couplet::Changes {
                let mut changes = <__couplet::Changes as __couplet::Default>::default();
                #(#patch_columns)*
                #patch_links
                changes
            }
        }
    }
}

/// `NewAuthor::new`, with the required fields in order; where there is none, `Default` too.
fn constructor(model: &Model) -> TokenStream {
    let (new, vis) = (new_ident(model), &model.vis);
    let required: Vec<&Column> =
        creatable(model).map(|(_, column)| column).filter(|column| column.required()).collect();
    let optional = creatable(model).map(|(_, column)| column).filter(|column| !column.required());
    let optional = optional.map(|column| column.field.clone()).chain(links(model).map(|(_, _, keys)| keys.clone()));
    let parameters = required.iter().map(|column| {
        let (field, ty) = (&column.field, &column.ty);
        quote!(#field: impl __couplet::Into<#ty>)
    });
    let values = required.iter().map(|column| {
        let field = &column.field;
        quote!(#field: __couplet::Into::into(#field))
    });
    let default = if required.is_empty() {
        quote! {
            #[automatically_derived]
            impl __couplet::Default for #new {
                fn default() -> Self {
                    Self::new()
                }
            }
        }
    } else {
        TokenStream::new()
    };
    quote! {
        #[automatically_derived]
        impl #new {
            /// The required fields; all others get their defaults.
            #[must_use]
            #[allow(dead_code, unreachable_pub, clippy::too_many_arguments)]
            #vis fn new(#(#parameters),*) -> Self {
                Self {
                    #(#values,)*
                    #(#optional: __couplet::Option::None,)*
                }
            }
        }
        #default
    }
}

/// Columns that a create may set: all but what the database makes and the version.
fn creatable(model: &Model) -> impl Iterator<Item = (usize, &Column)> {
    let is_made = |column: &Column| {
        matches!(column.generated, Some(Generated::Database | Generated::Expression | Generated::Version))
    };
    model.columns.iter().enumerate().filter(move |(_, column)| !is_made(column))
}

/// Columns that an update may set: all but the key, what the database computes and the version.
fn patchable(model: &Model) -> impl Iterator<Item = (usize, &Column)> {
    let is_settable =
        |column: &Column| !column.key && !matches!(column.generated, Some(Generated::Expression | Generated::Version));
    model.columns.iter().enumerate().filter(move |(_, column)| is_settable(column))
}

fn links(model: &Model) -> impl Iterator<Item = (usize, &Relation, &Ident)> {
    model
        .relations
        .iter()
        .enumerate()
        .filter_map(|(index, relation)| Some((index, relation, &relation.keys.as_ref()?.field)))
}

fn new_type(column: &Column, private: &TokenStream) -> TokenStream {
    let (ty, inner) = (&column.ty, &column.inner);
    if column.has_default() { quote!(#private::Option<#inner>) } else { quote!(#ty) }
}

fn keys_type(relation: &Relation, private: &TokenStream) -> TokenStream {
    let target: &Type = &relation.target;
    quote_spanned!(target.span()=> #private::Vec<<#target as #private::Model>::Key>)
}
