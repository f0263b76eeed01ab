//! Columns as data.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, Lit, Type};

use super::option;
use crate::attr::{Bound, Bounds, Expression, FieldAttr};
use crate::check::OPERATORS;
use crate::model::{Column, Generated, Kind, Model};
use crate::naming::plain;

/// One `ColumnMeta` for each column.
pub(super) fn metas(model: &Model) -> Vec<TokenStream> {
    let first_key = model.key().first().copied();
    let is_foreign_key = |index| model.relations.iter().any(|relation| relation.is_foreign_key(index));
    let needs_index = |index| is_foreign_key(index) && first_key != Some(index);
    model.columns.iter().enumerate().map(|(index, column)| meta(column, needs_index(index))).collect()
}

fn meta(column: &Column, needs_index: bool) -> TokenStream {
    let Column { doc, name, api_name, attr, .. } = column;
    let field = plain(&column.field);
    let (ty, nullable) = (constant(&column.ty, "TYPE"), constant(&column.ty, "NULLABLE"));
    let generated = option(column.generated.map(|by| generated(column, by)));
    let default = option(attr.default.as_ref().map(|default| default_function(column, default)));
    let database_default = option(attr.database_default.as_ref().map(expression));
    let access = access(column);
    let filter = filter(column);
    let rules = rules(column);
    let accepts = call(column, "accepts");
    let write = call(column, "write_column");
    let example = option(example(column).map(|text| text.to_token_stream()));
    let unique = attr.unique.is_some();
    // Related rows are found by the key, and a delete of the related row looks for those that refer to it.
    let index = attr.index.is_some() || (needs_index && !unique);
    let (sort, search) = (attr.sort.is_some(), attr.search.is_some());
    quote! {
        __couplet::ColumnMeta {
            field: #field,
            api_name: #api_name,
            name: #name,
            doc: #doc,
            ty: #ty,
            nullable: #nullable,
            generated: #generated,
            default: #default,
            database_default: #database_default,
            unique: #unique,
            index: #index,
            access: #access,
            filter: #filter,
            sort: #sort,
            search: #search,
            rules: &[#(#rules),*],
            accepts: #accepts,
            write: #write,
            example: #example,
        }
    }
}

/// Operators that a type does not have, which only the compiler knows: each a constant, on the operator.
pub(super) fn checks(model: &Model) -> TokenStream {
    let filters = model.columns.iter().filter_map(|column| Some((column, column.attr.filter.as_ref()?)));
    filters
        .flat_map(|(column, filter)| {
            let (ty, nullable) = (constant(&column.ty, "TYPE"), constant(&column.ty, "NULLABLE"));
            let checks: Vec<TokenStream> = match &filter.operators {
                None => vec![quote_spanned! {filter.word.span()=>
                    const _: () = __couplet::check_filter(#ty, #nullable);
                }],
                Some(operators) => operators
                    .iter()
                    .map(|operator| {
                        let variant = operator_variant(&plain(operator), operator.span());
                        quote_spanned! {operator.span()=>
                            const _: () = __couplet::check_operator(#ty, #nullable, #variant);
                        }
                    })
                    .collect(),
            };
            checks
        })
        .collect()
}

/// `<T as ColumnValue>::NAME`, all of it at the type: rustc reports a type that is no column once, where it is written.
pub(super) fn constant(ty: &Type, name: &str) -> TokenStream {
    function(ty, name)
}

/// As [`constant`], for a function.
pub(super) fn function(ty: &Type, name: &str) -> TokenStream {
    let name = format_ident!("{name}", span = ty.span());
    quote_spanned!(ty.span()=> <#ty as __couplet::ColumnValue>::#name)
}

pub(super) fn call(column: &Column, name: &str) -> TokenStream {
    function(&column.ty, name)
}

fn generated(column: &Column, generated: Generated) -> TokenStream {
    match generated {
        Generated::Expression => {
            let expression = column.attr.generated.as_ref().map(expression);
            quote!(__couplet::Generated::Expression(#expression))
        }
        Generated::Database => quote!(__couplet::Generated::Database),
        Generated::UuidV7 => quote!(__couplet::Generated::UuidV7),
        Generated::CreatedAt => quote!(__couplet::Generated::CreatedAt),
        Generated::UpdatedAt => quote!(__couplet::Generated::UpdatedAt),
        Generated::DeletedAt => quote!(__couplet::Generated::DeletedAt),
        Generated::Version => quote!(__couplet::Generated::Version),
    }
}

fn expression(expression: &Expression) -> TokenStream {
    let Expression { sqlite, postgres, .. } = expression;
    quote!(__couplet::Expression { sqlite: #sqlite, postgres: #postgres })
}

/// The default's type is that of the column without `Option`; a string literal becomes a `String`.
fn default_function(column: &Column, default: &Expr) -> TokenStream {
    let inner = &column.inner;
    let to_value = function(inner, "to_value");
    let value = match default {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if column.kind == Kind::Text => {
            quote_spanned!(text.span()=> <#inner as __couplet::From<&str>>::from(#text))
        }
        other => other.to_token_stream(),
    };
    quote! {
        || {
            let value: #inner = #value;
            #to_value(&value)
        }
    }
}

fn access(column: &Column) -> TokenStream {
    let FieldAttr { hidden, read_only, write_only, .. } = &column.attr;
    let is_kept = matches!(
        column.generated,
        Some(Generated::CreatedAt | Generated::UpdatedAt | Generated::DeletedAt | Generated::Version)
    );
    if hidden.is_some() {
        quote!(__couplet::Access::Hidden)
    } else if write_only.is_some() {
        quote!(__couplet::Access::WriteOnly)
    } else if read_only.is_some() || is_kept || column.generated == Some(Generated::Expression) {
        quote!(__couplet::Access::ReadOnly)
    } else {
        quote!(__couplet::Access::ReadWrite)
    }
}

fn filter(column: &Column) -> TokenStream {
    let Some(filter) = &column.attr.filter else { return quote!(&[]) };
    let Some(operators) = &filter.operators else {
        let (ty, nullable) = (constant(&column.ty, "TYPE"), constant(&column.ty, "NULLABLE"));
        let foreign_key = column.foreign_key;
        return quote!(__couplet::ColumnType::default_operators(#ty, #nullable, #foreign_key));
    };
    let operators = operators.iter().map(|operator| operator_variant(&plain(operator), operator.span()));
    quote!(&[#(#operators),*])
}

/// A name that is no operator was reported; any operator keeps the rest of the code whole.
fn operator_variant(name: &str, span: Span) -> TokenStream {
    let variant = OPERATORS.iter().find(|(known, _)| *known == name).map_or("Eq", |(_, variant)| *variant);
    let variant = format_ident!("{variant}", span = span);
    quote_spanned!(span=> __couplet::Operator::#variant)
}

fn rules(column: &Column) -> Vec<TokenStream> {
    let attr = &column.attr;
    let length = attr.length.as_ref().map(|bounds| {
        let (min, max) = ends(bounds, |bound| bound.length().map(ToTokens::into_token_stream));
        quote!(__couplet::Rule::Length { min: #min, max: #max })
    });
    let range = attr.range.as_ref().map(|bounds| {
        if column.kind == Kind::Integer {
            let (min, max) = ends(bounds, |bound| bound.integer().map(ToTokens::into_token_stream));
            quote!(__couplet::Rule::IntegerRange { min: #min, max: #max })
        } else {
            let (min, max) = ends(bounds, |bound| Some(bound.float().into_token_stream()));
            quote!(__couplet::Rule::FloatRange { min: #min, max: #max })
        }
    });
    let pattern = attr.pattern.as_ref().map(|pattern| quote!(__couplet::Rule::Pattern(#pattern)));
    length.into_iter().chain(range).chain(pattern).collect()
}

fn ends(bounds: &Bounds, value: impl Fn(&Bound) -> Option<TokenStream>) -> (TokenStream, TokenStream) {
    (option(bounds.min.as_ref().and_then(&value)), option(bounds.max.as_ref().and_then(&value)))
}

/// The example as JSON text. For a JSON column the string is that text already.
fn example(column: &Column) -> Option<String> {
    let example = column.attr.example.as_ref()?;
    if !example.is_string || column.kind == Kind::Json {
        return Some(example.text.clone());
    }
    let mut text = String::from('"');
    for letter in example.text.chars() {
        match letter {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            control if control.is_control() => text.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => text.push(other),
        }
    }
    text.push('"');
    Some(text)
}
