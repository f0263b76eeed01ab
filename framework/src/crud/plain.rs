//! Plain SQL, for what no query says.

use tracing::Instrument;

use super::bind::Bind;
use super::from_row::{FromRow, decode};
use crate::db::{Database, Executor, Meter, Session};
use crate::error::{Error, Result};
use crate::model::by_name::ByName;
use crate::model::row::NoRows;
use crate::model::{Model, RowSet};
use crate::sql::plain::Plain;
use crate::sql::{Statement, Verb};

/// How often a transaction is tried that deadlocked or could not be serialized.
const ATTEMPTS: usize = 3;

/// What metrics name as the model of a statement that is of none.
const LABEL: &str = "sql";

/// A statement in the words of the database, with `$1`, `$2` and so on where values go, on every database.
///
/// It is executed like every other: within the query budget, the deadline and the metrics, where its model is `sql`, and the
/// log of slow queries. On a [`Transaction`](crate::db::Transaction) it is part of that; on a [`Database`] one that changes
/// something is a transaction of its own, which goes on when the caller is dropped. Hooks do not run for it.
///
/// # Examples
///
/// ```
/// use couplet::prelude::*;
/// use couplet::testing::TestApp;
///
/// #[derive(Model, Resource)]
/// pub struct Book {
///     pub id: i64,
///     pub title: String,
///     pub rating: Option<f64>,
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> couplet::Result<()> {
/// # let app = TestApp::start(|app| app.resource::<Book>()).await?;
/// # let db = app.database();
/// let insert = sql("INSERT INTO books (title, rating) VALUES ($1, $2), ($3, $4)");
/// let inserted = insert.bind("Dune").bind(4.5).bind("Emma").bind(None::<f64>).execute(db).await?;
/// assert_eq!(inserted, 2);
///
/// let rows = sql("SELECT title, rating FROM books ORDER BY id").fetch::<(String, Option<f64>)>(db).await?;
/// assert_eq!(rows, [("Dune".to_owned(), Some(4.5)), ("Emma".to_owned(), None)]);
///
/// let count: i64 = sql("SELECT count(*) FROM books WHERE rating >= $1").bind(4.0).fetch_one(db).await?;
/// assert_eq!(count, 1);
///
/// // Rows of a model are found by the names of their columns.
/// let books = sql("SELECT rating, b.* FROM (SELECT id, title FROM books) AS b JOIN books USING (id) WHERE id = $1");
/// assert_eq!(books.bind(2).records::<Book>(db).await?[0].title, "Emma");
/// # app.stop().await
/// # }
/// ```
///
/// The text is a constant of the program, so that no value gets into it:
///
/// ```compile_fail
/// # use couplet::prelude::*;
/// # async fn find(title: &str, db: &Database) -> couplet::Result<Vec<i64>> {
/// sql(&format!("SELECT id FROM books WHERE title = '{title}'")).fetch(db).await
/// # }
/// ```
pub fn sql(text: &'static str) -> Sql {
    Sql { plain: Plain::new(text) }
}

/// As [`sql`], for a text that is made at run time. Whoever calls it vouches that nothing in it comes from a client: values
/// are bound, and names are chosen from those that the program knows.
///
/// # Examples
///
/// ```
/// use couplet::prelude::*;
///
/// async fn count(table: &'static str, db: &Database) -> couplet::Result<i64> {
///     couplet::sql_unchecked(format!("SELECT count(*) FROM {table}")).fetch_one(db).await
/// }
/// ```
pub fn sql_unchecked(text: impl Into<String>) -> Sql {
    Sql { plain: Plain::new(text.into()) }
}

/// A statement of the user's own, made by [`sql`].
#[derive(Debug, Clone)]
#[must_use = "a statement does nothing until it is executed"]
pub struct Sql {
    plain: Plain,
}

impl Sql {
    /// Gives the next placeholder its value: the first call that of `$1`.
    pub fn bind(mut self, value: impl Bind) -> Self {
        let (ty, value) = value.bound();
        self.plain.bind(ty, value);
        self
    }

    /// Reads all rows.
    ///
    /// # Errors
    ///
    /// [`Error::Decode`] for a value that is not of the type, with its column, else the database's.
    pub async fn fetch<'a, T: FromRow>(self, executor: impl Executor<'a>) -> Result<Vec<T>> {
        decode(&*self.rows(LABEL, executor).await?, usize::MAX)
    }

    /// Reads the first row.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none, else as [`Sql::fetch`].
    pub async fn fetch_one<'a, T: FromRow>(self, executor: impl Executor<'a>) -> Result<T> {
        self.fetch_optional(executor).await?.ok_or(Error::NotFound("row"))
    }

    /// Reads the first row, if there is one.
    ///
    /// # Errors
    ///
    /// As [`Sql::fetch`].
    pub async fn fetch_optional<'a, T: FromRow>(self, executor: impl Executor<'a>) -> Result<Option<T>> {
        Ok(decode(&*self.rows(LABEL, executor).await?, 1)?.pop())
    }

    /// Reads all rows as rows of a model, whose columns are found by their names in the database; further ones are passed
    /// over. Relations are not loaded. In metrics it is a statement of the model.
    ///
    /// # Errors
    ///
    /// [`Error::Decode`] with the columns that the statement does not answer with, which is seen with its first row; else as
    /// [`Sql::fetch`].
    pub async fn records<'a, M: Model>(self, executor: impl Executor<'a>) -> Result<Vec<M>> {
        let rows = self.rows(M::META.name, executor).await?;
        if rows.len() == 0 {
            return Ok(Vec::new());
        }
        let error = super::decode_error(M::META);
        let by_name = ByName::new(M::META, &rows.columns()).map_err(&error)?;
        (0..rows.len()).map(|index| by_name.read(rows.row(index), M::decode).map_err(&error)).collect()
    }

    /// Executes the statement and answers how many rows it changed; of one that changes no rows, such as DDL, the number
    /// means nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] for a key that is taken or missing, else the database's.
    pub async fn execute<'a>(self, executor: impl Executor<'a>) -> Result<u64> {
        match self.run(LABEL, executor, Asks::Count).await? {
            Outcome::Changed(rows) => Ok(rows),
            Outcome::Rows(rows) => Ok(rows.len().try_into().unwrap_or(u64::MAX)),
        }
    }

    async fn rows<'a>(self, label: &'static str, executor: impl Executor<'a>) -> Result<Box<dyn RowSet>> {
        self.run(label, executor, Asks::Rows).await.map(|outcome| match outcome {
            Outcome::Rows(rows) => rows,
            Outcome::Changed(_) => Box::new(NoRows),
        })
    }

    async fn run<'a>(self, label: &'static str, executor: impl Executor<'a>, asks: Asks) -> Result<Outcome> {
        let Some(database) = executor.database() else {
            let mut session = executor.session();
            let statement = self.plain.statement(label, session.dialect())?;
            return asks.of(&mut session, &statement).await;
        };
        let statement = self.plain.statement(label, database.dialect())?;
        if statement.verb == Verb::Select {
            return asks.of(&mut executor.session(), &statement).await;
        }
        let work = unit_of_work(database.clone(), statement, asks).in_current_span();
        let task = match Meter::current() {
            Some(meter) => database.carry_through(Meter::scope(meter, work)),
            None => database.carry_through(work),
        };
        task.await.map_err(Error::other)?
    }
}

/// What is wanted of a statement.
#[derive(Debug, Clone, Copy)]
enum Asks {
    Rows,
    Count,
}

enum Outcome {
    Rows(Box<dyn RowSet>),
    Changed(u64),
}

impl Asks {
    async fn of(self, session: &mut Session<'_>, statement: &Statement) -> Result<Outcome> {
        match self {
            Self::Rows => session.fetch(statement).await.map(Outcome::Rows),
            Self::Count => session.execute(statement).await.map(Outcome::Changed),
        }
    }
}

async fn unit_of_work(database: Database, statement: Statement, asks: Asks) -> Result<Outcome> {
    let mut attempt = 1;
    loop {
        match transaction(&database, &statement, asks).await {
            Err(error) if error.is_transient() && attempt < ATTEMPTS => {
                attempt += 1;
                Meter::allow(1);
            }
            result => return result,
        }
    }
}

async fn transaction(database: &Database, statement: &Statement, asks: Asks) -> Result<Outcome> {
    let mut transaction = database.begin().await?;
    let outcome = asks.of(&mut transaction.session(), statement).await?;
    transaction.commit().await?;
    Ok(outcome)
}
