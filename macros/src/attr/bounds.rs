//! Bounds of a rule: `length(1..=200)`, `range(..=5)`.

use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Expr, ExprLit, Ident, Lit, RangeLimits, Token, UnOp};

use super::Item;

/// A range with both ends included, one of which may be missing.
pub(crate) struct Bounds {
    /// The rule that was written, `length` or `range`.
    pub(crate) name: Ident,
    pub(crate) min: Option<Bound>,
    pub(crate) max: Option<Bound>,
}

/// A number as it is written.
pub(crate) struct Bound {
    pub(crate) expr: Expr,
    /// Its digits, with the sign.
    text: String,
}

impl Bounds {
    pub(crate) fn read(item: Item, example: &str) -> syn::Result<Self> {
        let name = item.name.clone();
        let entries = item.list(example, Punctuated::<Expr, Token![,]>::parse_terminated)?;
        let range = match (entries.len(), entries.first()) {
            (1, Some(Expr::Range(range))) => range.clone(),
            _ => return Err(no_range(&name, &entries, example)),
        };
        if let (RangeLimits::HalfOpen(_), Some(end)) = (&range.limits, &range.end) {
            return Err(syn::Error::new_spanned(end, format!("both ends are included: write `{name}({example})`")));
        }
        if range.start.is_none() && range.end.is_none() {
            return Err(syn::Error::new_spanned(range, format!("give at least one end, as in `{name}({example})`")));
        }
        let bounds = Self {
            name,
            min: range.start.map(|expr| Bound::read(*expr)).transpose()?,
            max: range.end.map(|expr| Bound::read(*expr)).transpose()?,
        };
        match (&bounds.min, &bounds.max) {
            (Some(min), Some(max)) if min.float() > max.float() => {
                Err(syn::Error::new_spanned(&max.expr, "no value lies in this range; the smaller number comes first"))
            }
            _ => Ok(bounds),
        }
    }

    pub(crate) fn ends(&self) -> impl Iterator<Item = &Bound> {
        self.min.iter().chain(&self.max)
    }
}

impl Bound {
    fn read(expr: Expr) -> syn::Result<Self> {
        let (sign, literal) = match &expr {
            Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => ("-", &*unary.expr),
            other => ("", other),
        };
        let digits = match literal {
            Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => number.base10_digits().to_owned(),
            Expr::Lit(ExprLit { lit: Lit::Float(number), .. }) => number.base10_digits().to_owned(),
            other => return Err(syn::Error::new_spanned(other, "expected a number")),
        };
        Ok(Self { text: format!("{sign}{digits}"), expr })
    }

    pub(crate) fn integer(&self) -> Option<i64> {
        self.text.parse().ok()
    }

    pub(crate) fn length(&self) -> Option<usize> {
        self.text.parse().ok()
    }

    pub(crate) fn float(&self) -> f64 {
        self.text.parse().unwrap_or(f64::NAN)
    }
}

/// The mistake of bounds that are no range, with `min = 1, max = 20` turned into one.
fn no_range(name: &Ident, entries: &Punctuated<Expr, Token![,]>, example: &str) -> syn::Error {
    let end = |word: &str| {
        let assigned = entries.iter().find_map(|entry| match entry {
            Expr::Assign(assign) if assign.left.to_token_stream().to_string() == word => Some(&assign.right),
            _ => None,
        })?;
        Bound::read(Expr::clone(assigned)).ok().map(|bound| bound.text)
    };
    let range = match (end("min"), end("max")) {
        (Some(min), Some(max)) => format!("{min}..={max}"),
        (Some(min), None) => format!("{min}.."),
        (None, Some(max)) => format!("..={max}"),
        (None, None) => example.to_owned(),
    };
    // An empty list has no tokens to point to.
    let tokens = if entries.is_empty() { name.to_token_stream() } else { entries.to_token_stream() };
    syn::Error::new_spanned(tokens, format!("write `{name}({range})`"))
}
