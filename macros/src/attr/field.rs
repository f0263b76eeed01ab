//! `#[field(…)]`.

use syn::{Attribute, Expr, ExprLit, Ident, Lit, LitStr, Path, UnOp};

use super::{Args, Bounds, Expression, Item, items, names};
use crate::diagnostics::Diagnostics;

/// What `#[field(…)]` says; flags are the words themselves, to point to.
#[derive(Default)]
pub(crate) struct FieldAttr {
    pub(crate) filter: Option<Filter>,
    pub(crate) sort: Option<Ident>,
    pub(crate) search: Option<Ident>,
    pub(crate) unique: Option<Ident>,
    pub(crate) index: Option<Ident>,
    pub(crate) key: Option<Ident>,
    pub(crate) column: Option<LitStr>,
    pub(crate) rename: Option<LitStr>,
    pub(crate) default: Option<Expr>,
    pub(crate) database_default: Option<Expression>,
    pub(crate) generated: Option<Expression>,
    pub(crate) created_at: Option<Ident>,
    pub(crate) updated_at: Option<Ident>,
    pub(crate) deleted_at: Option<Ident>,
    pub(crate) version: Option<Ident>,
    pub(crate) read_only: Option<Ident>,
    pub(crate) write_only: Option<Ident>,
    pub(crate) hidden: Option<Ident>,
    pub(crate) computed: Option<Path>,
    pub(crate) length: Option<Bounds>,
    pub(crate) range: Option<Bounds>,
    pub(crate) pattern: Option<LitStr>,
    pub(crate) example: Option<Example>,
}

/// `filter`, or `filter(eq, gte)`.
pub(crate) struct Filter {
    pub(crate) word: Ident,
    /// `None` means the default operators of the column's type.
    pub(crate) operators: Option<Vec<Ident>>,
}

/// A literal that the specification shows.
pub(crate) struct Example {
    pub(crate) expr: Expr,
    /// The literal as JSON; for a string its contents.
    pub(crate) text: String,
    pub(crate) is_string: bool,
}

const NAMES: &[&str] = &[
    "filter",
    "sort",
    "search",
    "unique",
    "index",
    "key",
    "column",
    "rename",
    "default",
    "database_default",
    "generated",
    "created_at",
    "updated_at",
    "deleted_at",
    "version",
    "read_only",
    "write_only",
    "hidden",
    "computed",
    "length",
    "range",
    "pattern",
    "example",
];

impl FieldAttr {
    pub(crate) fn read(attrs: &[Attribute], diagnostics: &mut Diagnostics) -> Self {
        let mut read = Self::default();
        for item in items("field", attrs, diagnostics) {
            let result = read.read_item(item);
            diagnostics.take(result);
        }
        read
    }

    fn read_item(&mut self, item: Item) -> syn::Result<()> {
        match item.name.to_string().as_str() {
            "filter" => self.filter = Some(Filter::read(item)?),
            "sort" => self.sort = Some(item.flag()?),
            "search" => self.search = Some(item.flag()?),
            "unique" => self.unique = Some(item.flag()?),
            "index" => self.index = Some(item.flag()?),
            "key" => self.key = Some(item.flag()?),
            "column" => self.column = Some(item.text("isbn13")?),
            "rename" => self.rename = Some(item.text("title")?),
            "default" => self.default = Some(item.value("0")?),
            "database_default" => self.database_default = Some(Expression::read(item, "CURRENT_DATE")?),
            "generated" => self.generated = Some(Expression::read(item, "price * quantity")?),
            "created_at" => self.created_at = Some(item.flag()?),
            "updated_at" => self.updated_at = Some(item.flag()?),
            "deleted_at" => self.deleted_at = Some(item.flag()?),
            "version" => self.version = Some(item.flag()?),
            "read_only" => self.read_only = Some(item.flag()?),
            "write_only" => self.write_only = Some(item.flag()?),
            "hidden" => self.hidden = Some(item.flag()?),
            "computed" => self.computed = Some(item.path("Self::full_name")?),
            "length" => self.length = Some(Bounds::read(item, "1..=200")?),
            "range" => self.range = Some(Bounds::read(item, "1..=5")?),
            "pattern" => self.pattern = Some(item.text("^[a-z]+$")?),
            "example" => self.example = Some(Example::read(item)?),
            _ => return Err(item.unknown("field", NAMES)),
        }
        Ok(())
    }
}

impl Filter {
    fn read(item: Item) -> syn::Result<Self> {
        let word = item.name.clone();
        let operators = match item.args {
            Args::None => None,
            Args::List(_) => Some(item.list("eq, gte", names)?),
            Args::Value(_) => return Err(syn::Error::new_spanned(word, "write `filter`, or `filter(eq, gte)`")),
        };
        Ok(Self { word, operators })
    }
}

impl Example {
    fn read(item: Item) -> syn::Result<Self> {
        let expr = item.value("\"Dune\"")?;
        let (sign, literal) = match &expr {
            Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => ("-", &*unary.expr),
            other => ("", other),
        };
        let (text, is_string) = match literal {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if sign.is_empty() => (text.value(), true),
            Expr::Lit(ExprLit { lit: Lit::Bool(value), .. }) if sign.is_empty() => (value.value.to_string(), false),
            Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => (format!("{sign}{}", number.base10_digits()), false),
            Expr::Lit(ExprLit { lit: Lit::Float(number), .. }) => (format!("{sign}{}", number.base10_digits()), false),
            _ => return Err(syn::Error::new_spanned(&expr, "expected a string, number or bool, as in `example = 5`")),
        };
        Ok(Self { text, is_string, expr })
    }
}
