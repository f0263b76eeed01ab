//! `#[model(…)]`.

use syn::{Attribute, Ident, LitStr};

use super::{Item, Unique, items};
use crate::diagnostics::Diagnostics;
use crate::naming::Case;

/// What `#[model(…)]` says.
#[derive(Default)]
pub(crate) struct ModelAttr {
    pub(crate) table: Option<LitStr>,
    pub(crate) schema: Option<LitStr>,
    pub(crate) view: Option<Ident>,
    pub(crate) shared: Option<Ident>,
    /// The word, and the text search configuration where one is named.
    pub(crate) full_text: Option<(Ident, Option<LitStr>)>,
    pub(crate) rename_all: Option<Case>,
    pub(crate) unique: Vec<Unique>,
    pub(crate) hooks: Option<Ident>,
}

const NAMES: &[&str] = &["table", "schema", "view", "shared", "full_text", "rename_all", "unique", "hooks"];

impl ModelAttr {
    pub(crate) fn read(attrs: &[Attribute], diagnostics: &mut Diagnostics) -> Self {
        let mut read = Self::default();
        for item in items("model", attrs, diagnostics) {
            let result = read.read_item(item);
            diagnostics.take(result);
        }
        read
    }

    fn read_item(&mut self, item: Item) -> syn::Result<()> {
        match item.name.to_string().as_str() {
            "table" => self.table = Some(item.text("authors")?),
            "schema" => self.schema = Some(item.text("library")?),
            "view" => self.view = Some(item.flag()?),
            "shared" => self.shared = Some(item.flag()?),
            "full_text" => self.full_text = Some(item.flag_or_text("english")?),
            "rename_all" => self.rename_all = Some(item.case()?),
            "unique" => self.unique.push(Unique::read(item)?),
            "hooks" => self.hooks = Some(item.flag()?),
            _ => return Err(item.unknown("model", NAMES)),
        }
        Ok(())
    }
}
