//! `#[model(hooks)]`: the table of a model's hooks.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::option;
use crate::model::Model;

/// The table as a static, and what `ModelMeta::hooks` holds. A model without hooks that says it has some is reported at the
/// attribute.
pub(super) fn table(model: &Model) -> (TokenStream, TokenStream) {
    let Some(hooks) = &model.attr.hooks else { return (TokenStream::new(), option(None)) };
    let ident = &model.ident;
    let table = quote_spanned!(hooks.span()=> __couplet::HookTable::of::<#ident>());
    let items = quote! {
        static HOOKS: __couplet::HookTable = #table;

        #[automatically_derived]
        impl __couplet::Hooked for #ident {}
    };
    (items, option(Some(quote!(&HOOKS))))
}
