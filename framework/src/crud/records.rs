//! Typed calls on every model.

use super::write::{RowChange, RowKey, Write, upsert, write, write_items};
use super::{Query, decode_error, get, validate};
use crate::db::Executor;
use crate::error::{Error, Result};
use crate::model::{Changes, Key, Loaded, Model, NewRecord, PatchRecord, SoftDelete};
use crate::query::{Filter, RowQuery, UniqueKey};

/// What Rust code does with the rows of a model. The last argument is a [`Database`](crate::db::Database) or a
/// [`Transaction`](crate::db::Transaction); a write on a database is a transaction of its own.
///
/// # Examples
///
/// ```
/// use couplet::prelude::*;
///
/// #[derive(Model)]
/// pub struct Account {
///     pub id: i64,
///     pub owner: String,
///     #[field(default = 0)]
///     pub balance: i64,
/// }
///
/// async fn open_two(db: &Database) -> couplet::Result<()> {
///     let mut transaction = db.begin().await?;
///     let ann = Account::create(NewAccount::new("Ann"), &mut transaction).await?;
///     let change = AccountPatch { balance: 10.into(), ..Default::default() };
///     Account::update(ann.id, change, &mut transaction).await?;
///     transaction.commit().await
/// }
/// ```
pub trait Records: Model {
    /// Begins a query for rows.
    fn query() -> Query<Self> {
        Query::new()
    }

    /// Reads the row with this primary key.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none, else the database's.
    fn find<'a>(
        key: impl Into<Self::Key> + Send,
        executor: impl Executor<'a>,
    ) -> impl Future<Output = Result<Self>> + Send {
        let key = key.into().values();
        async move {
            let mut session = executor.session();
            let (row, _) = get(Self::META, &key, &Filter::everything(), &RowQuery::default(), &mut session).await?;
            one(&row)
        }
    }

    /// Inserts a row.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] with all values that break a rule, [`Error::Conflict`], else the database's.
    fn create<'a>(new: Self::New, executor: impl Executor<'a>) -> impl Future<Output = Result<Self>> + Send {
        let changes = new.into_changes();
        async move {
            check::<Self>(&changes)?;
            first(write(Self::META, Write::Create(vec![changes]), executor).await?)
        }
    }

    /// Inserts many rows, all or none, in few statements. The answer has the order of the rows.
    ///
    /// # Errors
    ///
    /// As [`Records::create`]; pointers such as `/items/3/title` count the rows from 0.
    fn create_many<'a>(
        new: impl IntoIterator<Item = Self::New, IntoIter: Send> + Send,
        executor: impl Executor<'a>,
    ) -> impl Future<Output = Result<Vec<Self>>> + Send {
        let changes: Vec<Changes> = new.into_iter().map(NewRecord::into_changes).collect();
        async move {
            check_all::<Self>(changes.iter())?;
            if changes.is_empty() {
                return Ok(Vec::new());
            }
            all(&write_items(Self::META, Write::Create(changes), executor).await?)
        }
    }

    /// Inserts a row, or changes the one that has the same unique key, as in `Author::upsert(new, Author::EMAIL, &db)`; a key of
    /// several columns is a tuple of them. Answers the row and whether it is new.
    ///
    /// In a row that is there, what `new` names is set, and neither its defaults nor the key. A NULL in the key equals nothing: the row
    /// is then inserted. A deleted row has given its unique values back, but not its primary key.
    ///
    /// # Errors
    ///
    /// As [`Records::create`]; [`Error::Invalid`] for columns that are no unique key or are not set too.
    fn upsert<'a>(
        new: Self::New,
        key: impl UniqueKey<Self>,
        executor: impl Executor<'a>,
    ) -> impl Future<Output = Result<(Self, bool)>> + Send {
        let (changes, key) = (new.into_changes(), key.columns());
        async move {
            upsert::check_key(Self::META, &key)?;
            let missing = upsert::missing(Self::META, &key, &changes);
            if !missing.is_empty() {
                return Err(Error::Invalid(missing));
            }
            check::<Self>(&changes)?;
            let write_one = Write::Upsert { rows: vec![changes], key, filter: Filter::everything() };
            let mut rows = write(Self::META, write_one, executor).await?;
            let row = rows.pop().ok_or(Error::NotFound(Self::META.name))?;
            Ok((one(&row)?, upsert::is_new(&row, 0)?))
        }
    }

    /// Inserts many rows, or changes those that have the same unique key, all or none and in few statements. The answer has the
    /// order of the rows, and says of each whether it is new.
    ///
    /// # Errors
    ///
    /// As [`Records::upsert`], and [`Error::Invalid`] for a key that is there again; pointers such as `/items/3/title` count the
    /// rows from 0.
    fn upsert_many<'a>(
        new: impl IntoIterator<Item = Self::New, IntoIter: Send> + Send,
        key: impl UniqueKey<Self>,
        executor: impl Executor<'a>,
    ) -> impl Future<Output = Result<Vec<(Self, bool)>>> + Send {
        let (rows, key): (Vec<Changes>, _) = (new.into_iter().map(NewRecord::into_changes).collect(), key.columns());
        async move {
            upsert::check_key(Self::META, &key)?;
            let missing = rows.iter().enumerate().flat_map(|(place, row)| {
                upsert::missing(Self::META, &key, row).into_iter().map(move |error| error.of_item(place))
            });
            let missing: Vec<_> = missing.collect();
            if !missing.is_empty() {
                return Err(Error::Invalid(validate::capped(missing)));
            }
            check_all::<Self>(rows.iter())?;
            let write_all = Write::Upsert { rows, key, filter: Filter::everything() };
            let mut written = Vec::new();
            for rows in write_items(Self::META, write_all, executor).await? {
                let records = rows.build().map_err(decode_error(Self::META))?.into_iter().enumerate();
                for (place, record) in records {
                    written.push((record, upsert::is_new(&rows, place)?));
                }
            }
            Ok(written)
        }
    }

    /// Changes the row with this primary key.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none, else as [`Records::create`].
    fn update<'a>(
        key: impl Into<Self::Key> + Send,
        patch: Self::Patch,
        executor: impl Executor<'a>,
    ) -> impl Future<Output = Result<Self>> + Send {
        let (key, changes) = (key.into().values(), patch.into_changes());
        async move {
            check::<Self>(&changes)?;
            first(write(Self::META, Write::update(key, changes), executor).await?)
        }
    }

    /// Changes the row with this primary key if it has this version still, as it was read.
    ///
    /// # Errors
    ///
    /// [`Error::Stale`] where it has another one, and where the model has no version; else as [`Records::update`].
    ///
    /// # Examples
    ///
    /// ```
    /// use couplet::prelude::*;
    ///
    /// #[derive(Model)]
    /// pub struct Account {
    ///     pub id: i64,
    ///     pub balance: i64,
    ///     #[field(version)]
    ///     pub version: i64,
    /// }
    ///
    /// /// Reads and writes without a lock: whoever was faster wins, the other begins again.
    /// async fn pay_in(id: i64, amount: i64, db: &Database) -> couplet::Result<Account> {
    ///     loop {
    ///         let account = Account::find(id, db).await?;
    ///         let change = AccountPatch { balance: (account.balance + amount).into(), ..Default::default() };
    ///         match Account::update_if(id, account.version, change, db).await {
    ///             Err(Error::Stale(_)) => continue,
    ///             result => return result,
    ///         }
    ///     }
    /// }
    /// ```
    fn update_if<'a>(
        key: impl Into<Self::Key> + Send,
        version: impl Into<i64> + Send,
        patch: Self::Patch,
        executor: impl Executor<'a>,
    ) -> impl Future<Output = Result<Self>> + Send {
        let (key, expected, changes) = (key.into().values(), Some(vec![version.into()]), patch.into_changes());
        async move {
            check::<Self>(&changes)?;
            let rows = vec![RowChange { key, expected, changes }];
            first(write(Self::META, Write::Update { rows, filter: Filter::everything() }, executor).await?)
        }
    }

    /// Changes many rows, all or none, in few statements; each change may set other fields. The answer has the order of the
    /// changes.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] with all keys of which there is no row, [`Error::Invalid`] for a key that is there again, else as
    /// [`Records::create`]. Pointers such as `/items/3/id` count the changes from 0.
    fn update_many<'a, K: Into<Self::Key>>(
        changes: impl IntoIterator<Item = (K, Self::Patch), IntoIter: Send> + Send,
        executor: impl Executor<'a>,
    ) -> impl Future<Output = Result<Vec<Self>>> + Send {
        let change = |(key, patch): (K, Self::Patch)| RowChange {
            key: key.into().values(),
            expected: None,
            changes: patch.into_changes(),
        };
        let rows: Vec<RowChange> = changes.into_iter().map(change).collect();
        async move {
            check_all::<Self>(rows.iter().map(|row| &row.changes))?;
            if rows.is_empty() {
                return Ok(Vec::new());
            }
            all(&write_items(Self::META, Write::Update { rows, filter: Filter::everything() }, executor).await?)
        }
    }

    /// Deletes the row with this primary key. A model with a `deleted_at` keeps it, marked.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none, [`Error::Conflict`] while other rows refer to it, else the database's.
    fn delete<'a>(
        key: impl Into<Self::Key> + Send,
        executor: impl Executor<'a>,
    ) -> impl Future<Output = Result<()>> + Send {
        let key = key.into().values();
        async move { write(Self::META, Write::delete(key), executor).await.map(|_| ()) }
    }

    /// Brings the deleted row with this primary key back.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is no such row that is deleted, [`Error::Conflict`] where another row has taken a unique
    /// value of it, else the database's.
    fn restore<'a>(
        key: impl Into<Self::Key> + Send,
        executor: impl Executor<'a>,
    ) -> impl Future<Output = Result<Self>> + Send
    where
        Self: SoftDelete,
    {
        let rows = vec![RowChange { key: key.into().values(), expected: None, changes: Changes::default() }];
        async move { first(write(Self::META, Write::Restore { rows, filter: Filter::everything() }, executor).await?) }
    }

    /// Removes the row with this primary key, deleted or not, for good.
    ///
    /// # Errors
    ///
    /// As [`Records::delete`].
    fn purge<'a>(
        key: impl Into<Self::Key> + Send,
        executor: impl Executor<'a>,
    ) -> impl Future<Output = Result<()>> + Send
    where
        Self: SoftDelete,
    {
        let keys = vec![key.into().values()];
        async move { write(Self::META, Write::Purge { keys }, executor).await.map(|_| ()) }
    }

    /// Deletes the row with this primary key if it has this version still.
    ///
    /// # Errors
    ///
    /// [`Error::Stale`] where it has another one, and where the model has no version; else as [`Records::delete`].
    fn delete_if<'a>(
        key: impl Into<Self::Key> + Send,
        version: impl Into<i64> + Send,
        executor: impl Executor<'a>,
    ) -> impl Future<Output = Result<()>> + Send {
        let rows = vec![RowKey { key: key.into().values(), expected: Some(vec![version.into()]) }];
        async move {
            let filter = Filter::everything();
            write(Self::META, Write::Delete { rows, filter }, executor).await.map(|_| ())
        }
    }

    /// Deletes many rows, all or none, in few statements.
    ///
    /// # Errors
    ///
    /// As [`Records::update_many`]; [`Error::Conflict`] while other rows refer to one of them.
    fn delete_many<'a, K: Into<Self::Key>>(
        keys: impl IntoIterator<Item = K, IntoIter: Send> + Send,
        executor: impl Executor<'a>,
    ) -> impl Future<Output = Result<()>> + Send {
        let row = |key: K| RowKey { key: key.into().values(), expected: None };
        let rows: Vec<RowKey> = keys.into_iter().map(row).collect();
        async move {
            if rows.is_empty() {
                return Ok(());
            }
            let filter = Filter::everything();
            write_items(Self::META, Write::Delete { rows, filter }, executor).await.map(|_| ())
        }
    }
}

impl<M: Model> Records for M {}

fn check<M: Model>(changes: &Changes) -> Result<()> {
    let errors = validate::rules_before_write(M::META, changes);
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

/// The mistakes of all rows, each in its item.
fn check_all<'c, M: Model>(rows: impl Iterator<Item = &'c Changes>) -> Result<()> {
    let errors = rows.enumerate().flat_map(|(place, changes)| {
        validate::rules_before_write(M::META, changes).into_iter().map(move |error| error.of_item(place))
    });
    let errors: Vec<_> = errors.collect();
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(validate::capped(errors))) }
}

fn all<M: Model>(chunks: &[Loaded]) -> Result<Vec<M>> {
    let mut records = Vec::new();
    for rows in chunks {
        records.extend(rows.build().map_err(decode_error(M::META))?);
    }
    Ok(records)
}

fn first<M: Model>(mut rows: Vec<Loaded>) -> Result<M> {
    one(&rows.pop().ok_or(Error::NotFound(M::META.name))?)
}

fn one<M: Model>(row: &Loaded) -> Result<M> {
    row.build().map_err(decode_error(M::META))?.pop().ok_or(Error::NotFound(M::META.name))
}
