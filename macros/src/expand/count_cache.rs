//! `ResourceMeta::count_cache`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Ident;

use crate::attr::ResourceAttr;
use crate::diagnostics::{Diagnostics, unknown};
use crate::model::Model;

/// The ways to keep totals, as attributes and as variants name them. What needs no word is not among them.
const WAYS: &[(&str, &str)] = &[("ttl", "Ttl"), ("off", "Off")];

/// The constant that says how totals are kept; `operations` are the variants that the resource offers.
pub(super) fn count_cache(
    model: &Model,
    attr: &ResourceAttr,
    operations: &[Ident],
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    let mut totals = "Fresh";
    if let Some(text) = &attr.count_cache {
        let names: Vec<&str> = WAYS.iter().map(|(name, _)| *name).collect();
        match WAYS.iter().find(|(name, _)| *name == text.value()) {
            Some((_, variant)) => totals = variant,
            None => diagnostics.error(text, unknown("way to keep totals", &text.value(), &names)),
        }
        if !operations.iter().any(|operation| operation == "List") {
            diagnostics.error(text, "nothing is listed, so nothing is counted; offer `list` or remove `count_cache`");
        }
    }
    if let Some(word) = &attr.cache_searches {
        if totals == "Off" {
            diagnostics.error(word, "no total is kept, so none of a search is; remove one of the two");
        } else if !model.columns.iter().any(|column| column.attr.search.is_some()) {
            diagnostics.error(word, "no field is marked `search`, so nothing is searched for; remove `cache_searches`");
        }
    }
    let (totals, searches) = (format_ident!("{totals}"), attr.cache_searches.is_some());
    quote!(__couplet::CountCacheMeta { totals: __couplet::Totals::#totals, searches: #searches })
}
