//! `impl Resource`.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DeriveInput, Expr, Ident};

use super::{enclosed, filter_path};
use crate::attr::ResourceAttr;
use crate::crate_path;
use crate::diagnostics::{Diagnostics, silently, unknown};
use crate::model::Model;
use crate::naming::{Case, plain, plural};

/// What `derive(Resource)` writes. It reads the model's attributes too, whose mistakes `derive(Model)` reports.
pub(crate) fn resource(derive: &DeriveInput, diagnostics: &mut Diagnostics) -> TokenStream {
    let (model, sound) = silently(|diagnostics| {
        let model = Model::read(derive, diagnostics)?;
        crate::check::check(&model, diagnostics);
        Some(model)
    });
    let Some(model) = model else { return TokenStream::new() };
    let attr = ResourceAttr::read(&derive.attrs, diagnostics);
    let name = name(&model, &attr, diagnostics);
    let operations = operations(&model, &attr, diagnostics);
    let upsert = super::upsert::keys(&model, &attr, &operations, diagnostics);
    let deleted = deleted(&model, &attr, diagnostics);
    page_sizes(&attr, diagnostics);
    depths(&attr, diagnostics);
    let (filter_paths, checks) = filter_path::paths(&model, &attr, diagnostics);
    let checks = if sound { checks } else { TokenStream::new() };
    let sub_resources = if sound { sub_resources(&model) } else { Vec::new() };
    let ident = &model.ident;
    let number = |given: &Option<(Expr, u64)>, default: u64| {
        proc_macro2::Literal::u64_unsuffixed(given.as_ref().map_or(default, |(_, number)| *number))
    };
    let per_page = number(&attr.per_page, 20);
    let max_per_page = number(&attr.max_per_page, 100);
    let max_offset = number(&attr.max_offset, 100_000);
    let count_cache = super::count_cache::count_cache(&model, &attr, &operations, diagnostics);
    let include_depth = number(&attr.include_depth, 3);
    let include_limit = number(&attr.include_limit, 100);
    let fields = attr.fields.is_some();
    let options_depth = number(&attr.options_depth, 1);
    let max_items = number(&attr.max_items, 10_000);
    let require_if_match = require_if_match(&model, &attr, diagnostics);
    let cache = super::cache::cache(&model, &attr, &operations, diagnostics);
    let items = quote! {
        static RESOURCE: __couplet::ResourceMeta = __couplet::ResourceMeta {
            model: || <#ident as __couplet::Model>::META,
            name: #name,
            operations: &[#(__couplet::Operation::#operations),*],
            per_page: #per_page,
            max_per_page: #max_per_page,
            max_offset: #max_offset,
            count_cache: #count_cache,
            include_depth: #include_depth,
            include_limit: #include_limit,
            filter_paths: &[#(#filter_paths),*],
            fields: #fields,
            options_depth: #options_depth,
            deleted: #deleted,
            upsert: &[#(#upsert),*],
            max_items: #max_items,
            require_if_match: #require_if_match,
            cache: #cache,
            sub_resources: &[#(#sub_resources),*],
        };
        #checks

        #[automatically_derived]
        impl __couplet::Resource for #ident {
            const RESOURCE: &'static __couplet::ResourceMeta = &RESOURCE;
        }
    };
    enclosed(&crate_path::private(), &items)
}

/// Operations by their names in attributes, in the order of the documentation.
const OPERATIONS: &[(&str, &str)] = &[
    ("list", "List"),
    ("get", "Get"),
    ("create", "Create"),
    ("update", "Update"),
    ("replace", "Replace"),
    ("delete", "Delete"),
    ("search", "Search"),
    ("restore", "Restore"),
    ("bulk_create", "BulkCreate"),
    ("bulk_update", "BulkUpdate"),
    ("bulk_delete", "BulkDelete"),
];
const READS: &[&str] = &["list", "get", "search"];
/// What is offered only when it is asked for, and what of one row it is like.
const BULK: &[(&str, &str)] = &[("bulk_create", "create"), ("bulk_update", "update"), ("bulk_delete", "delete")];

/// One path segment, without the slash.
fn name(model: &Model, attr: &ResourceAttr, diagnostics: &mut Diagnostics) -> String {
    let Some(path) = &attr.path else { return plural(&Case::Kebab.apply(&plain(&model.ident))) };
    let value = path.value();
    let segment = value.strip_prefix('/').unwrap_or(&value);
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-' || letter == '_';
    if segment.is_empty() || !segment.chars().all(plain) {
        let text = "a path is one segment of lower-case letters, digits, `-` and `_`, as in \"/book-authors\"";
        diagnostics.error(path, text);
    }
    segment.to_owned()
}

/// The variants of `Operation` that the resource offers. A view can only be read.
fn operations(model: &Model, attr: &ResourceAttr, diagnostics: &mut Diagnostics) -> Vec<Ident> {
    if let (Some(word), Some(_)) = (&attr.read_only, &attr.operations) {
        diagnostics.error(word, "`read_only` stands for `operations(list, get, search)`; keep one");
    }
    let reads_only = model.attr.view.is_some() || attr.read_only.is_some();
    let is_bulk = |name: &str| BULK.iter().any(|(bulk, _)| *bulk == name);
    let Some(operations) = &attr.operations else {
        let offered = |name: &str| {
            let by_flag = is_bulk(name) || name == "restore" && attr.deleted.is_none();
            !by_flag && (!reads_only || READS.contains(&name))
        };
        return with_bulk(attr, offered, diagnostics);
    };
    let names: Vec<&str> = OPERATIONS.iter().map(|(name, _)| *name).collect();
    for (index, operation) in operations.iter().enumerate() {
        let name = plain(operation);
        if !names.contains(&name.as_str()) {
            diagnostics.error(operation, unknown("operation", &name, &names));
        } else if operations[..index].contains(operation) {
            diagnostics.error(operation, format!("`{name}` is given twice; keep one"));
        } else if model.attr.view.is_some() && !READS.contains(&name.as_str()) {
            diagnostics.error(operation, "a view can only be read: `list`, `get` and `search`");
        } else if name == "restore" && attr.deleted.is_none() {
            diagnostics.error(operation, "who restores rows must see those that are deleted; add `deleted`");
        }
    }
    let given = |name: &str| operations.iter().any(|operation| plain(operation) == name);
    with_bulk(attr, given, diagnostics)
}

/// The variants of what is offered, and with `bulk` of what can be done in bulk of that.
fn with_bulk(attr: &ResourceAttr, offered: impl Fn(&str) -> bool, diagnostics: &mut Diagnostics) -> Vec<Ident> {
    let by_flag = |name: &str| attr.bulk.is_some() && BULK.iter().any(|(bulk, one)| *bulk == name && offered(one));
    let chosen: Vec<_> = OPERATIONS.iter().filter(|(name, _)| offered(name) || by_flag(name)).collect();
    if let Some(word) = &attr.bulk
        && !BULK.iter().any(|(_, one)| offered(one))
    {
        let text =
            "nothing that is offered can be done in bulk; offer `create`, `update` or `delete`, or remove `bulk`";
        diagnostics.error(word, text);
    } else if let Some((tokens, _)) = &attr.max_items
        && !chosen.iter().any(|(name, _)| BULK.iter().any(|(bulk, _)| bulk == name))
    {
        diagnostics.error(tokens, "`max_items` bounds what is done in bulk, and nothing is; add `bulk`");
    }
    chosen.into_iter().map(|(_, variant)| format_ident!("{variant}")).collect()
}

fn require_if_match(model: &Model, attr: &ResourceAttr, diagnostics: &mut Diagnostics) -> bool {
    let Some(word) = &attr.require_if_match else { return false };
    if !model.columns.iter().any(|column| column.attr.version.is_some()) {
        diagnostics.error(word, "there is no version to match; mark an `i32` or `i64` with `#[field(version)]`");
    }
    true
}

/// Whether clients may ask for deleted rows, which the model must keep.
fn deleted(model: &Model, attr: &ResourceAttr, diagnostics: &mut Diagnostics) -> bool {
    let keeps = model.columns.iter().any(|column| column.attr.deleted_at.is_some());
    if let Some(word) = attr.deleted.as_ref().filter(|_| !keeps) {
        let text = "deleted rows are gone; a field `#[field(deleted_at)] deleted_at: Option<DateTime<Utc>>` keeps them";
        diagnostics.error(word, text);
    }
    attr.deleted.is_some()
}

/// A default page over the cap would be refused on every list.
fn page_sizes(attr: &ResourceAttr, diagnostics: &mut Diagnostics) {
    let cap = attr.max_per_page.as_ref().map_or(100, |(_, number)| *number);
    for (tokens, number) in [&attr.per_page, &attr.max_per_page].into_iter().flatten() {
        if u32::try_from(*number).is_err() {
            diagnostics.error(tokens, format!("a page has {} rows at most", u32::MAX));
            return;
        }
    }
    match (&attr.per_page, &attr.max_per_page) {
        (Some((tokens, number)), _) if *number > cap => {
            diagnostics.error(tokens, format!("more than a page may have; raise `max_per_page`, which is {cap}"));
        }
        (None, Some((tokens, _))) if cap < 20 => {
            diagnostics.error(tokens, format!("less than the default page of 20; add `per_page = {cap}`"));
        }
        _ => {}
    }
}

/// Options of paths that cannot be included would never be taken.
fn depths(attr: &ResourceAttr, diagnostics: &mut Diagnostics) {
    let most = attr.include_depth.as_ref().map_or(3, |(_, number)| *number);
    if let Some((tokens, number)) = &attr.options_depth
        && *number > most
    {
        diagnostics.error(tokens, format!("deeper than `include` may nest; raise `include_depth`, which is {most}"));
    }
}

fn sub_resources(model: &Model) -> Vec<TokenStream> {
    let listed = model.relations.iter().enumerate().filter(|(_, relation)| relation.attr.sub_resource.is_some());
    listed
        .map(|(index, relation)| {
            let target = &relation.target;
            let target = quote_spanned!(target.span()=> <#target as __couplet::Resource>::RESOURCE);
            quote!(__couplet::SubResource { relation: #index, target: || #target }).into_token_stream()
        })
        .collect()
}
