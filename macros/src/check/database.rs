//! Rules of what the database makes or guards: generated columns, defaults of its own, unique keys of several columns.

use proc_macro2::TokenStream;
use quote::ToTokens;

use crate::attr::FieldAttr;
use crate::diagnostics::{Diagnostics, nearest};
use crate::model::{Column, Model};
use crate::naming::plain;

/// A value that the database computes is set by nobody, so whatever else sets or judges it would do nothing.
pub(super) fn generated_columns(model: &Model, diagnostics: &mut Diagnostics) {
    for column in &model.columns {
        let Some(generated) = &column.attr.generated else { continue };
        let attr = &column.attr;
        if column.key {
            diagnostics.error(&generated.word, "no database computes a primary key; remove `generated`");
        }
        if column.foreign_key {
            let text = "a relation's key is set and not computed; remove `generated` or the relation";
            diagnostics.error(&generated.word, text);
        }
        for tokens in set_otherwise(attr) {
            diagnostics.error(tokens, "the database computes this column; remove this or `generated`");
        }
        let rules = [
            attr.length.as_ref().map(|bounds| bounds.name.to_token_stream()),
            attr.range.as_ref().map(|bounds| bounds.name.to_token_stream()),
            attr.pattern.as_ref().map(ToTokens::to_token_stream),
        ];
        for tokens in rules.into_iter().flatten() {
            let text = "a rule judges what is written, and the database computes this column; remove one of them";
            diagnostics.error(tokens, text);
        }
        refuse_on_view(model, column, diagnostics);
    }
}

/// A default of the database would never be used beside one that the framework sends.
pub(super) fn database_defaults(model: &Model, diagnostics: &mut Diagnostics) {
    for column in &model.columns {
        let Some(default) = &column.attr.database_default else { continue };
        let attr = &column.attr;
        if column.key {
            diagnostics.error(&default.word, "a key has a value of its own in every row; remove the default");
        }
        if let Some(other) = &attr.default {
            diagnostics.error(other, "`database_default` is a default too; keep one");
        }
        for word in [&attr.created_at, &attr.updated_at].into_iter().flatten() {
            let text = format!("`{word}` sets this column on every create; remove the default");
            diagnostics.error(&default.word, text);
        }
        refuse_on_view(model, column, diagnostics);
    }
}

fn set_otherwise(attr: &FieldAttr) -> Vec<TokenStream> {
    let tokens = [
        attr.default.as_ref().map(ToTokens::to_token_stream),
        attr.database_default.as_ref().map(|default| default.word.to_token_stream()),
        attr.created_at.as_ref().map(ToTokens::to_token_stream),
        attr.updated_at.as_ref().map(ToTokens::to_token_stream),
    ];
    tokens.into_iter().flatten().collect()
}

fn refuse_on_view(model: &Model, column: &Column, diagnostics: &mut Diagnostics) {
    let expressions = [&column.attr.generated, &column.attr.database_default];
    for expression in expressions.into_iter().flatten().filter(|_| model.attr.view.is_some()) {
        let word = &expression.word;
        diagnostics.error(word, format!("the view itself says what its columns are; remove `{word}`"));
    }
}

/// A unique key names columns of the struct; what one column or the primary key says already needs no second index.
pub(super) fn unique_keys(model: &Model, diagnostics: &mut Diagnostics) {
    let fields: Vec<String> = model.columns.iter().map(|column| plain(&column.field)).collect();
    let candidates: Vec<&str> = fields.iter().map(String::as_str).collect();
    let mut seen: Vec<Vec<usize>> = vec![model.key()];
    for unique in &model.attr.unique {
        if model.attr.view.is_some() {
            diagnostics.error(&unique.word, "a view has no unique keys; remove `unique`");
            continue;
        }
        match &unique.fields[..] {
            [] => diagnostics.error(&unique.word, "name the fields, as in `unique(book_id, reader_id)`"),
            [field] => diagnostics.error(field, "a key of one field is written on it: `#[field(unique)]`"),
            _ => {}
        }
        let mut key = Vec::new();
        for field in &unique.fields {
            match candidates.iter().position(|known| *known == plain(field)) {
                Some(index) if key.contains(&index) => {
                    diagnostics.error(field, format!("`{field}` is named twice; keep one"));
                }
                Some(index) => key.push(index),
                None => {
                    let hint = nearest(&plain(field), &candidates).map(|name| format!("; did you mean `{name}`?"));
                    let hint = hint.unwrap_or_else(|| format!("; its columns: {}", candidates.join(", ")));
                    diagnostics.error(field, format!("`{}` has no column `{field}`{hint}", model.ident));
                }
            }
        }
        key.sort_unstable();
        if unique.fields.len() == key.len() && key.len() > 1 {
            if let Some(place) = seen.iter().position(|known| *known == key) {
                let what = if place == 0 { "the primary key" } else { "a unique key" };
                diagnostics.error(&unique.word, format!("these fields are {what} already"));
            }
            seen.push(key);
        }
    }
}
