//! Where the framework is found from the user's crate.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::Ident;

/// The path of `couplet::__private`, by the name that the user's manifest gives the crate. The framework calls itself
/// `::couplet` too, since its doctests and examples are crates of their own.
pub(crate) fn private() -> TokenStream {
    let name = match crate_name("couplet") {
        Ok(FoundCrate::Name(name)) => name,
        Ok(FoundCrate::Itself) | Err(_) => "couplet".to_owned(),
    };
    let name = Ident::new(&name, Span::call_site());
    quote!(::#name::__private)
}
