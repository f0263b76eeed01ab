//! `ResourceMeta::cache`.

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use syn::Ident;

use crate::attr::ResourceAttr;
use crate::diagnostics::Diagnostics;
use crate::model::Model;

/// The constant that says how answers are kept; `operations` are the variants that the resource offers.
pub(super) fn cache(
    model: &Model,
    attr: &ResourceAttr,
    operations: &[Ident],
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    let Some(cache) = &attr.cache else { return super::option(None) };
    if model.attr.view.is_some() {
        let text = "nobody notes what changes a view, so its answers cannot be cached; remove `cache`";
        diagnostics.error(&cache.word, text);
    } else if !operations.iter().any(|operation| ["List", "Get", "Search"].iter().any(|read| operation == read)) {
        let text = "nothing that is offered is read; offer `list`, `get` or `search`, or remove `cache`";
        diagnostics.error(&cache.word, text);
    }
    if let Some((text, staleness)) = &cache.max_staleness
        && *staleness > cache.ttl.1
    {
        diagnostics
            .error(text, format!("longer than answers are kept; raise `ttl`, which is {:?}", cache.ttl.0.value()));
    }
    let duration = |milliseconds: u64| {
        let milliseconds = Literal::u64_unsuffixed(milliseconds);
        quote!(__couplet::Duration::from_millis(#milliseconds))
    };
    let ttl = duration(cache.ttl.1);
    let max_staleness = duration(cache.max_staleness.as_ref().map_or(0, |(_, milliseconds)| *milliseconds));
    super::option(Some(quote!(__couplet::CacheMeta { ttl: #ttl, max_staleness: #max_staleness })))
}
