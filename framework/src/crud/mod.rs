//! The use cases, each reading like the request's way: a query or a write comes in, rows go out.
//!
//! Nothing here is generic over a model but [`Records`], [`Query`] and [`Sql`], the typed doors for Rust code. HTTP enters by
//! [`list()`], [`get()`] and [`write()`].

pub mod answers;
mod bind;
mod bindable;
pub mod count;
pub mod count_cache;
pub mod draft;
pub mod eager_load;
mod from_row;
pub mod get;
pub mod hooks;
mod invalidate;
pub mod items;
pub mod list;
pub mod nested;
pub mod page;
mod parents;
pub mod plain;
pub mod query;
pub mod records;
pub mod related_counts;
mod token_fetch;
pub mod validate;
mod walk;
pub mod write;

pub use bind::Bind;
pub use draft::Draft;
pub use from_row::FromRow;
pub use get::get;
pub use hooks::{Committed, HookContext, Hooks};
pub use invalidate::invalidate_count_cache;
pub use list::{ListResult, list};
pub use page::{Page, PageMeta};
pub use plain::{Sql, sql, sql_unchecked};
pub use query::Query;
pub use records::Records;
pub use write::{RowChange, RowKey, Write, write, write_items};

use crate::error::{Error, Result};
use crate::model::{DecodeError, ModelMeta, Row, Value};

/// The values of the columns at `indexes` of a row.
pub(crate) fn values(model: &'static ModelMeta, row: &dyn Row, indexes: &[usize]) -> Result<Vec<Value>> {
    let value = |index: &usize| Value::decode(model.columns[*index].ty, row, *index);
    indexes.iter().map(value).collect::<Result<_, DecodeError>>().map_err(decode_error(model))
}

/// Bytes in hexadecimal digits.
fn hex(bytes: &[u8]) -> impl Iterator<Item = char> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)]))
}

/// Names the model of a row that cannot be read.
pub(crate) fn decode_error(model: &'static ModelMeta) -> impl Fn(DecodeError) -> Error {
    move |source| Error::Decode { model: model.name, source }
}
