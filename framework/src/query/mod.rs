//! What is asked for: a query string or a chain of Rust calls becomes a [`ListQuery`]. Pure: no I/O.

pub mod asked;
mod bytes;
pub mod condition;
pub mod cursor;
pub mod fields;
pub mod filter;
pub mod fingerprint;
pub mod list;
pub mod parse;
pub mod row;
pub mod subset;
pub mod token;
pub mod unique_key;

pub use condition::{Condition, Order};
pub use cursor::{CursorKeys, Place};
pub use fields::Fields;
pub use filter::{Comparison, Filter};
pub use list::{CountMode, Deleted, Include, IncludeCount, ListQuery, Page, Sort, Walk};
pub use row::RowQuery;
pub use token::{Field, Relation};
pub use unique_key::UniqueKey;
