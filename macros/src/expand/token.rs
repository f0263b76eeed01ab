//! Typed names: `Author::STATUS`, `Author::BOOKS`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Ident;

use crate::model::Model;
use crate::naming::plain;

/// One constant for each column and relation.
pub(super) fn constants(model: &Model) -> TokenStream {
    let Model { ident, vis, .. } = model;
    let columns = model.columns.iter().enumerate().map(|(index, column)| {
        let (name, ty) = (constant_name(&column.field), &column.ty);
        let doc = documentation(&column.doc, || format!("The column `{}`.", column.name));
        quote! {
            #[doc = #doc]
            #vis const #name: __couplet::Field<#ident, #ty> = __couplet::Field::new(#index);
        }
    });
    let relations = model.relations.iter().enumerate().map(|(index, relation)| {
        let (name, target) = (constant_name(&relation.field), &relation.target);
        let doc = documentation(&relation.doc, || format!("The relation `{}`.", relation.api_name));
        quote! {
            #[doc = #doc]
            #vis const #name: __couplet::Relation<#ident, #target> =
                __couplet::Relation::new(__couplet::include::<#ident, #index>);
        }
    });
    quote! {
        #[allow(dead_code, unreachable_pub)]
        #[automatically_derived]
        impl #ident {
            #(#columns)*
            #(#relations)*
        }
    }
}

/// A field's documentation, or what can be said without.
pub(super) fn documentation(doc: &str, otherwise: impl FnOnce() -> String) -> String {
    if doc.is_empty() { otherwise() } else { doc.to_owned() }
}

fn constant_name(field: &Ident) -> Ident {
    format_ident!("{}", plain(field).to_uppercase(), span = field.span())
}
