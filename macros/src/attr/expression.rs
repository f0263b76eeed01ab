//! SQL in an attribute: `generated = "price * quantity"`, `database_default(sqlite = "…", postgres = "…")`.

use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Ident, LitStr, Token};

use super::{Args, Item};

/// An expression of SQL, for each database.
pub(crate) struct Expression {
    /// The attribute that was written, to point to.
    pub(crate) word: Ident,
    pub(crate) sqlite: LitStr,
    pub(crate) postgres: LitStr,
}

impl Expression {
    /// Reads `name = "…"`, which both databases understand, or `name(sqlite = "…", postgres = "…")`.
    pub(super) fn read(item: Item, example: &str) -> syn::Result<Self> {
        let word = item.name.clone();
        let (sqlite, postgres) = if matches!(item.args, Args::List(_)) {
            per_database(item, example)?
        } else {
            let text = item.text(example)?;
            (text.clone(), text)
        };
        for text in [&sqlite, &postgres] {
            if text.value().trim().is_empty() {
                return Err(syn::Error::new_spanned(text, format!("expected an expression of SQL, as in `{example}`")));
            }
        }
        Ok(Self { word, sqlite, postgres })
    }
}

fn per_database(item: Item, example: &str) -> syn::Result<(LitStr, LitStr)> {
    let word = item.name.clone();
    let (mut sqlite, mut postgres) = (None, None);
    let parser = |input: ParseStream| Punctuated::<Item, Token![,]>::parse_terminated(input);
    for item in item.list("sqlite = \"…\", postgres = \"…\"", parser)? {
        let text = match item.name.to_string().as_str() {
            "sqlite" => &mut sqlite,
            "postgres" => &mut postgres,
            _ => return Err(item.unknown(&word.to_string(), &["sqlite", "postgres"])),
        };
        if text.is_some() {
            return Err(syn::Error::new_spanned(&item.name, format!("`{}` is given twice; keep one", item.name)));
        }
        *text = Some(item.text(example)?);
    }
    sqlite.zip(postgres).ok_or_else(|| {
        let text = format!("write `{word}(sqlite = \"…\", postgres = \"…\")`, or `{word} = \"…\"` for both");
        syn::Error::new_spanned(&word, text)
    })
}
