//! `deleted=include`.

use super::Mistakes;
use super::filter::invalid;
use crate::query::Deleted;

/// Reads the value of `deleted`.
pub(super) fn parse(text: &str) -> Result<Deleted, Mistakes> {
    Deleted::ALL
        .into_iter()
        .find(|deleted| deleted.name() == text)
        .ok_or_else(|| vec![invalid("deleted", text, "expected exclude, include or only")])
}
