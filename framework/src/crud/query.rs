//! Asking for rows from Rust.

use std::marker::PhantomData;

use super::page::Page;
use super::{decode_error, list};
use crate::db::Executor;
use crate::error::{Error, InputError, Result};
use crate::model::{Model, SoftDelete};
use crate::query::{self, Condition, CountMode, Deleted, Filter, ListQuery, Order, Relation, Walk};

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
    /// As it was said; else it follows from how the list is read.
    count: Option<CountMode>,
    of: PhantomData<fn() -> (M, S)>,
}

impl<M: Model> Query<M> {
    pub(super) fn new() -> Self {
        Self { query: ListQuery::new(M::META), count: None, of: PhantomData }
    }

    /// Narrows the rows; several conditions must all hold.
    pub fn filter(mut self, condition: Condition<M>) -> Self {
        self.query.filter = self.query.filter.and(condition.into_filter());
        self
    }

    /// Narrows the rows to those that have the text in one of the fields marked `search`, as `q` does: with
    /// `#[model(full_text)]` all its words, the best match first unless an order is asked for. An empty text narrows nothing.
    pub fn search(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        if !text.is_empty() {
            let search = Filter::Search(M::META.search_columns().collect(), text);
            self.query.filter = self.query.filter.and(search);
        }
        self
    }

    /// Adds a term to the order. The primary key always comes last, so that the order is total.
    pub fn sort(mut self, order: Order<M>) -> Self {
        self.query.sort.push(order.into_sort());
        self
    }

    /// Loads a relation with the rows: one statement, however many rows there are. Of a relation that is named again, the rows
    /// are those that the last call says, with what any call says to load with them.
    pub fn include<T: Model>(mut self, relation: Relation<M, T>) -> Self {
        relation.into_include().add_to(&mut self.query.include);
        self
    }

    /// Counts the rows of a to-many relation for each row: one statement, however many rows there are. A filter of the
    /// relation narrows what is counted.
    ///
    /// # Examples
    ///
    /// ```
    /// use couplet::prelude::*;
    ///
    /// #[derive(Model)]
    /// pub struct Author {
    ///     pub id: i64,
    ///     pub books: HasMany<Book>,
    /// }
    ///
    /// #[derive(Model)]
    /// pub struct Book {
    ///     pub id: i64,
    ///     pub author_id: i64,
    /// }
    ///
    /// async fn most(db: &Database) -> couplet::Result<u64> {
    ///     let page = Author::query().include_count(Author::BOOKS).fetch(db).await?;
    ///     let mut most = 0;
    ///     for author in &page.items {
    ///         most = most.max(author.books.count()?);
    ///     }
    ///     Ok(most)
    /// }
    /// ```
    pub fn include_count<T: Model>(mut self, relation: Relation<M, T>) -> Self {
        let count = relation.into_count();
        self.query.include_count.retain(|known| known.index != count.index);
        self.query.include_count.push(count);
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
        self.query.walk = None;
        self
    }

    /// Walks the list by cursor, so many rows at a time: from the start where the cursor is `None` or empty, else from where
    /// `next_cursor` or `prev_cursor` of another answer of the same query leads. However far a walk has gone, it costs the
    /// same where an index serves the order, and rows that come and go elsewhere neither repeat a row nor lose one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use couplet::prelude::*;
    /// # #[derive(Model)]
    /// # pub struct Book { pub id: i64, pub title: String }
    /// async fn titles(db: &Database) -> couplet::Result<Vec<String>> {
    ///     let (mut titles, mut cursor) = (Vec::new(), None);
    ///     loop {
    ///         let page = Book::query().sort(Book::TITLE.asc()).cursor(cursor.as_deref(), 100).fetch(db).await?;
    ///         titles.extend(page.items.into_iter().map(|book| book.title));
    ///         cursor = page.meta.next_cursor;
    ///         if cursor.is_none() {
    ///             return Ok(titles);
    ///         }
    ///     }
    /// }
    /// ```
    pub fn cursor<'c>(mut self, cursor: impl Into<Option<&'c str>>, per_page: u32) -> Self {
        self.query.page = query::Page { page: 1, per_page };
        self.query.walk = Some(match cursor.into() {
            None | Some("") => Walk::Start,
            Some(cursor) => Walk::From(cursor.to_owned()),
        });
        self
    }

    /// Counts nothing; `total` is then `None`.
    pub fn skip_count(self) -> Self {
        self.count(CountMode::None)
    }

    /// Says how rows are counted. Default: exactly by page, not at all by cursor.
    pub fn count(mut self, count: CountMode) -> Self {
        self.count = Some(count);
        self
    }

    /// Reads the page.
    ///
    /// # Errors
    ///
    /// [`Error::Parameters`] for a page or a size of 0, a cursor of another query and a to-one relation that is to be counted,
    /// else the database's.
    pub async fn fetch<'a>(mut self, executor: impl Executor<'a>) -> Result<Page<M>> {
        let query::Page { page, per_page } = self.query.page;
        if page == 0 || per_page == 0 {
            let detail = "pages are counted from 1 and have at least one row";
            return Err(Error::Parameters(vec![InputError::parameter("page", "invalid_value", detail)]));
        }
        if let Some(count) = self.query.include_count.iter().find(|count| !count.relation.kind.to_many()) {
            let detail = format!("{:?} has one row at most; there is nothing to count", count.relation.api_name);
            return Err(Error::Parameters(vec![InputError::parameter("include_count", "unknown_relation", detail)]));
        }
        self.query.count = self.count.unwrap_or_else(|| CountMode::default_of(self.query.walk.as_ref()));
        let mut session = executor.session();
        let result = list(&self.query, &mut session).await?;
        let items = result.loaded.build().map_err(decode_error(M::META))?;
        Ok(Page { items, meta: result.meta })
    }

    /// Reads the first row, if there is one; with a cursor the first one from there.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn first<'a>(mut self, executor: impl Executor<'a>) -> Result<Option<M>> {
        self.query.page = query::Page { page: 1, per_page: 1 };
        Ok(self.skip_count().fetch(executor).await?.items.pop())
    }
}
