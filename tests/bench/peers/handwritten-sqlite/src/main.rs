//! The ceiling a careful engineer reaches by hand on SQLite: poem, sqlx and serde_json with typed rows, two queries per
//! eager-loaded relation and COUNT(*) cached in the process for 300 s.
//!
//! Settings come from the environment: `DATABASE_URL`, `BIND` (default 127.0.0.1:8102).

use std::collections::HashMap;
use std::error::Error;
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use poem::http::StatusCode;
use poem::listener::TcpListener;
use poem::web::{Data, Json, Path, Query};
use poem::{EndpointExt, IntoResponse, Response, Route, Server, get, handler};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, FromRow, SqlitePool};

const COUNT_TTL: Duration = Duration::from_secs(300);

#[derive(Clone)]
struct State {
    db: SqlitePool,
    counts: Arc<Mutex<HashMap<String, (Instant, i64)>>>,
}

#[derive(Serialize, FromRow)]
struct Author {
    id: i64,
    name: String,
    email: String,
    status: String,
    created_at: DateTime<Utc>,
}

#[derive(Serialize, FromRow)]
struct Book {
    id: i64,
    author_id: i64,
    title: String,
    isbn: Option<String>,
    language: String,
    published_year: i32,
    rating: f64,
    created_at: DateTime<Utc>,
}

#[derive(Serialize)]
struct AuthorWithBooks {
    #[serde(flatten)]
    author: Author,
    books: Vec<Book>,
}

#[derive(Serialize)]
struct Meta {
    page: i64,
    per_page: i64,
    total: i64,
    pages: i64,
}

#[derive(Serialize)]
struct Page<T> {
    items: Vec<T>,
    meta: Meta,
}

#[derive(Deserialize)]
struct ListParams {
    #[serde(default = "one")]
    page: i64,
    #[serde(default = "twenty")]
    per_page: i64,
    language: Option<String>,
}

fn one() -> i64 {
    1
}

fn twenty() -> i64 {
    20
}

fn failed(error: impl Error + Send + Sync + 'static) -> poem::Error {
    poem::Error::new(error, StatusCode::INTERNAL_SERVER_ERROR)
}

const BOOK_COLUMNS: &str = "id, author_id, title, isbn, language, published_year, rating, created_at";
const AUTHOR_COLUMNS: &str = "id, name, email, status, created_at";

async fn cached_count(state: &State, table: &str, language: Option<&str>) -> poem::Result<i64> {
    let key = format!("{table}:{language:?}");
    let known = state.counts.lock().expect("no panic").get(&key).copied();
    if let Some((since, count)) = known
        && since.elapsed() < COUNT_TTL
    {
        return Ok(count);
    }
    let count: i64 = match language {
        Some(language) => {
            let sql = format!("SELECT count(*) FROM {table} WHERE language = ?");
            sqlx::query_scalar(AssertSqlSafe(sql)).bind(language).fetch_one(&state.db).await.map_err(failed)?
        }
        None => {
            let sql = format!("SELECT count(*) FROM {table}");
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&state.db).await.map_err(failed)?
        }
    };
    state.counts.lock().expect("no panic").insert(key, (Instant::now(), count));
    Ok(count)
}

fn meta(params: &ListParams, total: i64) -> Meta {
    let pages = (total + params.per_page - 1) / params.per_page;
    Meta { page: params.page, per_page: params.per_page, total, pages }
}

#[handler]
async fn list_books(state: Data<&State>, Query(params): Query<ListParams>) -> poem::Result<Response> {
    let offset = (params.page - 1) * params.per_page;
    let rows: Result<Vec<Book>, sqlx::Error> = match &params.language {
        Some(language) => {
            let sql = format!("SELECT {BOOK_COLUMNS} FROM books WHERE language = ? ORDER BY id LIMIT ? OFFSET ?");
            let query = sqlx::query_as(AssertSqlSafe(sql)).bind(language).bind(params.per_page).bind(offset);
            query.fetch_all(&state.db).await
        }
        None => {
            let sql = format!("SELECT {BOOK_COLUMNS} FROM books ORDER BY id LIMIT ? OFFSET ?");
            sqlx::query_as(AssertSqlSafe(sql)).bind(params.per_page).bind(offset).fetch_all(&state.db).await
        }
    };
    let items = rows.map_err(failed)?;
    let total = cached_count(&state, "books", params.language.as_deref()).await?;
    Ok(Json(Page { items, meta: meta(&params, total) }).into_response())
}

#[handler]
async fn list_authors_with_books(state: Data<&State>, Query(params): Query<ListParams>) -> poem::Result<Response> {
    let offset = (params.page - 1) * params.per_page;
    let sql = format!("SELECT {AUTHOR_COLUMNS} FROM authors ORDER BY id LIMIT ? OFFSET ?");
    let authors: Vec<Author> = sqlx::query_as(AssertSqlSafe(sql))
        .bind(params.per_page)
        .bind(offset)
        .fetch_all(&state.db)
        .await
        .map_err(failed)?;
    let places = vec!["?"; authors.len()].join(", ");
    let sql = format!("SELECT {BOOK_COLUMNS} FROM books WHERE author_id IN ({places}) ORDER BY id");
    let mut query = sqlx::query_as(AssertSqlSafe(sql));
    for author in &authors {
        query = query.bind(author.id);
    }
    let books: Vec<Book> = query.fetch_all(&state.db).await.map_err(failed)?;
    let mut by_author: HashMap<i64, Vec<Book>> = HashMap::with_capacity(authors.len());
    for book in books {
        by_author.entry(book.author_id).or_default().push(book);
    }
    let total = cached_count(&state, "authors", None).await?;
    let with_books = |author: Author| AuthorWithBooks { books: by_author.remove(&author.id).unwrap_or_default(), author };
    let items = authors.into_iter().map(with_books).collect();
    Ok(Json(Page { items, meta: meta(&params, total) }).into_response())
}

#[handler]
async fn get_book(state: Data<&State>, Path(id): Path<i64>) -> poem::Result<Response> {
    let sql = format!("SELECT {BOOK_COLUMNS} FROM books WHERE id = ?");
    let book: Option<Book> =
        sqlx::query_as(AssertSqlSafe(sql)).bind(id).fetch_optional(&state.db).await.map_err(failed)?;
    Ok(match book {
        Some(book) => Json(book).into_response(),
        None => StatusCode::NOT_FOUND.into(),
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = SqliteConnectOptions::from_str(&std::env::var("DATABASE_URL")?)?
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal);
    let db = SqlitePoolOptions::new().max_connections(20).connect_with(options).await?;
    let state = State { db, counts: Arc::default() };
    let bind = std::env::var("BIND").unwrap_or_else(|_| "127.0.0.1:8102".into());
    let app = Route::new()
        .at("/books", get(list_books))
        .at("/books/:id", get(get_book))
        .at("/authors-with-books", get(list_authors_with_books))
        .data(state);
    Server::new(TcpListener::bind(bind)).run(app).await?;
    Ok(())
}
