//! Books of the data set on their way into the database.

use std::collections::{HashMap, HashSet};
use std::fmt;

use couplet::crud::validate;
use couplet::error::{InputError, Location};
use couplet::model::NewRecord;
use couplet::prelude::*;

use super::goodbooks::{self, Entry, Malformed};
use crate::models::{Author, Book, BookAuthor, NewAuthor, NewBook, NewBookAuthor};

/// Values that one statement looks for.
const CHUNK: usize = 1_000;

/// The rows of a file, sorted out before the database is asked for anything.
#[derive(Default)]
pub(super) struct Load {
    entries: Vec<Entry>,
    /// The line of each book.
    lines: HashMap<i64, u64>,
    malformed: Vec<Malformed>,
}

impl Load {
    /// Takes a row of the file. One that breaks a rule of the models, or repeats a book, is malformed too.
    pub(super) fn add(&mut self, row: Result<Entry, Malformed>) {
        match row {
            Ok(entry) => {
                let mistakes = self.mistakes(&entry);
                if mistakes.is_empty() {
                    self.lines.insert(entry.book.book_id, entry.line);
                    self.entries.push(entry);
                } else {
                    self.malformed.push(Malformed { line: entry.line, mistakes });
                }
            }
            Err(malformed) => self.malformed.push(malformed),
        }
    }

    fn mistakes(&self, Entry { book, .. }: &Entry) -> Vec<String> {
        let mut mistakes = broken_rules::<Book>("", new_book(book));
        for name in &book.authors {
            mistakes.extend(broken_rules::<Author>("author's ", NewAuthor::new(name.clone())));
        }
        let earlier = self.lines.get(&book.book_id);
        mistakes.extend(earlier.map(|line| format!("book_id: {} stands in line {line} already", book.book_id)));
        mistakes
    }

    /// Imports the books that are not there yet: all of them or, if anything goes wrong, none.
    pub(super) async fn run(self, database: &Database) -> Result<Report> {
        let mut transaction = database.begin().await?;
        let there = books_there(&self.lines, &mut transaction).await?;
        let (old, new): (Vec<Entry>, Vec<Entry>) =
            self.entries.into_iter().partition(|entry| there.contains(&entry.book.book_id));
        let mut report =
            Report { malformed: self.malformed, there: old.len(), imported: new.len(), ..Report::default() };

        let (authors, new_authors) = authors(&new, &mut transaction).await?;
        (report.authors, report.new_authors) = (authors.len(), new_authors);
        let books = Book::create_many(new.iter().map(|entry| new_book(&entry.book)), &mut transaction).await?;
        let books: HashMap<i64, i64> = books.iter().filter_map(|book| Some((book.goodbooks_id?, book.id))).collect();
        let links = new.iter().flat_map(|Entry { book, .. }| {
            let link = |name| Some(NewBookAuthor::new(*books.get(&book.book_id)?, *authors.get(name)?));
            book.authors.iter().filter_map(link)
        });
        BookAuthor::create_many(links.collect::<Vec<_>>(), &mut transaction).await?;
        transaction.commit().await?;

        let remarks = |entry: Entry| entry.remarks.into_iter().map(move |remark| (entry.line, remark));
        report.remarks = new.into_iter().flat_map(remarks).collect();
        Ok(report)
    }
}

/// The books of the file that the database has.
async fn books_there(lines: &HashMap<i64, u64>, transaction: &mut Transaction) -> Result<HashSet<i64>> {
    let ids: Vec<i64> = lines.keys().copied().collect();
    let mut there = HashSet::new();
    for ids in ids.chunks(CHUNK) {
        let query = Book::query().filter(Book::GOODBOOKS_ID.is_in(ids.iter().copied()));
        let found = query.page(1, u32::MAX).skip_count().fetch(&mut *transaction).await?.items;
        there.extend(found.into_iter().filter_map(|book| book.goodbooks_id));
    }
    Ok(there)
}

/// The key of each author by name, and how many of them had to be created. Of authors that share a name it is the first.
async fn authors(entries: &[Entry], transaction: &mut Transaction) -> Result<(HashMap<String, i64>, usize)> {
    let mut seen = HashSet::new();
    let names = entries.iter().flat_map(|entry| &entry.book.authors);
    let names: Vec<&String> = names.filter(|name| seen.insert(*name)).collect();
    let mut keys = HashMap::new();
    for names in names.chunks(CHUNK) {
        let query = Author::query().filter(Author::NAME.is_in(names.iter().copied())).sort(Author::ID.desc());
        let found = query.page(1, u32::MAX).skip_count().fetch(&mut *transaction).await?.items;
        keys.extend(found.into_iter().map(|author| (author.name, author.id)));
    }
    let missing = names.into_iter().filter(|name| !keys.contains_key(*name));
    let missing: Vec<NewAuthor> = missing.map(|name| NewAuthor::new(name.clone())).collect();
    let created = Author::create_many(missing, transaction).await?;
    let new = created.len();
    keys.extend(created.into_iter().map(|author| (author.name, author.id)));
    Ok((keys, new))
}

fn new_book(book: &goodbooks::Book) -> NewBook {
    NewBook {
        goodbooks_id: Some(book.book_id),
        original_title: book.original_title.clone(),
        isbn: book.isbn.clone(),
        isbn13: book.isbn13.clone(),
        language: book.language.clone(),
        published_year: book.published_year,
        average_rating: Some(book.average_rating),
        ratings_count: Some(book.ratings_count),
        image_url: book.image_url.clone(),
        ..NewBook::new(book.title.clone())
    }
}

/// The rules of the model that a row would break, as in `author's name: expected 1 to 200 characters`.
fn broken_rules<M: Model>(whose: &str, new: M::New) -> Vec<String> {
    let errors = validate::rules(M::META, &new.into_changes());
    let tell = |error: InputError| match error.at {
        Location::Pointer(field) => format!("{whose}{}: {}", field.trim_start_matches('/'), error.detail),
        _ => error.detail,
    };
    errors.into_iter().map(tell).collect()
}

/// What became of the rows of a file.
#[derive(Default)]
pub(super) struct Report {
    malformed: Vec<Malformed>,
    /// Line and remark of rows that were imported.
    remarks: Vec<(u64, String)>,
    imported: usize,
    there: usize,
    authors: usize,
    new_authors: usize,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (line, remark) in &self.remarks {
            writeln!(f, "line {line}: {remark}")?;
        }
        for Malformed { line, mistakes } in &self.malformed {
            writeln!(f, "line {line} is not imported: {}", mistakes.join("; "))?;
        }
        let Self { imported, there, authors, new_authors, malformed, remarks } = self;
        writeln!(
            f,
            "books: {imported} imported, {there} already there, {} malformed, {} with remarks",
            malformed.len(),
            remarks.len()
        )?;
        if *imported == 0 {
            return writeln!(f, "nothing was changed");
        }
        writeln!(f, "authors: {new_authors} created, {} already there", authors - new_authors)
    }
}
