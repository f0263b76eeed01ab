//! The use cases, each reading like the request's way: a query or a write comes in, rows go out.
//!
//! Nothing here is generic over a model but [`Records`] and [`Query`], the typed doors for Rust code. HTTP enters by
//! [`list()`], [`get()`] and [`write()`].

pub mod count;
pub mod draft;
pub mod eager_load;
pub mod get;
pub mod hooks;
pub mod items;
pub mod list;
pub mod nested;
pub mod page;
pub mod query;
pub mod records;
pub mod validate;
pub mod write;

pub use draft::Draft;
pub use get::get;
pub use hooks::{Committed, HookContext, Hooks};
pub use list::{ListResult, list};
pub use page::{Page, PageMeta};
pub use query::Query;
pub use records::Records;
pub use write::{RowChange, RowKey, Write, write, write_items};

use crate::error::Error;
use crate::model::{DecodeError, ModelMeta};

/// Names the model of a row that cannot be read.
pub(crate) fn decode_error(model: &'static ModelMeta) -> impl Fn(DecodeError) -> Error {
    move |source| Error::Decode { model: model.name, source }
}
