//! `unique(book_id, reader_id)` of a model.

use syn::Ident;

use super::{Item, names};

/// Fields whose values no two rows have together.
pub(crate) struct Unique {
    /// The word itself, to point to.
    pub(crate) word: Ident,
    pub(crate) fields: Vec<Ident>,
}

impl Unique {
    pub(super) fn read(item: Item) -> syn::Result<Self> {
        let word = item.name.clone();
        Ok(Self { word, fields: item.list("book_id, reader_id", names)? })
    }
}
