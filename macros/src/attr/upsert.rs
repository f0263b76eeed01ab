//! `upsert(isbn, (book_id, reader_id))` of a resource.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Ident, Token, parenthesized, token};

use super::{Item, names};

/// The unique keys by which a create may change the row that is there.
pub(crate) struct Upsert {
    /// The word itself, to point to.
    pub(crate) word: Ident,
    pub(crate) keys: Vec<UpsertKey>,
}

/// The fields of one key.
pub(crate) struct UpsertKey {
    pub(crate) fields: Vec<Ident>,
}

impl Upsert {
    pub(super) fn read(item: Item) -> syn::Result<Self> {
        let (word, example) = (item.name.clone(), "isbn, (book_id, reader_id)");
        let keys = item.list(example, Punctuated::<UpsertKey, Token![,]>::parse_terminated)?;
        if keys.is_empty() {
            return Err(syn::Error::new_spanned(&word, format!("write `upsert({example})`")));
        }
        Ok(Self { word, keys: keys.into_iter().collect() })
    }
}

impl Parse for UpsertKey {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        if !input.peek(token::Paren) {
            return Ok(Self { fields: vec![input.call(Ident::parse_any)?] });
        }
        let content;
        parenthesized!(content in input);
        Ok(Self { fields: names(&content)? })
    }
}

impl ToTokens for UpsertKey {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.fields.iter().map(ToTokens::to_token_stream));
    }
}
