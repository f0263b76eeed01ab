//! `#[relation(…)]`.

use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Ident, LitStr, Path, Token};

use super::{Item, items};
use crate::diagnostics::{Diagnostics, unknown};

/// What `#[relation(…)]` says; flags are the words themselves, to point to.
#[derive(Default)]
pub(crate) struct RelationAttr {
    pub(crate) include: Option<Ident>,
    /// The columns that the foreign key refers to; empty where none is named.
    pub(crate) key: Vec<Ident>,
    /// The columns that hold the other row's key, on whichever side they lie; empty where none is named.
    pub(crate) foreign_key: Vec<Ident>,
    pub(crate) through: Option<Path>,
    pub(crate) through_fields: Option<ThroughFields>,
    pub(crate) keys: Option<LitStr>,
    pub(crate) read_only: Option<Ident>,
    pub(crate) on_delete: Option<OnDelete>,
    pub(crate) rename: Option<LitStr>,
    pub(crate) sub_resource: Option<Ident>,
    /// `filter = Review::RATING.gte(4)`: which of the related rows it holds.
    pub(crate) filter: Option<Expr>,
    pub(crate) nested: Option<Ident>,
}

/// `through(own = author_id, target = book_id)`: the fields of a join model; empty where none is named.
pub(crate) struct ThroughFields {
    pub(crate) word: Ident,
    pub(crate) own: Vec<Ident>,
    pub(crate) target: Vec<Ident>,
}

/// `on_delete = cascade`.
pub(crate) struct OnDelete {
    pub(crate) word: Ident,
    pub(crate) action: DeleteAction,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeleteAction {
    Restrict,
    Cascade,
    SetNull,
}

const NAMES: &[&str] = &[
    "include",
    "key",
    "foreign_key",
    "through",
    "keys",
    "read_only",
    "on_delete",
    "rename",
    "sub_resource",
    "filter",
    "nested",
];

impl RelationAttr {
    pub(crate) fn read(attrs: &[Attribute], diagnostics: &mut Diagnostics) -> Self {
        let mut read = Self::default();
        for item in items("relation", attrs, diagnostics) {
            let result = read.read_item(item);
            diagnostics.take(result);
        }
        read
    }

    fn read_item(&mut self, item: Item) -> syn::Result<()> {
        match item.name.to_string().as_str() {
            "include" => self.include = Some(item.flag()?),
            "key" => self.key = item.idents("id")?,
            "foreign_key" => self.foreign_key = item.idents("author_id")?,
            "through" if item.is_list() => self.through_fields = Some(ThroughFields::read(item)?),
            "through" => self.through = Some(item.path("BookAuthor")?),
            "keys" => self.keys = Some(item.text("tag_ids")?),
            "read_only" => self.read_only = Some(item.flag()?),
            "on_delete" => self.on_delete = Some(OnDelete::read(item)?),
            "rename" => self.rename = Some(item.text("books")?),
            "sub_resource" => self.sub_resource = Some(item.flag()?),
            "filter" => self.filter = Some(item.value("Review::RATING.gte(4)")?),
            "nested" => self.nested = Some(item.flag()?),
            _ => return Err(item.unknown("relation", NAMES)),
        }
        Ok(())
    }
}

impl ThroughFields {
    fn read(item: Item) -> syn::Result<Self> {
        let mut fields = Self { word: item.name.clone(), own: Vec::new(), target: Vec::new() };
        let parser = |input: ParseStream| Punctuated::<Item, Token![,]>::parse_terminated(input);
        for item in item.list("own = author_id, target = book_id", parser)? {
            let field = match item.name.to_string().as_str() {
                "own" => &mut fields.own,
                "target" => &mut fields.target,
                _ => return Err(item.unknown("through", &["own", "target"])),
            };
            if !field.is_empty() {
                return Err(syn::Error::new_spanned(&item.name, format!("`{}` is given twice; keep one", item.name)));
            }
            *field = item.idents("author_id")?;
        }
        Ok(fields)
    }
}

impl OnDelete {
    fn read(item: Item) -> syn::Result<Self> {
        let word = item.ident("cascade")?;
        let action = match word.to_string().as_str() {
            "restrict" => DeleteAction::Restrict,
            "cascade" => DeleteAction::Cascade,
            "set_null" => DeleteAction::SetNull,
            name => {
                let text = unknown("on_delete", name, &["cascade", "set_null", "restrict"]);
                return Err(syn::Error::new_spanned(&word, text));
            }
        };
        Ok(Self { word, action })
    }
}
