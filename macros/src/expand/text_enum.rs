//! `impl TextEnum` and `impl ColumnValue` of an enum.

use std::collections::HashMap;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields, Ident, Variant};

use super::enclosed;
use crate::attr::{TextEnumAttr, blame};
use crate::crate_path;
use crate::diagnostics::Diagnostics;
use crate::naming::{Case, plain};

/// Everything that `derive(TextEnum)` writes.
pub(crate) fn text_enum(derive: &DeriveInput, diagnostics: &mut Diagnostics) -> TokenStream {
    let variants = unit_variants(derive, diagnostics);
    let named = names(derive, &variants, diagnostics);
    if !derive.generics.params.is_empty() {
        diagnostics.error(&derive.generics, "a text enum takes no generics");
        return TokenStream::new();
    }
    let sound = diagnostics.is_empty();
    let ident = &derive.ident;
    let (idents, names): (Vec<_>, Vec<_>) = named.into_iter().unzip();
    let (name, from_name) = if sound {
        let arms = quote!(#(#names => __couplet::Option::Some(Self::#idents),)* _ => __couplet::Option::None,);
        (quote!(match self { #(Self::#idents => #names,)* }), quote!(match name { #arms }))
    } else {
        (quote!(loop {}), quote!(__couplet::Option::None))
    };
    let items = quote! {
        #[automatically_derived]
        impl __couplet::TextEnum for #ident {
            const NAMES: &'static [&'static str] = &[#(#names),*];

            #[allow(clippy::empty_loop)]
            fn name(&self) -> &'static str {
                #name
            }

            #[allow(unused_variables)]
            fn from_name(name: &str) -> __couplet::Option<Self> {
                #from_name
            }
        }

        #[automatically_derived]
        impl __couplet::ColumnValue for #ident {
            const TYPE: __couplet::ColumnType = __couplet::ColumnType::Enum(<Self as __couplet::TextEnum>::NAMES);
            type Operand = Self;

            fn decode_option(
                row: &dyn __couplet::Row,
                index: usize,
            ) -> __couplet::Result<__couplet::Option<Self>, __couplet::DecodeError> {
                __couplet::text_enum::decode(row, index)
            }

            fn to_value(&self) -> __couplet::Value {
                __couplet::text_enum::to_value(self)
            }

            fn write_json(&self, out: &mut __couplet::Vec<u8>) {
                __couplet::text_enum::write_json(self, out)
            }
        }
    };
    enclosed(&crate_path::private(), &items)
}

/// Variants without fields; a text has no room for more.
fn unit_variants<'a>(derive: &'a DeriveInput, diagnostics: &mut Diagnostics) -> Vec<&'a Variant> {
    let Data::Enum(data) = &derive.data else {
        diagnostics.error(&derive.ident, "a text enum is an `enum` whose variants have no fields");
        return Vec::new();
    };
    if data.variants.is_empty() {
        diagnostics.error(&derive.ident, "a column of an enum without variants could hold nothing; add a variant");
    }
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            diagnostics.error(&variant.fields, "a text has no room for fields; write the variant without them");
        }
    }
    data.variants.iter().filter(|variant| matches!(variant.fields, Fields::Unit)).collect()
}

/// The text of each variant; two of one text could not be told apart when they are read.
fn names(derive: &DeriveInput, variants: &[&Variant], diagnostics: &mut Diagnostics) -> Vec<(Ident, String)> {
    let case = TextEnumAttr::read(&derive.attrs, diagnostics).rename_all.unwrap_or(Case::Snake);
    let mut seen: HashMap<String, Ident> = HashMap::new();
    let mut names = Vec::new();
    for variant in variants {
        let rename = TextEnumAttr::read_rename(&variant.attrs, diagnostics);
        let name = rename.as_ref().map_or_else(|| case.apply(&plain(&variant.ident)), syn::LitStr::value);
        if let Some(first) = seen.get(&name) {
            let text =
                format!("`{name}` is the text of `{first}` already; give another with `#[text_enum(rename = \"…\")]`");
            diagnostics.error(blame(rename.as_ref(), &variant.ident), text);
        } else if name.is_empty() || name.contains('\0') {
            diagnostics
                .error(blame(rename.as_ref(), &variant.ident), "the text of a variant has one character at least");
        }
        seen.insert(name.clone(), variant.ident.clone());
        names.push((variant.ident.clone(), name));
    }
    names
}
