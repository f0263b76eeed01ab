//! Asking for rows from Rust.

use std::marker::PhantomData;

use super::page::Page;
use super::{decode_error, list};
use crate::db::Executor;
use crate::error::{Error, InputError, Result};
use crate::model::{Model, SoftDelete};
use crate::query::{self, Condition, CountMode, Deleted, ListQuery, Order, Relation};

/// A query for rows of `M`, made by [`Records::query`](super::Records::query). `S` is the scope that narrows it.
///
/// # Examples
///
/// ```
/// use couplet::prelude::*;
///
/// #[derive(Model)]
/// pub struct Author {
///     pub id: i64,
///     pub name: String,
///     #[relation]
///     pub books: HasMany<Book>,
/// }
///
/// #[derive(Model)]
/// pub struct Book {
///     pub id: i64,
///     pub author_id: i64,
///     pub title: String,
/// }
///
/// async fn first_page(db: &Database) -> couplet::Result<()> {
///     let page = Author::query()
///         .filter(Author::NAME.starts_with("Le"))
///         .include(Author::BOOKS)
///         .sort(Author::NAME.asc())
///         .page(1, 20)
///         .fetch(db)
///         .await?;
///     for author in &page.items {
///         println!("{}: {} books", author.name, author.books.loaded()?.len());
///     }
///     println!("{:?} authors in all", page.meta.total);
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a query does nothing until it is fetched"]
pub struct Query<M: Model, S = <M as Model>::Scope> {
    query: ListQuery,
    of: PhantomData<fn() -> (M, S)>,
}

impl<M: Model> Query<M> {
    pub(super) fn new() -> Self {
        Self { query: ListQuery::new(M::META), of: PhantomData }
    }

    /// Narrows the rows; several conditions must all hold.
    pub fn filter(mut self, condition: Condition<M>) -> Self {
        self.query.filter = self.query.filter.and(condition.into_filter());
        self
    }

    /// Adds a term to the order. The primary key always comes last, so that the order is total.
    pub fn sort(mut self, order: Order<M>) -> Self {
        self.query.sort.push(order.into_sort());
        self
    }

    /// Loads a relation with the rows: one statement, however many rows there are.
    pub fn include<T: Model>(mut self, relation: Relation<M, T>) -> Self {
        self.query.include.push(relation.into_include());
        self
    }

    /// Says whether deleted rows are shown. Default: they are not. Related rows that are deleted never are.
    pub fn deleted(mut self, deleted: Deleted) -> Self
    where
        M: SoftDelete,
    {
        self.query.deleted = deleted;
        self
    }

    /// Asks for a page, counted from 1, of so many rows. Default: the first 20.
    pub fn page(mut self, page: u64, per_page: u32) -> Self {
        self.query.page = query::Page { page, per_page };
        self
    }

    /// Counts nothing; `total` is then `None`.
    pub fn skip_count(self) -> Self {
        self.count(CountMode::None)
    }

    /// Says how rows are counted. Default: exactly.
    pub fn count(mut self, count: CountMode) -> Self {
        self.query.count = count;
        self
    }

    /// Reads the page.
    ///
    /// # Errors
    ///
    /// [`Error::Parameters`] for a page or a size of 0, else the database's.
    pub async fn fetch<'a>(self, executor: impl Executor<'a>) -> Result<Page<M>> {
        let query::Page { page, per_page } = self.query.page;
        if page == 0 || per_page == 0 {
            let detail = "pages are counted from 1 and have at least one row";
            return Err(Error::Parameters(vec![InputError::parameter("page", "invalid_value", detail)]));
        }
        let mut session = executor.session();
        let result = list(&self.query, &mut session).await?;
        let items = result.loaded.build().map_err(decode_error(M::META))?;
        Ok(Page { items, meta: result.meta })
    }

    /// Reads the first row, if there is one.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn first<'a>(self, executor: impl Executor<'a>) -> Result<Option<M>> {
        Ok(self.page(1, 1).skip_count().fetch(executor).await?.items.pop())
    }
}
