//! From a query string to a [`ListQuery`].

use super::filter::Filter;
use super::list::ListQuery;
use crate::error::InputError;
use crate::model::{ModelMeta, ResourceMeta};

/// What a resource's list takes beyond its constant table; made when the app is composed.
#[derive(Debug, Clone)]
pub struct ListOptions {
    /// The resource.
    pub resource: &'static ResourceMeta,
    /// Names of parameters that are ignored; a trailing `*` stands for any end, as in `utm_*`.
    pub ignored: Vec<String>,
}

/// Reads the query string of a list.
///
/// # Errors
///
/// Every parameter that is unknown, repeated or invalid, each with what would be accepted.
pub fn list(options: &ListOptions, query: &str) -> Result<ListQuery, Vec<InputError>> {
    todo!()
}

/// Reads the query string of a single row, which takes `include` only.
///
/// # Errors
///
/// As [`list`].
pub fn one(options: &ListOptions, query: &str) -> Result<Vec<super::Include>, Vec<InputError>> {
    todo!()
}

pub fn none(options: &ListOptions, query: &str) -> Result<(), Vec<InputError>> {
    todo!()
}
