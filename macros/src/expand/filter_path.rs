//! `#[resource(filter = ["authors.status"])]`: paths that lead from relations to columns.
//!
//! A derive sees the relations of its own struct, and the compiler the columns of their targets. What lies further away is
//! checked when the app starts.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::LitStr;

use super::relation::constant;
use crate::attr::ResourceAttr;
use crate::diagnostics::{Diagnostics, unknown};
use crate::model::Model;

/// The paths of a resource and the checks of their columns, which only the compiler knows.
pub(super) fn paths(model: &Model, attr: &ResourceAttr, diagnostics: &mut Diagnostics) -> (Vec<LitStr>, TokenStream) {
    let paths = attr.filter.clone().unwrap_or_default();
    let mut checks = TokenStream::new();
    for (index, path) in paths.iter().enumerate() {
        if paths[..index].iter().any(|known| known.value() == path.value()) {
            diagnostics.error(path, format!("\"{}\" is given twice; keep one", path.value()));
        } else {
            checks.extend(check(model, attr, path, diagnostics));
        }
    }
    (paths, checks)
}

fn check(model: &Model, attr: &ResourceAttr, path: &LitStr, diagnostics: &mut Diagnostics) -> Option<TokenStream> {
    let value = path.value();
    let Some((relations, column)) = value.rsplit_once('.') else {
        let text = "a path leads from a relation to a column of it, as in \"authors.status\"; a column of this struct has \
                    `#[field(filter)]`";
        diagnostics.error(path, text);
        return None;
    };
    let steps: Vec<&str> = relations.split('.').collect();
    let Some(relation) = model.relations.iter().find(|relation| relation.api_name == steps[0]) else {
        let names: Vec<&str> = model.relations.iter().map(|relation| relation.api_name.as_str()).collect();
        diagnostics.error(path, unknown("relation", steps[0], &names));
        return None;
    };
    let most = attr.include_depth.as_ref().map_or(3, |(_, most)| *most);
    if steps.len() as u64 > most {
        let text = format!("the path goes {} relations deep and `include_depth` is {most}", steps.len());
        diagnostics.error(path, text);
    }
    if steps.len() > 1 {
        return None;
    }
    let (target, name) = (&relation.target, relation.target_name());
    let columns = constant(target, "COLUMNS");
    let missing = format!("`{name}` has no column that queries call `{column}`; name one that has `#[field(filter)]`");
    let refused = format!("`{column}` of `{name}` declares no filter; add `#[field(filter)]` to it");
    Some(quote_spanned! {path.span()=>
        const _: () = __couplet::check_filter_path(#columns, #column, #missing, #refused);
    })
}
