//! Relations to a part of the related rows, as `#[relation(filter = Review::RATING.gte(4))]` declares them.

use std::any::Any;

use super::condition::Condition;
use super::filter::Filter;
use crate::model::RelationMeta;

/// What a generated [`RelationMeta::subset`] answers.
#[doc(hidden)]
#[must_use]
pub fn subset<M>(condition: Condition<M>) -> Box<dyn Any> {
    Box::new(condition.into_filter())
}

/// Which rows of the target a relation holds, beside being linked.
///
/// # Panics
///
/// If the relation's `subset` answers anything but what [`subset`] does.
#[must_use]
pub fn of(relation: &RelationMeta) -> Filter {
    let Some(subset) = relation.subset else { return Filter::everything() };
    *subset().downcast().expect("a subset is what `query::subset::subset` made of a condition")
}
