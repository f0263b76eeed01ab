//! The derives of couplet.
use proc_macro::TokenStream;
/// x
#[proc_macro_derive(Model, attributes(model, field, relation))]
pub fn model(_: TokenStream) -> TokenStream {
    TokenStream::new()
}
/// x
#[proc_macro_derive(Resource, attributes(resource, field, relation))]
pub fn resource(_: TokenStream) -> TokenStream {
    TokenStream::new()
}
/// x
#[proc_macro_derive(TextEnum, attributes(text_enum))]
pub fn text_enum(_: TokenStream) -> TokenStream {
    TokenStream::new()
}
/// x
#[proc_macro]
pub fn migrations(_: TokenStream) -> TokenStream {
    TokenStream::new()
}
