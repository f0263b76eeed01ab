//! Real books from files.

pub(crate) mod goodbooks;
pub(crate) mod isbn;
