//! From a checked model to code. All parts of one derive stand in one anonymous constant, in which `__couplet` is the
//! framework's `__private` module; only the input structs stand outside, where their names are wanted.

mod cache;
mod column;
mod count_cache;
mod filter_path;
mod hooks;
mod input;
mod model;
mod relation;
mod resource;
mod text_enum;
mod token;
mod upsert;

pub(crate) use model::model;
pub(crate) use resource::resource;
pub(crate) use text_enum::text_enum;

use proc_macro2::TokenStream;
use quote::quote;

/// Puts `items` where they can say `__couplet`.
fn enclosed(private: &TokenStream, items: &TokenStream) -> TokenStream {
    quote! {
        #[doc(hidden)]
        const _: () = {
            use #private as __couplet;
            #items
        };
    }
}

/// `Some(…)` or `None`, whatever the prelude.
fn option(value: Option<TokenStream>) -> TokenStream {
    match value {
        Some(value) => quote!(__couplet::Option::Some(#value)),
        None => quote!(__couplet::Option::None),
    }
}
