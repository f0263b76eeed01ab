//! Typed names of columns and relations: `Author::STATUS`, `Author::BOOKS`.

use std::fmt;
use std::marker::PhantomData;

use super::condition::{Condition, Order};
use super::filter::Filter;
use super::list::{Include, IncludeCount, Sort};
use crate::error::InputError;
use crate::model::{ColumnMeta, ColumnValue, Model, Operator, RelationMeta, Value};

/// A column of `M` that holds a `T`, as in `Author::STATUS`.
pub struct Field<M, T> {
    index: usize,
    of: PhantomData<fn() -> (M, T)>,
}

impl<M, T> Clone for Field<M, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, T> Copy for Field<M, T> {}

// Without bounds: rustc would report a type that is no column here too, and in other words.
impl<M, T> Field<M, T> {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(index: usize) -> Self {
        Self { index, of: PhantomData }
    }
}

impl<M: Model, T: ColumnValue> Field<M, T> {
    /// The column.
    #[must_use]
    pub fn meta(self) -> &'static ColumnMeta {
        &M::META.columns[self.index]
    }

    /// The column's index in the model.
    #[must_use]
    pub const fn index(self) -> usize {
        self.index
    }

    /// A mistake in the value of this column, as a hook answers it.
    #[must_use]
    pub fn mistake(self, code: &'static str, detail: impl Into<String>) -> InputError {
        self.meta().mistake(code, detail)
    }

    fn compare(self, operator: Operator, values: Vec<Value>) -> Condition<M> {
        Condition::new(Filter::compare(self.meta(), operator, values))
    }

    /// Equal.
    pub fn eq(self, value: impl Into<T::Operand>) -> Condition<M> {
        self.compare(Operator::Eq, vec![value.into().to_value()])
    }

    /// Not equal. A NULL is not equal to a value.
    pub fn ne(self, value: impl Into<T::Operand>) -> Condition<M> {
        self.compare(Operator::Ne, vec![value.into().to_value()])
    }

    /// Greater than.
    pub fn gt(self, value: impl Into<T::Operand>) -> Condition<M> {
        self.compare(Operator::Gt, vec![value.into().to_value()])
    }

    /// Greater than or equal.
    pub fn gte(self, value: impl Into<T::Operand>) -> Condition<M> {
        self.compare(Operator::Gte, vec![value.into().to_value()])
    }

    /// Less than.
    pub fn lt(self, value: impl Into<T::Operand>) -> Condition<M> {
        self.compare(Operator::Lt, vec![value.into().to_value()])
    }

    /// Less than or equal.
    pub fn lte(self, value: impl Into<T::Operand>) -> Condition<M> {
        self.compare(Operator::Lte, vec![value.into().to_value()])
    }

    /// One of several.
    pub fn is_in<V: Into<T::Operand>>(self, values: impl IntoIterator<Item = V>) -> Condition<M> {
        self.compare(Operator::In, values.into_iter().map(|value| value.into().to_value()).collect())
    }

    /// None of several.
    pub fn not_in<V: Into<T::Operand>>(self, values: impl IntoIterator<Item = V>) -> Condition<M> {
        self.compare(Operator::NotIn, values.into_iter().map(|value| value.into().to_value()).collect())
    }

    /// Is NULL.
    #[must_use]
    pub fn is_null(self) -> Condition<M> {
        self.compare(Operator::IsNull, vec![Value::Bool(true)])
    }

    /// Is not NULL.
    #[must_use]
    pub fn is_not_null(self) -> Condition<M> {
        self.compare(Operator::IsNull, vec![Value::Bool(false)])
    }

    /// Smallest first.
    #[must_use]
    pub fn asc(self) -> Order<M> {
        Order::new(Sort { column: self.meta(), descending: false })
    }

    /// Largest first.
    #[must_use]
    pub fn desc(self) -> Order<M> {
        Order::new(Sort { column: self.meta(), descending: true })
    }
}

impl<M: Model, T: ColumnValue<Operand = String>> Field<M, T> {
    /// Has the text inside.
    pub fn contains(self, text: impl Into<String>) -> Condition<M> {
        self.compare(Operator::Contains, vec![Value::Text(text.into())])
    }

    /// Has the text inside, whatever the case.
    pub fn icontains(self, text: impl Into<String>) -> Condition<M> {
        self.compare(Operator::IContains, vec![Value::Text(text.into())])
    }

    /// Begins with the text.
    pub fn starts_with(self, text: impl Into<String>) -> Condition<M> {
        self.compare(Operator::StartsWith, vec![Value::Text(text.into())])
    }

    /// Begins with the text, whatever the case.
    pub fn istarts_with(self, text: impl Into<String>) -> Condition<M> {
        self.compare(Operator::IStartsWith, vec![Value::Text(text.into())])
    }
}

impl<M: Model, T> fmt::Debug for Field<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", M::META.name, M::META.columns[self.index].field)
    }
}

/// A relation of `M` to `T`, as in `Author::BOOKS`; with [`Relation::then`] a path of relations.
///
/// # Examples
///
/// ```
/// use couplet::prelude::*;
///
/// #[derive(Model)]
/// pub struct Book {
///     pub id: i64,
///     pub reviews: HasMany<Review>,
/// }
///
/// #[derive(Model)]
/// pub struct Review {
///     pub id: i64,
///     pub book_id: i64,
///     pub rating: i32,
/// }
///
/// let best = Book::REVIEWS.filter(Review::RATING.gte(4)).sort(Review::RATING.desc()).limit(3);
/// let query = Book::query().include(best);
/// ```
pub struct Relation<M, T> {
    include: fn() -> Include,
    nested: Vec<Include>,
    filter: Option<Filter>,
    sort: Vec<Sort>,
    limit: Option<usize>,
    of: PhantomData<fn() -> (M, T)>,
}

impl<M, T> Clone for Relation<M, T> {
    fn clone(&self) -> Self {
        Self {
            include: self.include,
            nested: self.nested.clone(),
            filter: self.filter.clone(),
            sort: self.sort.clone(),
            limit: self.limit,
            of: PhantomData,
        }
    }
}

impl<M, T> Relation<M, T> {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(include: fn() -> Include) -> Self {
        Self { include, nested: Vec::new(), filter: None, sort: Vec::new(), limit: None, of: PhantomData }
    }
}

impl<M: Model, T: Model> Relation<M, T> {
    /// Loads a relation of the related rows too.
    #[must_use]
    pub fn then<U: Model>(mut self, relation: Relation<T, U>) -> Self {
        relation.into_include().add_to(&mut self.nested);
        self
    }

    /// Narrows the related rows; several conditions must all hold.
    #[must_use]
    pub fn filter(mut self, condition: Condition<T>) -> Self {
        let filter = condition.into_filter();
        self.filter = Some(match self.filter {
            Some(first) => first.and(filter),
            None => filter,
        });
        self
    }

    /// Adds a term to the order of the related rows of a row; their primary key always comes last.
    #[must_use]
    pub fn sort(mut self, order: Order<T>) -> Self {
        self.sort.push(order.into_sort());
        self
    }

    /// Loads so many related rows of a row at most: the first in the order. Rows beyond them are not reported as cut.
    #[must_use]
    pub fn limit(mut self, rows: usize) -> Self {
        self.limit = Some(rows);
        self
    }

    /// The rows that have a related row for which `condition` holds.
    #[must_use]
    pub fn any(self, condition: Condition<T>) -> Condition<M> {
        let relation = self.meta();
        let narrowed = self.filter.unwrap_or_else(Filter::everything);
        Condition::new(Filter::Related(relation, Box::new(narrowed.and(condition.into_filter()))))
    }

    /// The relation.
    #[must_use]
    pub fn meta(&self) -> &'static RelationMeta {
        (self.include)().relation
    }

    /// What is to be loaded.
    #[must_use]
    pub fn into_include(self) -> Include {
        let include = (self.include)();
        Include {
            filter: self.filter.unwrap_or_else(Filter::everything),
            sort: self.sort,
            limit: self.limit.unwrap_or(include.limit),
            limit_chosen: self.limit.is_some(),
            children: self.nested,
            ..include
        }
    }

    /// What is to be counted.
    #[must_use]
    pub fn into_count(self) -> IncludeCount {
        let Include { index, relation, filter, .. } = self.into_include();
        IncludeCount { index, relation, filter }
    }
}

/// The include of the relation at `INDEX` of `M`; what a generated [`Relation`] points to.
#[doc(hidden)]
#[must_use]
pub fn include<M: Model, const INDEX: usize>() -> Include {
    Include::new(M::META, INDEX, DEFAULT_INCLUDE_LIMIT)
}

/// Related rows of one parent at most, where nothing else is said.
pub const DEFAULT_INCLUDE_LIMIT: usize = 100;
