//! The made-up catalogue on its way into an empty database.

use couplet::prelude::*;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Catalogue;
use crate::models::{
    Author, AuthorStatus, Book, BookAuthor, BookTag, NewAuthor, NewBook, NewBookAuthor, NewBookTag, NewReader,
    NewReview, NewSeries, NewTag, Reader, Review, Series, Tag,
};

/// Rows between two steps of the progress bar.
const CHUNK: usize = 1_000;

/// Fills an empty database with the whole catalogue or, if anything goes wrong, with nothing.
pub(crate) async fn fill(database: Database) -> Result<()> {
    let catalogue = Catalogue::default();
    let progress = progress(catalogue.rows())?;
    let mut filling = Filling { transaction: database.begin().await?, progress };
    filling.fill(catalogue).await?;
    filling.progress.finish_and_clear();
    filling.transaction.commit().await
}

/// On stdout, as the log; shows nothing where that is no terminal.
fn progress(rows: usize) -> Result<ProgressBar> {
    let style =
        ProgressStyle::with_template("  filling the catalogue {wide_bar} {percent:>3} %").map_err(Error::other)?;
    let rows = u64::try_from(rows).map_err(Error::other)?;
    Ok(ProgressBar::with_draw_target(Some(rows), ProgressDrawTarget::stdout()).with_style(style))
}

struct Filling {
    transaction: Transaction,
    progress: ProgressBar,
}

impl Filling {
    async fn fill(&mut self, catalogue: Catalogue) -> Result<()> {
        let series = self.series(catalogue).await?;
        let authors = self.insert(catalogue.authors().map(new_author).collect(), |author: &Author| author.id).await?;
        let tags = catalogue.tags().map(|tag| NewTag::new(tag.name)).collect();
        let tags = self.insert(tags, |tag: &Tag| tag.id).await?;
        let books = catalogue.books().map(|book| new_book(book, &series)).collect();
        let books = self.insert(books, |book: &Book| book.id).await?;
        self.links(catalogue, &books, &authors, &tags).await?;
        self.reviews(catalogue, &books).await
    }

    /// Those that others are part of come first.
    async fn series(&mut self, catalogue: Catalogue) -> Result<Keys> {
        let worlds = usize::try_from(catalogue.worlds()).map_err(Error::other)?;
        let new = catalogue.series().take(worlds).map(|series| NewSeries::new(series.name)).collect();
        let mut keys = self.insert(new, |series: &Series| series.id).await?;
        let part = |series: super::Series| NewSeries {
            parent_id: series.parent_id.map(|id| keys.of(id)),
            ..NewSeries::new(series.name)
        };
        let parts = catalogue.series().skip(worlds).map(part).collect();
        keys.0.extend(self.insert(parts, |series: &Series| series.id).await?.0);
        Ok(keys)
    }

    async fn links(&mut self, catalogue: Catalogue, books: &Keys, authors: &Keys, tags: &Keys) -> Result<()> {
        let (mut book_authors, mut book_tags) = (Vec::new(), Vec::new());
        for book in catalogue.books() {
            let id = books.of(book.id);
            book_authors.extend(book.author_ids.iter().map(|author| NewBookAuthor::new(id, authors.of(*author))));
            book_tags.extend(book.tag_ids.iter().map(|tag| NewBookTag::new(id, tags.of(*tag))));
        }
        self.insert(book_authors, |link: &BookAuthor| link.book_id).await?;
        self.insert(book_tags, |link: &BookTag| link.book_id).await.map(drop)
    }

    async fn reviews(&mut self, catalogue: Catalogue, books: &Keys) -> Result<()> {
        let reader = |reader: super::Reader| NewReader {
            created_at: Some(reader.created_at),
            ..NewReader::new(reader.name, reader.email)
        };
        let readers = self.insert(catalogue.readers().map(reader).collect(), |reader: &Reader| reader.id).await?;
        let review = |review: super::Review| NewReview {
            body: review.body,
            created_at: Some(review.created_at),
            ..NewReview::new(books.of(review.book_id), readers.of(review.reader_id), review.rating)
        };
        self.insert(catalogue.reviews().map(review).collect(), |review: &Review| review.id).await.map(drop)
    }

    /// Inserts rows of one kind; answers what `key` says of each.
    async fn insert<M: Model>(&mut self, new: Vec<M::New>, key: fn(&M) -> i64) -> Result<Keys> {
        let (mut new, mut keys) = (new.into_iter(), Vec::new());
        while new.len() > 0 {
            let chunk: Vec<M::New> = new.by_ref().take(CHUNK).collect();
            let created = M::create_many(chunk, &mut self.transaction).await?;
            self.progress.inc(u64::try_from(created.len()).map_err(Error::other)?);
            keys.extend(created.iter().map(key));
        }
        keys.sort_unstable();
        Ok(Keys(keys))
    }
}

fn new_author(author: super::Author) -> NewAuthor {
    NewAuthor {
        email: author.email,
        status: Some(if author.active { AuthorStatus::Active } else { AuthorStatus::Inactive }),
        created_at: Some(author.created_at),
        ..NewAuthor::new(author.name)
    }
}

fn new_book(book: super::Book, series: &Keys) -> NewBook {
    NewBook {
        original_title: book.original_title,
        isbn: book.isbn,
        isbn13: book.isbn13,
        language: book.language.map(str::to_owned),
        published_year: book.published_year,
        average_rating: Some(book.average_rating),
        ratings_count: Some(book.ratings_count),
        image_url: book.image_url,
        series_id: book.series_id.map(|id| series.of(id)),
        created_at: Some(book.created_at),
        ..NewBook::new(book.title)
    }
}

/// The keys that the database has given to the rows of one kind. On PostgreSQL they do not begin with 1 where an earlier
/// start was interrupted.
struct Keys(Vec<i64>);

impl Keys {
    /// The key of the row that the catalogue calls `id`.
    fn of(&self, id: i64) -> i64 {
        usize::try_from(id - 1).ok().and_then(|index| self.0.get(index)).copied().unwrap_or_default()
    }
}
