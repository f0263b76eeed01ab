//! A list that is asked for.

use super::filter::Filter;
use crate::model::{ColumnMeta, CountCacheMeta, Fields, ModelMeta, RelationMeta};

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
    /// Which of their fields are shown; `None` for all.
    pub fields: Option<Fields>,
    /// Of which relations the rows are counted.
    pub include_count: Vec<IncludeCount>,
    /// Which part of the list.
    pub page: Page,
    /// From where the list is walked by cursor; `None` where it is read by page, whose number then counts.
    pub walk: Option<Walk>,
    /// How the rows are counted.
    pub count: CountMode,
    /// How the total is kept.
    pub count_cache: CountCacheMeta,
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
    /// In which order the related rows of one parent come; their primary key is appended.
    pub sort: Vec<Sort>,
    /// Related rows of one parent at most, for a to-many.
    pub limit: usize,
    /// Which of their fields are shown; `None` for all.
    pub fields: Option<Fields>,
    /// Whether who asks has chosen the limit: rows beyond it are then no surprise, and not reported as cut.
    pub limit_chosen: bool,
    /// Relations of the related rows.
    pub children: Vec<Include>,
}

impl Include {
    /// All related rows of the relation at `index` of `model`, so many of one parent at most.
    #[must_use]
    pub fn new(model: &ModelMeta, index: usize, limit: usize) -> Self {
        Self {
            index,
            relation: &model.relations[index],
            filter: Filter::everything(),
            sort: Vec::new(),
            limit,
            limit_chosen: false,
            fields: None,
            children: Vec::new(),
        }
    }

    /// Adds it to includes of the same rows, in which a relation stands once: of its rows counts what is said last, of what is
    /// loaded with them everything.
    pub fn add_to(self, includes: &mut Vec<Include>) {
        let Some(known) = includes.iter_mut().find(|known| known.index == self.index) else {
            includes.push(self);
            return;
        };
        let mut children = std::mem::take(&mut known.children);
        self.children.iter().for_each(|child| child.clone().add_to(&mut children));
        *known = Self { children, ..self };
    }

    /// The whole order of the related rows of one parent, as [`ListQuery::order`] is of a list.
    #[must_use]
    pub fn order(&self) -> Vec<Sort> {
        total((self.relation.target)(), &self.sort)
    }
}

/// A relation whose rows are counted for each row.
#[derive(Debug, Clone)]
pub struct IncludeCount {
    /// Index of the relation in its model.
    pub index: usize,
    /// The relation.
    pub relation: &'static RelationMeta,
    /// Which of the related rows.
    pub filter: Filter,
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

/// From where a list is walked by cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Walk {
    /// From its first row.
    Start,
    /// From where this cursor says. It is judged when the list is read, since only then the query is complete.
    From(String),
}

/// How the rows are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountMode {
    /// One by one.
    Exact,
    /// By the planner's estimate, where the database has one.
    Estimated,
    /// As it was counted some time ago. Only an answer says so, where the resource lets totals grow old; asked for, it is
    /// [`Exact`](Self::Exact).
    Cached,
    /// Not at all.
    None,
}

impl CountMode {
    /// What is counted where nobody says: all rows of a list that is read by page, none of one that is walked.
    #[must_use]
    pub const fn default_of(walk: Option<&Walk>) -> Self {
        match walk {
            None => Self::Exact,
            Some(_) => Self::None,
        }
    }

    /// The name in queries and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Estimated => "estimated",
            Self::Cached => "cached",
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
            fields: None,
            include_count: Vec::new(),
            page: Page { page: 1, per_page: 20 },
            walk: None,
            count: CountMode::Exact,
            count_cache: CountCacheMeta::DEFAULT,
            deleted: Deleted::Exclude,
        }
    }

    /// The whole order: the terms that were asked for and then the primary key, in the direction of the last term, so that
    /// the order is total and one index serves it. What follows a whole key cannot matter and is left out.
    #[must_use]
    pub fn order(&self) -> Vec<Sort> {
        total(self.model, &self.sort)
    }

    /// Whether a page gives the best match of a search first: where no order is asked for. No cursor leads on from there.
    #[must_use]
    pub fn is_ranked(&self) -> bool {
        self.walk.is_none() && self.sort.is_empty() && self.model.full_text.is_some() && self.filter.searches()
    }
}

fn total(model: &'static ModelMeta, sort: &[Sort]) -> Vec<Sort> {
    let descending = sort.last().is_some_and(|term| term.descending);
    let key = model.key_columns().map(|column| Sort { column, descending });
    let mut order: Vec<Sort> = Vec::new();
    for term in sort.iter().copied().chain(key) {
        let is_in = |name| order.iter().any(|known: &Sort| known.column.name == name);
        let is_total = model.key_columns().all(|column| is_in(column.name));
        if !is_total && !is_in(term.column.name) {
            order.push(term);
        }
    }
    order
}
