//! Conditions and orders that the compiler holds to one model.

use std::marker::PhantomData;
use std::ops::{BitAnd, BitOr, Not};

use super::filter::Filter;
use super::list::Sort;

/// A condition on rows of `M`, as `Author::STATUS.eq(..)` makes it. `&`, `|` and `!` combine conditions.
///
/// # Examples
///
/// ```
/// use couplet::prelude::*;
///
/// #[derive(Model)]
/// pub struct Book {
///     pub id: i64,
///     pub title: String,
///     pub year: Option<i32>,
/// }
///
/// let old = Book::YEAR.lt(1900) | Book::YEAR.is_null();
/// let query = Book::query().filter(old & !Book::TITLE.contains("draft"));
/// ```
///
/// A condition on another model does not compile:
///
/// ```compile_fail
/// # use couplet::prelude::*;
/// # #[derive(Model)]
/// # pub struct Book { pub id: i64, pub title: String }
/// # #[derive(Model)]
/// # pub struct Author { pub id: i64, pub name: String }
/// let query = Book::query().filter(Author::NAME.eq("Ann"));
/// ```
#[derive(Debug)]
pub struct Condition<M> {
    filter: Filter,
    of: PhantomData<fn() -> M>,
}

impl<M> Condition<M> {
    pub(super) fn new(filter: Filter) -> Self {
        Self { filter, of: PhantomData }
    }

    /// Both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::new(self.filter.and(other.filter))
    }

    /// One of them holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::new(self.filter.or(other.filter))
    }

    /// The condition as data.
    #[must_use]
    pub fn into_filter(self) -> Filter {
        self.filter
    }
}

impl<M> Clone for Condition<M> {
    fn clone(&self) -> Self {
        Self::new(self.filter.clone())
    }
}

impl<M> BitAnd for Condition<M> {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        self.and(other)
    }
}

impl<M> BitOr for Condition<M> {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.or(other)
    }
}

impl<M> Not for Condition<M> {
    type Output = Self;

    fn not(self) -> Self {
        Self::new(Filter::Not(Box::new(self.filter)))
    }
}

/// One term of an order of rows of `M`, as `Author::NAME.asc()` makes it.
#[derive(Debug)]
pub struct Order<M> {
    sort: Sort,
    of: PhantomData<fn() -> M>,
}

impl<M> Order<M> {
    pub(super) fn new(sort: Sort) -> Self {
        Self { sort, of: PhantomData }
    }

    /// The term as data.
    #[must_use]
    pub fn into_sort(self) -> Sort {
        self.sort
    }
}

impl<M> Clone for Order<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Order<M> {}
