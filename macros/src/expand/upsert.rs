//! The unique keys of `upsert(…)`, as indexes of columns.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Ident;

use crate::attr::{ResourceAttr, UpsertKey};
use crate::diagnostics::{Diagnostics, nearest};
use crate::model::{Column, Model};
use crate::naming::plain;

/// One `&[usize]` for each key.
pub(super) fn keys(
    model: &Model,
    attr: &ResourceAttr,
    operations: &[Ident],
    diagnostics: &mut Diagnostics,
) -> Vec<TokenStream> {
    let Some(upsert) = &attr.upsert else { return Vec::new() };
    if !operations.iter().any(|operation| operation == "Create") {
        diagnostics.error(&upsert.word, "`upsert` is a kind of create, which this resource does not offer");
    }
    let mut keys: Vec<Vec<usize>> = Vec::new();
    for key in &upsert.keys {
        let Some(indexes) = indexes(model, key, diagnostics) else { continue };
        if keys.contains(&indexes) {
            diagnostics.error(key, "this key is given twice; keep one");
        } else {
            keys.push(indexes);
        }
    }
    keys.iter().map(|key| quote!(&[#(#key),*])).collect()
}

fn indexes(model: &Model, key: &UpsertKey, diagnostics: &mut Diagnostics) -> Option<Vec<usize>> {
    let mut indexes = Vec::new();
    for field in &key.fields {
        let Some(index) = model.columns.iter().position(|column| column.field == *field) else {
            diagnostics.error(field, no_field(model, field));
            return None;
        };
        if !is_settable(&model.columns[index]) {
            let text = format!("clients do not set `{field}`, so no body could name a row by it");
            diagnostics.error(field, text);
            return None;
        }
        indexes.push(index);
    }
    if !is_unique(model, &indexes) {
        let text = match key.fields.as_slice() {
            [field] => format!("two rows may have the same `{field}`; mark it `#[field(unique)]`"),
            _ => "two rows may have the same of these together; only the primary key of several columns is unique so"
                .to_owned(),
        };
        diagnostics.error(key, text);
        return None;
    }
    Some(indexes)
}

fn no_field(model: &Model, field: &Ident) -> String {
    let fields: Vec<String> = model.columns.iter().map(|column| plain(&column.field)).collect();
    let candidates: Vec<&str> = fields.iter().map(String::as_str).collect();
    let hint = nearest(&plain(field), &candidates).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
    format!("`{}` has no field `{field}`{hint}", plain(&model.ident))
}

fn is_settable(column: &Column) -> bool {
    column.generated.is_none() && column.attr.read_only.is_none() && column.attr.hidden.is_none()
}

/// Whether no two rows have these columns together.
fn is_unique(model: &Model, columns: &[usize]) -> bool {
    let key = model.key();
    let is_primary = columns.len() == key.len() && key.iter().all(|index| columns.contains(index));
    let is_column = matches!(columns, [index] if model.columns[*index].attr.unique.is_some());
    let names = || columns.iter().map(|index| plain(&model.columns[*index].field));
    let is_set = model.attr.unique.iter().any(|unique| {
        unique.fields.len() == columns.len() && names().all(|name| unique.fields.iter().any(|it| plain(it) == name))
    });
    is_primary || is_column || is_set
}
