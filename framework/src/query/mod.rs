//! What is asked for: a query string or a chain of Rust calls becomes a [`ListQuery`]. Pure: no I/O.

pub mod condition;
pub mod filter;
pub mod list;
pub mod parse;
pub mod token;
pub mod unique_key;

pub use condition::{Condition, Order};
pub use filter::{Comparison, Filter};
pub use list::{CountMode, Deleted, Include, ListQuery, Page, Sort};
pub use token::{Field, Relation};
pub use unique_key::UniqueKey;
