//! What is asked for: a query string or a chain of Rust calls becomes a [`ListQuery`]. Pure: no I/O.

pub mod condition;
pub mod cursor;
pub mod filter;
pub mod list;
pub mod parse;
pub mod token;

pub use condition::{Condition, Order};
pub use cursor::{CursorKeys, Place};
pub use filter::{Comparison, Filter};
pub use list::{CountMode, Include, ListQuery, Page, Sort, Walk};
pub use token::{Field, Relation};
