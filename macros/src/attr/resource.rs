//! `#[resource(…)]`.

use std::ops::RangeInclusive;

use syn::{Attribute, Expr, Ident, LitStr};

use super::{Cache, Item, Upsert, items, names};
use crate::diagnostics::Diagnostics;

/// What `#[resource(…)]` says. A number comes with its tokens, to point to.
#[derive(Default)]
pub(crate) struct ResourceAttr {
    pub(crate) path: Option<LitStr>,
    pub(crate) operations: Option<Vec<Ident>>,
    pub(crate) read_only: Option<Ident>,
    pub(crate) per_page: Option<(Expr, u64)>,
    pub(crate) max_per_page: Option<(Expr, u64)>,
    pub(crate) max_offset: Option<(Expr, u64)>,
    pub(crate) count_cache: Option<LitStr>,
    pub(crate) cache_searches: Option<Ident>,
    pub(crate) include_depth: Option<(Expr, u64)>,
    pub(crate) include_limit: Option<(Expr, u64)>,
    pub(crate) options_depth: Option<(Expr, u64)>,
    pub(crate) filter: Option<Vec<LitStr>>,
    pub(crate) fields: Option<Ident>,
    pub(crate) deleted: Option<Ident>,
    pub(crate) upsert: Option<Upsert>,
    pub(crate) bulk: Option<Ident>,
    pub(crate) max_items: Option<(Expr, u64)>,
    pub(crate) require_if_match: Option<Ident>,
    pub(crate) cache: Option<Cache>,
}

const NAMES: &[&str] = &[
    "path",
    "operations",
    "read_only",
    "per_page",
    "max_per_page",
    "max_offset",
    "count_cache",
    "cache_searches",
    "include_depth",
    "include_limit",
    "options_depth",
    "filter",
    "fields",
    "deleted",
    "upsert",
    "bulk",
    "max_items",
    "require_if_match",
    "cache",
];

/// The specification names every path that `include` takes, and each level multiplies them.
const INCLUDE_DEPTHS: RangeInclusive<u64> = 1..=5;

/// All rows of a request are in memory at once.
const MAX_ITEMS: RangeInclusive<u64> = 1..=100_000;

impl ResourceAttr {
    pub(crate) fn read(attrs: &[Attribute], diagnostics: &mut Diagnostics) -> Self {
        let mut read = Self::default();
        for item in items("resource", attrs, diagnostics) {
            let result = read.read_item(item);
            diagnostics.take(result);
        }
        read
    }

    fn read_item(&mut self, item: Item) -> syn::Result<()> {
        match item.name.to_string().as_str() {
            "path" => self.path = Some(item.text("/authors")?),
            "operations" => self.operations = Some(item.list("list, get", names)?),
            "read_only" => self.read_only = Some(item.flag()?),
            "per_page" => self.per_page = Some(item.number(20)?),
            "max_per_page" => self.max_per_page = Some(item.number(100)?),
            "max_offset" => self.max_offset = Some(item.number(100_000)?),
            "count_cache" => self.count_cache = Some(item.text("ttl")?),
            "cache_searches" => self.cache_searches = Some(item.flag()?),
            "include_depth" => self.include_depth = Some(item.number_in(INCLUDE_DEPTHS, "a number from 1 to 5", 3)?),
            "options_depth" => self.options_depth = Some(item.number_in(INCLUDE_DEPTHS, "a number from 1 to 5", 1)?),
            "include_limit" => self.include_limit = Some(item.number(100)?),
            "filter" => self.filter = Some(item.texts("authors.status")?),
            "fields" => self.fields = Some(item.flag()?),
            "deleted" => self.deleted = Some(item.flag()?),
            "upsert" => self.upsert = Some(Upsert::read(item)?),
            "bulk" => self.bulk = Some(item.flag()?),
            "max_items" => self.max_items = Some(item.number_in(MAX_ITEMS, "a number from 1 to 100000", 10_000)?),
            "require_if_match" => self.require_if_match = Some(item.flag()?),
            "cache" => self.cache = Some(Cache::read(item)?),
            _ => return Err(item.unknown("resource", NAMES)),
        }
        Ok(())
    }
}
