//! Attributes as they are written: `#[field(filter(eq), sort, length(1..=200))]` becomes a list of [`Item`]s, and each
//! kind of attribute reads its own from them.

mod bounds;
mod cache;
mod expression;
mod field;
mod model;
mod relation;
mod resource;
mod text_enum;
mod unique;
mod upsert;

use std::ops::RangeInclusive;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Ident, Lit, LitStr, Meta, Path, Token, parenthesized, token};

use crate::diagnostics::{Diagnostics, unknown};
use crate::naming::Case;

pub(crate) use bounds::{Bound, Bounds};
pub(crate) use cache::Cache;
pub(crate) use expression::Expression;
pub(crate) use field::FieldAttr;
pub(crate) use model::ModelAttr;
pub(crate) use relation::{DeleteAction, RelationAttr};
pub(crate) use resource::ResourceAttr;
pub(crate) use text_enum::TextEnumAttr;
pub(crate) use unique::Unique;
pub(crate) use upsert::{Upsert, UpsertKey};

/// One entry of an attribute: `sort`, `rename = "titel"` or `filter(eq, gte)`.
pub(crate) struct Item {
    pub(crate) name: Ident,
    args: Args,
}

enum Args {
    None,
    Value(Box<Expr>),
    List(TokenStream),
}

impl Parse for Item {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let name = input.call(Ident::parse_any)?;
        let args = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Args::Value(input.parse()?)
        } else if input.peek(token::Paren) {
            let content;
            parenthesized!(content in input);
            Args::List(content.parse()?)
        } else {
            Args::None
        };
        Ok(Self { name, args })
    }
}

/// The entries of all attributes called `attribute`, each name once.
pub(crate) fn items(attribute: &str, attrs: &[Attribute], diagnostics: &mut Diagnostics) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident(attribute)) {
        let parsed = match &attr.meta {
            Meta::Path(_) => continue,
            Meta::List(list) => Punctuated::<Item, Token![,]>::parse_terminated.parse2(list.tokens.clone()),
            Meta::NameValue(meta) => Err(syn::Error::new_spanned(&meta.value, format!("write `#[{attribute}(…)]`"))),
        };
        for item in diagnostics.take(parsed).into_iter().flatten() {
            if items.iter().any(|known| known.same_entry(&item)) {
                diagnostics.error(&item.name, format!("`{}` is given twice; keep one", item.name));
            } else {
                items.push(item);
            }
        }
    }
    items
}

impl Item {
    /// `through = Model` and `through(…)` are two entries that go together, and a model may have several `unique(…)`.
    fn same_entry(&self, other: &Self) -> bool {
        self.name == other.name
            && !(self.name == "unique" && (self.is_list() || other.is_list()))
            && (self.name != "through" || matches!(self.args, Args::List(_)) == matches!(other.args, Args::List(_)))
    }

    /// The mistake of an entry whose name is not one of `accepted`.
    pub(crate) fn unknown(&self, attribute: &str, accepted: &[&str]) -> syn::Error {
        let text = unknown(&format!("{attribute} attribute"), &self.name.to_string(), accepted);
        syn::Error::new_spanned(&self.name, text)
    }

    /// A bare name.
    pub(crate) fn flag(self) -> syn::Result<Ident> {
        match self.args {
            Args::None => Ok(self.name),
            Args::Value(value) => Err(syn::Error::new_spanned(value, format!("`{}` takes no value", self.name))),
            Args::List(list) => Err(syn::Error::new_spanned(list, format!("`{}` takes no list", self.name))),
        }
    }

    /// `name = expression`.
    pub(crate) fn value(self, example: &str) -> syn::Result<Expr> {
        match self.args {
            Args::Value(value) => Ok(*value),
            Args::None | Args::List(_) => {
                Err(syn::Error::new_spanned(&self.name, format!("write `{} = {example}`", self.name)))
            }
        }
    }

    /// `name = "text"`.
    pub(crate) fn text(self, example: &str) -> syn::Result<LitStr> {
        let name = self.name.clone();
        match self.value(&format!("\"{example}\""))? {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(text),
            other => Err(syn::Error::new_spanned(other, format!("expected a string, as in `{name} = \"{example}\"`"))),
        }
    }

    /// `name = ["text", "text"]`.
    pub(crate) fn texts(self, example: &str) -> syn::Result<Vec<LitStr>> {
        let name = self.name.clone();
        let expected = |tokens: &dyn ToTokens| {
            let text = format!("expected an array of strings, as in `{name} = [\"{example}\"]`");
            syn::Error::new_spanned(tokens.to_token_stream(), text)
        };
        let value = self.value(&format!("[\"{example}\"]"))?;
        let Expr::Array(array) = &value else { return Err(expected(&value)) };
        let text = |element: &Expr| match element {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(text.clone()),
            other => Err(expected(other)),
        };
        array.elems.iter().map(text).collect()
    }

    /// A bare name, or `name = "text"`.
    pub(crate) fn flag_or_text(self, example: &str) -> syn::Result<(Ident, Option<LitStr>)> {
        let name = self.name.clone();
        match self.args {
            Args::None => Ok((name, None)),
            Args::Value(_) | Args::List(_) => self.text(example).map(|text| (name, Some(text))),
        }
    }

    /// `name = path`.
    pub(crate) fn path(self, example: &str) -> syn::Result<Path> {
        let name = self.name.clone();
        match self.value(example)? {
            Expr::Path(path) if path.qself.is_none() => Ok(path.path),
            other => Err(syn::Error::new_spanned(other, format!("expected a path, as in `{name} = {example}`"))),
        }
    }

    /// `name = identifier`.
    pub(crate) fn ident(self, example: &str) -> syn::Result<Ident> {
        let name = self.name.clone();
        let value = self.value(example)?;
        match &value {
            Expr::Path(path) if path.path.get_ident().is_some() => Ok(path.path.require_ident()?.clone()),
            other => Err(syn::Error::new_spanned(other, format!("expected a name, as in `{name} = {example}`"))),
        }
    }

    /// `name = identifier`, or `name(identifier, …)` for several.
    pub(crate) fn idents(self, example: &str) -> syn::Result<Vec<Ident>> {
        if !self.is_list() {
            return Ok(vec![self.ident(example)?]);
        }
        let name = self.name.clone();
        let idents = self.list(example, names)?;
        if idents.is_empty() {
            return Err(syn::Error::new_spanned(&name, format!("name the fields, as in `{name} = {example}`")));
        }
        Ok(idents)
    }

    /// `name = 20`, positive.
    pub(crate) fn number(self, example: u64) -> syn::Result<(Expr, u64)> {
        self.number_in(1..=u64::MAX, "a positive number", example)
    }

    /// `name = 3`, within bounds that mistakes call `expected`.
    pub(crate) fn number_in(
        self,
        bounds: RangeInclusive<u64>,
        expected: &str,
        example: u64,
    ) -> syn::Result<(Expr, u64)> {
        let name = self.name.clone();
        let value = self.value(&example.to_string())?;
        let number = match &value {
            Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => number.base10_parse().ok(),
            _ => None,
        };
        match number.filter(|number| bounds.contains(number)) {
            Some(number) => Ok((value, number)),
            None => Err(syn::Error::new_spanned(value, format!("expected {expected}, as in `{name} = {example}`"))),
        }
    }

    /// `name = "camelCase"`.
    pub(crate) fn case(self) -> syn::Result<Case> {
        let text = self.text("camelCase")?;
        Case::parse(&text.value())
            .ok_or_else(|| syn::Error::new_spanned(&text, unknown("case", &text.value(), Case::NAMES)))
    }

    /// `name(…)`, parsed by `parser`.
    pub(crate) fn list<T>(self, example: &str, parser: impl Parser<Output = T>) -> syn::Result<T> {
        match self.args {
            Args::List(list) => parser.parse2(list),
            Args::None | Args::Value(_) => {
                Err(syn::Error::new_spanned(&self.name, format!("write `{}({example})`", self.name)))
            }
        }
    }

    fn is_list(&self) -> bool {
        matches!(self.args, Args::List(_))
    }
}

/// Parses names with commas between them; `in` is one, although Rust keeps it.
pub(crate) fn names(input: ParseStream) -> syn::Result<Vec<Ident>> {
    Ok(Punctuated::<Ident, Token![,]>::parse_terminated_with(input, Ident::parse_any)?.into_iter().collect())
}

/// The text of the documentation comments, lines joined, without the space that follows `///`.
pub(crate) fn doc(attrs: &[Attribute]) -> String {
    let lines = attrs.iter().filter(|attr| attr.path().is_ident("doc")).filter_map(|attr| match &attr.meta {
        Meta::NameValue(meta) => match &meta.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        Meta::Path(_) | Meta::List(_) => None,
    });
    let lines: Vec<String> = lines.map(|line| line.strip_prefix(' ').map(str::to_owned).unwrap_or(line)).collect();
    lines.join("\n").trim().to_owned()
}

/// The tokens that a mistake about a whole item points to: the attribute's value where there is one.
pub(crate) fn blame<'a>(value: Option<&'a impl ToTokens>, ident: &'a Ident) -> TokenStream {
    value.map_or_else(|| ident.to_token_stream(), ToTokens::to_token_stream)
}
