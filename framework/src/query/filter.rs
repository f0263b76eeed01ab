//! Conditions on rows.

use crate::model::{ColumnMeta, Operator, RelationMeta, Value};

/// A condition on the rows of one model.
#[derive(Debug, Clone)]
pub enum Filter {
    /// All hold; every row where the list is empty.
    All(Vec<Filter>),
    /// One holds; no row where the list is empty.
    Any(Vec<Filter>),
    /// It does not hold; as in SQL, that is not known either where a NULL is compared.
    Not(Box<Filter>),
    /// A comparison of a column.
    Compare(Comparison),
    /// There is a related row for which the condition holds.
    Related(&'static RelationMeta, Box<Filter>),
    /// The row is linked, by this relation of another model, with that model's row whose
    /// [`Link::local`](crate::model::Link::local) are the values.
    LinkedTo(&'static RelationMeta, Vec<Value>),
    /// One of the columns contains the text, whatever the case; for a model with a full-text index, they have all its words.
    Search(Vec<&'static ColumnMeta>, String),
}

/// A comparison of a column with values.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The column.
    pub column: &'static ColumnMeta,
    /// How it is compared.
    pub operator: Operator,
    /// With what: one value, or any number for `In` and `NotIn`. For `IsNull` a [`Value::Bool`].
    pub values: Vec<Value>,
}

impl Filter {
    /// The condition that every row meets.
    #[must_use]
    pub fn everything() -> Self {
        Self::All(Vec::new())
    }

    /// A comparison of `column`.
    #[must_use]
    pub fn compare(column: &'static ColumnMeta, operator: Operator, values: Vec<Value>) -> Self {
        Self::Compare(Comparison { column, operator, values })
    }

    /// Whether every row meets it, by its form.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        matches!(self, Self::All(filters) if filters.iter().all(Self::is_everything))
    }

    /// Whether every row must meet a search.
    #[must_use]
    pub fn searches(&self) -> bool {
        match self {
            Self::Search(..) => true,
            Self::All(filters) => filters.iter().any(Self::searches),
            _ => false,
        }
    }

    /// Both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (left, right) if left.is_everything() => right,
            (left, right) if right.is_everything() => left,
            (Self::All(mut filters), Self::All(more)) => {
                filters.extend(more);
                Self::All(filters)
            }
            (Self::All(mut filters), other) => {
                filters.push(other);
                Self::All(filters)
            }
            (left, right) => Self::All(vec![left, right]),
        }
    }

    /// One of them holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match self {
            Self::Any(mut filters) => {
                filters.push(other);
                Self::Any(filters)
            }
            filter => Self::Any(vec![filter, other]),
        }
    }
}
