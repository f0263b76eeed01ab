//! Values of the app's own, for hooks and for endpoints written by hand.

use std::any::TypeId;
use std::sync::Arc;

use crate::db::Database;
use crate::http::data::Insert;

/// One value: how the database's handle and how a request get it.
pub(super) struct Value {
    pub(super) of: TypeId,
    into_database: Box<dyn Fn(Database) -> Database + Send + Sync>,
    insert: Insert,
}

impl Value {
    pub(super) fn new<T: Clone + Send + Sync + 'static>(value: T) -> Self {
        let for_database = value.clone();
        Self {
            of: TypeId::of::<T>(),
            into_database: Box::new(move |database| database.with_data(for_database.clone())),
            insert: Arc::new(move |request| request.set_data(value.clone())),
        }
    }
}

/// The database with every value.
pub(super) fn attach(values: &[Value], database: Database) -> Database {
    values.iter().fold(database, |database, value| (value.into_database)(database))
}

/// What puts every value into a request.
pub(super) fn inserts(values: &[Value]) -> Vec<Insert> {
    values.iter().map(|value| value.insert.clone()).collect()
}
