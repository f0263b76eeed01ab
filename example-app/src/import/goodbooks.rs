//! The book table of goodbooks-10k, a public data set of much rated books, as it is: several authors in one field, ISBNs
//! that were taken for numbers, missing and negative years.

use std::collections::HashSet;
use std::io::Read;
use std::str::FromStr;

use csv::StringRecord;

use super::isbn;

/// A book of the data set.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Book {
    /// The data set's own number, which never changes: what a second import finds the book by.
    pub(crate) book_id: i64,
    pub(crate) title: String,
    pub(crate) original_title: Option<String>,
    /// ISBN-10, with leading zeros.
    pub(crate) isbn: Option<String>,
    /// Computed from `isbn`: the file's own has lost its last digits.
    pub(crate) isbn13: Option<String>,
    pub(crate) language: Option<String>,
    /// Negative before the year 1.
    pub(crate) published_year: Option<i32>,
    pub(crate) average_rating: f64,
    pub(crate) ratings_count: i32,
    pub(crate) image_url: Option<String>,
    /// In the order of the file, each once.
    pub(crate) authors: Vec<String>,
}

/// One row that could be read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) line: u64,
    pub(crate) book: Book,
    /// What is odd about the row and does not keep it out.
    pub(crate) remarks: Vec<String>,
}

/// One row that could not be read, with all its mistakes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Malformed {
    pub(crate) line: u64,
    pub(crate) mistakes: Vec<String>,
}

/// Reads every row; a malformed one does not end the reading.
///
/// # Errors
///
/// The header lacks a column, or cannot be read.
pub(crate) fn read(file: impl Read) -> Result<impl Iterator<Item = Result<Entry, Malformed>>, String> {
    let mut reader = csv::Reader::from_reader(file);
    let header = reader.headers().map_err(|error| format!("line 1: {error}"))?;
    let columns = Columns::find(header)?;
    let width = header.len();
    Ok(reader.into_records().map(move |record| match record {
        Ok(record) => Row::new(&columns, &record).read(),
        Err(error) => Err(unreadable(&error, width)),
    }))
}

fn unreadable(error: &csv::Error, width: usize) -> Malformed {
    let mistake = match error.kind() {
        csv::ErrorKind::UnequalLengths { len, .. } => format!("expected {width} fields, got {len}"),
        csv::ErrorKind::Utf8 { .. } => "expected UTF-8".to_owned(),
        _ => error.to_string(),
    };
    Malformed { line: error.position().map_or(0, csv::Position::line), mistakes: vec![mistake] }
}

/// Where the header has the columns that are read.
struct Columns([(&'static str, usize); 10]);

impl Columns {
    fn find(header: &StringRecord) -> Result<Self, String> {
        let mut columns = [
            "book_id",
            "isbn",
            "authors",
            "original_publication_year",
            "original_title",
            "title",
            "language_code",
            "average_rating",
            "ratings_count",
            "image_url",
        ]
        .map(|name| (name, usize::MAX));
        for (name, place) in &mut columns {
            *place = header.iter().position(|title| title.trim() == *name).unwrap_or(usize::MAX);
        }
        let missing: Vec<&str> = columns.iter().filter(|(_, at)| *at == usize::MAX).map(|(name, _)| *name).collect();
        if missing.is_empty() { Ok(Self(columns)) } else { Err(format!("line 1: no column {}", missing.join(", "))) }
    }

    fn place(&self, name: &str) -> usize {
        self.0.iter().find(|(column, _)| *column == name).map_or(usize::MAX, |(_, place)| *place)
    }
}

/// A row on its way to a book: mistakes are gathered, so that all are told at once.
struct Row<'a> {
    columns: &'a Columns,
    record: &'a StringRecord,
    mistakes: Vec<String>,
    remarks: Vec<String>,
}

impl<'a> Row<'a> {
    fn new(columns: &'a Columns, record: &'a StringRecord) -> Self {
        Self { columns, record, mistakes: Vec::new(), remarks: Vec::new() }
    }

    fn read(mut self) -> Result<Entry, Malformed> {
        let line = self.record.position().map_or(0, csv::Position::line);
        if self.record.iter().any(|field| field.contains('\0')) {
            self.mistakes.push("a NUL byte".to_owned());
        }
        let isbn = self.isbn();
        let book = Book {
            book_id: self.number("book_id").unwrap_or_default(),
            title: self.required("title"),
            original_title: self.text("original_title"),
            isbn13: isbn.as_deref().map(isbn::isbn13),
            isbn,
            language: self.text("language_code"),
            published_year: self.year(),
            average_rating: self.rating(),
            ratings_count: self.number("ratings_count").unwrap_or_default(),
            image_url: self.text("image_url"),
            authors: self.authors(),
        };
        if self.mistakes.is_empty() {
            Ok(Entry { line, book, remarks: self.remarks })
        } else {
            Err(Malformed { line, mistakes: self.mistakes })
        }
    }

    fn field(&self, name: &str) -> &'a str {
        self.record.get(self.columns.place(name)).unwrap_or_default().trim()
    }

    fn text(&self, name: &str) -> Option<String> {
        Some(self.field(name)).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    fn required(&mut self, name: &str) -> String {
        self.text(name).unwrap_or_else(|| {
            self.mistakes.push(format!("{name}: expected a text, got none"));
            String::new()
        })
    }

    fn number<N: FromStr>(&mut self, name: &str) -> Option<N> {
        let written = self.field(name);
        let number = written.parse().ok();
        if number.is_none() {
            self.mistakes.push(format!("{name}: expected a whole number, got {written:?}"));
        }
        number
    }

    fn rating(&mut self) -> f64 {
        let written = self.field("average_rating");
        let rating = written.parse().ok().filter(|rating| (0.0..=5.0).contains(rating));
        rating.unwrap_or_else(|| {
            self.mistakes.push(format!("average_rating: expected 0 to 5, got {written:?}"));
            0.0
        })
    }

    /// A year is written as `2008.0`.
    fn year(&mut self) -> Option<i32> {
        let written = self.text("original_publication_year")?;
        let year = written.strip_suffix(".0").unwrap_or(&written).parse().ok();
        if year.is_none() {
            self.mistakes.push(format!("original_publication_year: expected a year, got {written:?}"));
        }
        year
    }

    /// A number that was printed with a wrong check digit is kept as it is: shops and libraries know the book by it.
    fn isbn(&mut self) -> Option<String> {
        let written = self.text("isbn")?;
        let Some(isbn) = isbn::padded(&written) else {
            self.mistakes.push(format!("isbn: expected up to ten digits, got {written:?}"));
            return None;
        };
        let right = isbn::isbn10(isbn.get(..9).unwrap_or_default());
        if isbn != right {
            self.remarks.push(format!("the check digit of ISBN {isbn} does not hold; {right} would"));
        }
        Some(isbn)
    }

    fn authors(&mut self) -> Vec<String> {
        let mut seen = HashSet::new();
        let names = self.field("authors").split(',').map(|name| name.split_whitespace().collect::<Vec<_>>().join(" "));
        let authors: Vec<String> = names.filter(|name| !name.is_empty() && seen.insert(name.clone())).collect();
        if authors.is_empty() {
            self.mistakes.push("authors: expected a name, got none".to_owned());
        }
        authors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "book_id,isbn,isbn13,authors,original_publication_year,original_title,title,language_code,\
                          average_rating,ratings_count,image_url";

    fn rows(rows: &str) -> Vec<Result<Entry, Malformed>> {
        read(format!("{HEADER}\n{rows}\n").as_bytes()).unwrap().collect()
    }

    fn book(row: &str) -> Book {
        let mut read = rows(row);
        assert_eq!(read.len(), 1);
        read.remove(0).unwrap().book
    }

    #[test]
    fn a_complete_row_becomes_a_book() {
        let row = r#"7,306406152,9.7803064e+12,"Ada Byron, Zoë  Ng",1911.0," Der ""Turm"" ","The Tower, Part 1 ",eng,4.5,12,http://x/7.jpg"#;
        let expected = Book {
            book_id: 7,
            title: "The Tower, Part 1".to_owned(),
            original_title: Some(r#"Der "Turm""#.to_owned()),
            isbn: Some("0306406152".to_owned()),
            isbn13: Some("9780306406157".to_owned()),
            language: Some("eng".to_owned()),
            published_year: Some(1911),
            average_rating: 4.5,
            ratings_count: 12,
            image_url: Some("http://x/7.jpg".to_owned()),
            authors: vec!["Ada Byron".to_owned(), "Zoë Ng".to_owned()],
        };
        assert_eq!(book(row), expected);
    }

    #[test]
    fn what_is_missing_is_none() {
        let book = book("7,,9.78e+12,Homer,, ,The Odyssey,,3.73,670326,");
        assert_eq!((book.isbn, book.isbn13, book.language), (None, None, None));
        assert_eq!((book.published_year, book.original_title, book.image_url), (None, None, None));
    }

    #[test]
    fn years_before_the_first_are_negative() {
        assert_eq!(book("7,,,Homer,-720.0,,The Odyssey,eng,3.73,670326,").published_year, Some(-720));
        assert_eq!(book("7,,,Homer,8,,The Odyssey,eng,3.73,670326,").published_year, Some(8));
    }

    #[test]
    fn a_repeated_author_counts_once() {
        let book = book(r#"7,,,"Ann Lee, Bo Li, Ann  Lee,",2001.0,,Twins,eng,3,1,"#);
        assert_eq!(book.authors, ["Ann Lee", "Bo Li"]);
    }

    #[test]
    fn a_wrong_check_digit_is_remarked_and_does_not_keep_the_book_out() {
        let entry = rows("7,306406153,,Ann Lee,2001.0,,Twins,eng,3,1,").remove(0).unwrap();
        assert_eq!(entry.book.isbn.as_deref(), Some("0306406153"));
        assert_eq!(entry.book.isbn13.as_deref(), Some("9780306406157"));
        assert_eq!(entry.remarks, ["the check digit of ISBN 0306406153 does not hold; 0306406152 would"]);
    }

    #[test]
    fn a_malformed_row_is_told_with_its_line_and_the_rest_is_read() {
        let read = rows(concat!(
            "1,,,Ann Lee,2001.0,,\"Two\nlines\",eng,3,1,\n",
            "two,12-34,,,soon,,,eng,9,many,\n",
            "3,,,Ann Lee\n",
            "4,,,Ann Lee,2001.0,,Four,eng,3,1,",
        ));
        assert_eq!(read[0].as_ref().unwrap().line, 2);
        let expected = [
            "isbn: expected up to ten digits, got \"12-34\"",
            "book_id: expected a whole number, got \"two\"",
            "title: expected a text, got none",
            "original_publication_year: expected a year, got \"soon\"",
            "average_rating: expected 0 to 5, got \"9\"",
            "ratings_count: expected a whole number, got \"many\"",
            "authors: expected a name, got none",
        ];
        assert_eq!(*read[1].as_ref().unwrap_err(), Malformed { line: 4, mistakes: expected.map(str::to_owned).into() });
        assert_eq!(read[2].as_ref().unwrap_err().line, 5);
        assert_eq!(read[2].as_ref().unwrap_err().mistakes, ["expected 11 fields, got 4"]);
        assert_eq!(read[3].as_ref().unwrap().book.title, "Four");
        assert_eq!(read.len(), 4);
    }

    #[test]
    fn bytes_that_no_database_takes_are_malformed() {
        let mut file = format!("{HEADER}\n1,,,Ann,,,A\0B,eng,3,1,\n2,,,Ann,,,").into_bytes();
        file.extend(b"\xff,eng,3,1,\n3,,,Ann,,,C,eng,3,1,\n");
        let read: Vec<_> = read(file.as_slice()).unwrap().collect();
        assert_eq!(read[0].as_ref().unwrap_err(), &Malformed { line: 2, mistakes: vec!["a NUL byte".to_owned()] });
        assert_eq!(read[1].as_ref().unwrap_err(), &Malformed { line: 3, mistakes: vec!["expected UTF-8".to_owned()] });
        assert_eq!(read[2].as_ref().unwrap().book.book_id, 3);
    }

    #[test]
    fn a_header_without_a_column_is_refused_and_their_order_is_free() {
        let error = read("book_id,title\n1,A\n".as_bytes()).err().unwrap();
        assert!(error.starts_with("line 1: no column isbn, authors, "), "{error}");

        let file = "\u{feff}title,ratings_count,average_rating,authors,isbn,book_id,original_publication_year,\
                    original_title,language_code,image_url,more\nA,1,2.5,Ann,,9,,,,,x\n";
        assert_eq!(read(file.as_bytes()).unwrap().next().unwrap().unwrap().book.book_id, 9);
    }
}
