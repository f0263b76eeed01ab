//! A list that is asked for.

use super::filter::Filter;
use crate::model::{ColumnMeta, ModelMeta, RelationMeta};

/// A list that is asked for, checked against its model: nothing in it can be unknown any more.
#[derive(Debug, Clone)]
pub struct ListQuery {
    /// The model of the rows.
    pub model: &'static ModelMeta,
    /// Which rows.
    pub filter: Filter,
    /// In which order; the primary key is appended when SQL is made, so that the order is total.
    pub sort: Vec<Sort>,
    /// Which relations are loaded with them.
    pub include: Vec<Include>,
    /// Which part of the list.
    pub page: Page,
    /// How the rows are counted.
    pub count: CountMode,
    /// Whether deleted rows are shown, where the model keeps them. Related rows are never shown when they are deleted.
    pub deleted: Deleted,
}

/// One term of an order.
#[derive(Debug, Clone, Copy)]
pub struct Sort {
    /// The column.
    pub column: &'static ColumnMeta,
    /// Largest first.
    pub descending: bool,
}

/// A relation that is loaded, and those that are loaded for its rows.
#[derive(Debug, Clone)]
pub struct Include {
    /// Index of the relation in its model.
    pub index: usize,
    /// The relation.
    pub relation: &'static RelationMeta,
    /// Which of the related rows.
    pub filter: Filter,
    /// Related rows of one parent at most, for a to-many.
    pub limit: usize,
    /// Relations of the related rows.
    pub children: Vec<Include>,
}

/// A part of a list: `page` counts from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The page's number, from 1.
    pub page: u64,
    /// Rows of a page.
    pub per_page: u32,
}

impl Page {
    /// How many rows lie before the page; a database counts them with an `i64`.
    #[must_use]
    pub fn offset(self) -> u64 {
        self.page.saturating_sub(1).saturating_mul(u64::from(self.per_page)).min(i64::MAX.unsigned_abs())
    }
}

/// How the rows are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountMode {
    /// One by one.
    Exact,
    /// By the planner's estimate, where the database has one.
    Estimated,
    /// Not at all.
    None,
}

impl CountMode {
    /// The name in queries and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Estimated => "estimated",
            Self::None => "none",
        }
    }
}

/// Which rows of a model are shown that keeps its deleted rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Deleted {
    /// Those that are not deleted.
    #[default]
    Exclude,
    /// All.
    Include,
    /// Those that are deleted.
    Only,
}

impl Deleted {
    /// Every value, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::Exclude, Self::Include, Self::Only];

    /// The name in queries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exclude => "exclude",
            Self::Include => "include",
            Self::Only => "only",
        }
    }
}

impl ListQuery {
    /// All rows of a model: the first 20, in the order of the primary key, counted exactly.
    #[must_use]
    pub fn new(model: &'static ModelMeta) -> Self {
        Self {
            model,
            filter: Filter::everything(),
            sort: Vec::new(),
            include: Vec::new(),
            page: Page { page: 1, per_page: 20 },
            count: CountMode::Exact,
            deleted: Deleted::Exclude,
        }
    }
}
