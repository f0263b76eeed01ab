//! Rules of what `#[field(…)]` says.

use quote::ToTokens;

use super::OPERATORS;
use crate::attr::Bounds;
use crate::diagnostics::{Diagnostics, unknown};
use crate::model::{Column, Kind, Model};
use crate::naming::plain;

/// A hidden field must not be found out by asking for rows that have a value.
pub(super) fn access(model: &Model, diagnostics: &mut Diagnostics) {
    for column in &model.columns {
        let attr = &column.attr;
        let given: Vec<_> = [&attr.read_only, &attr.write_only, &attr.hidden].into_iter().flatten().collect();
        if let [first, second, ..] = given[..] {
            diagnostics.error(second, format!("`{second}` contradicts `{first}`; keep one"));
        }
        if column.generated.is_some()
            && let Some(word) = &attr.write_only
        {
            diagnostics.error(word, "the framework sets this column; `hidden` hides it");
        }
        let Some(secret) = attr.hidden.as_ref().or(attr.write_only.as_ref()) else { continue };
        let asks = [attr.filter.as_ref().map(|filter| &filter.word), attr.sort.as_ref(), attr.search.as_ref()];
        for word in asks.into_iter().flatten() {
            let text = format!("`{word}` would give away a `{secret}` column; remove one of them");
            diagnostics.error(word, text);
        }
    }
}

/// A generated value would hide a default without a word.
pub(super) fn generated_values(model: &Model, diagnostics: &mut Diagnostics) {
    for column in &model.columns {
        let attr = &column.attr;
        if let (Some(_), Some(second)) = (&attr.created_at, &attr.updated_at) {
            diagnostics.error(second, "a column is `created_at` or `updated_at`; remove one");
        }
        let Some(word) = attr.created_at.as_ref().or(attr.updated_at.as_ref()) else { continue };
        if column.kind != Kind::Timestamp {
            diagnostics.error(&column.ty, format!("`{word}` sets a time; write `DateTime<Utc>`"));
        }
        if let Some(default) = &attr.default {
            diagnostics.error(default, format!("`{word}` sets this column on every create; remove the default"));
        }
    }
    let single = model.single_key().map(|index| &model.columns[index]);
    if let Some(column) = single
        && let (Kind::Integer | Kind::Uuid, Some(default), false) =
            (column.kind, &column.attr.default, column.foreign_key)
    {
        diagnostics.error(default, "a key has a value of its own in every row; remove the default");
    }
}

/// Operators by name; whether the column's type has them is checked where the type is known.
pub(super) fn operators(model: &Model, diagnostics: &mut Diagnostics) {
    let names: Vec<&str> = OPERATORS.iter().map(|(name, _)| *name).collect();
    for filter in model.columns.iter().filter_map(|column| column.attr.filter.as_ref()) {
        let Some(operators) = &filter.operators else { continue };
        if operators.is_empty() {
            let text =
                "name operators, as in `filter(eq, gte)`, or write `filter` for those that the type has by default";
            diagnostics.error(&filter.word, text);
        }
        for (index, operator) in operators.iter().enumerate() {
            if !names.contains(&plain(operator).as_str()) {
                diagnostics.error(operator, unknown("operator", &plain(operator), &names));
            } else if operators[..index].contains(operator) {
                diagnostics.error(operator, format!("`{operator}` is given twice; keep one"));
            }
        }
    }
}

/// A rule on a type that it cannot judge would be skipped without a word.
pub(super) fn types_of_rules(model: &Model, diagnostics: &mut Diagnostics) {
    for column in &model.columns {
        let attr = &column.attr;
        if let Some(length) = &attr.length {
            length_rule(column, length, diagnostics);
        }
        if let Some(range) = &attr.range {
            range_rule(column, range, diagnostics);
        }
        if let Some(pattern) = &attr.pattern
            && column.kind != Kind::Text
        {
            diagnostics.error(pattern, format!("`pattern` is for String; the column is {}", column.kind.name()));
        }
        if let Some(word) = &attr.search
            && column.kind != Kind::Text
        {
            diagnostics.error(word, format!("`search` looks into String; the column is {}", column.kind.name()));
        }
        if let Some(word) = &attr.sort
            && matches!(column.kind, Kind::Json | Kind::Bytes)
        {
            diagnostics.error(word, format!("there is no order of {}; remove `sort`", column.kind.name()));
        }
    }
}

fn length_rule(column: &Column, length: &Bounds, diagnostics: &mut Diagnostics) {
    match column.kind {
        Kind::Text | Kind::Bytes => {
            for bound in length.ends().filter(|bound| bound.length().is_none()) {
                diagnostics.error(&bound.expr, "a length is a whole number from 0");
            }
        }
        Kind::Integer | Kind::Float | Kind::Decimal => {
            let text = format!("`length` counts characters; {} has bounds: `range(…)`", column.kind.name());
            diagnostics.error(&length.name, text);
        }
        kind => diagnostics
            .error(&length.name, format!("`length` is for String and Vec<u8>; the column is {}", kind.name())),
    }
}

fn range_rule(column: &Column, range: &Bounds, diagnostics: &mut Diagnostics) {
    match column.kind {
        Kind::Integer => {
            for bound in range.ends().filter(|bound| bound.integer().is_none()) {
                diagnostics.error(&bound.expr, "the bounds of an integer are integers");
            }
        }
        Kind::Float | Kind::Decimal => {}
        Kind::Text | Kind::Bytes => {
            let text = format!("`range` bounds numbers; {} has a length: `length(…)`", column.kind.name());
            diagnostics.error(&range.name, text);
        }
        kind => {
            let text = format!("`range` is for i16, i32, i64, f64 and Decimal; the column is {}", kind.name());
            diagnostics.error(&range.name, text);
        }
    }
}

/// A computed field has no column, so nothing about a column can be said.
pub(super) fn computed_fields(model: &Model, diagnostics: &mut Diagnostics) {
    for computed in &model.computed {
        let attr = &computed.attr;
        let words = [
            attr.filter.as_ref().map(|filter| &filter.word),
            attr.sort.as_ref(),
            attr.search.as_ref(),
            attr.unique.as_ref(),
            attr.index.as_ref(),
            attr.key.as_ref(),
            attr.created_at.as_ref(),
            attr.updated_at.as_ref(),
            attr.deleted_at.as_ref(),
            attr.version.as_ref(),
            attr.read_only.as_ref(),
            attr.write_only.as_ref(),
            attr.hidden.as_ref(),
            attr.length.as_ref().map(|bounds| &bounds.name),
            attr.range.as_ref().map(|bounds| &bounds.name),
            attr.generated.as_ref().map(|expression| &expression.word),
            attr.database_default.as_ref().map(|expression| &expression.word),
        ];
        let values = [
            attr.column.as_ref().map(ToTokens::to_token_stream),
            attr.default.as_ref().map(ToTokens::to_token_stream),
            attr.pattern.as_ref().map(ToTokens::to_token_stream),
            attr.example.as_ref().map(|example| example.expr.to_token_stream()),
        ];
        let words = words.into_iter().flatten().map(ToTokens::to_token_stream);
        for tokens in words.chain(values.into_iter().flatten()) {
            diagnostics.error(tokens, "a computed field has no column; only `rename` goes with `computed`");
        }
    }
}
