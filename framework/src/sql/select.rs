//! Reading rows of one model. Every statement selects all columns of the model in their order.

use super::{Dialect, Statement};
use crate::model::{ModelMeta, Value};
use crate::query::{Filter, ListQuery};

/// The rows of a page and one more, which tells whether there is a next page.
#[must_use]
pub fn page(query: &ListQuery, dialect: Dialect) -> Statement {
    todo!()
}

/// The row with this primary key, if `filter` holds for it. `lock` holds it against other writers until the transaction
/// ends, where the database has such a lock.
#[must_use]
pub fn by_key(model: &'static ModelMeta, key: &[Value], filter: &Filter, lock: bool, dialect: Dialect) -> Statement {
    todo!()
}
