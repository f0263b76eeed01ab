//! A made-up catalogue for an empty database: the same rows on every machine.
//!
//! Each row is computed from its id alone. Keys run from 1 without gaps, and a row refers only to rows that come before
//! it in the order series, authors, tags, readers, books, reviews.

mod fill;
mod random;
mod words;

pub(crate) use fill::fill;

use std::collections::HashSet;

use couplet::prelude::{DateTime, Utc};
use random::Random;

use crate::import::isbn;

/// How many rows of each kind there are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Catalogue {
    pub(crate) series: i64,
    pub(crate) authors: i64,
    pub(crate) readers: i64,
    pub(crate) books: i64,
    pub(crate) reviews: i64,
}

impl Default for Catalogue {
    fn default() -> Self {
        Self { series: 600, authors: 1_000, readers: 2_000, books: 10_000, reviews: 50_000 }
    }
}

/// Some series lie in the world of another.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) parent_id: Option<i64>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Author {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    pub(crate) active: bool,
    pub(crate) created_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tag {
    pub(crate) id: i64,
    pub(crate) name: &'static str,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reader {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) created_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Book {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(crate) original_title: Option<String>,
    pub(crate) isbn: Option<String>,
    pub(crate) isbn13: Option<String>,
    pub(crate) language: Option<&'static str>,
    pub(crate) published_year: Option<i32>,
    pub(crate) average_rating: f64,
    pub(crate) ratings_count: i32,
    pub(crate) image_url: Option<String>,
    pub(crate) series_id: Option<i64>,
    pub(crate) created_at: DateTime<Utc>,
    /// One to three, each once.
    pub(crate) author_ids: Vec<i64>,
    /// One to four, each once.
    pub(crate) tag_ids: Vec<i64>,
}

/// A reader reviews a book at most once.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Review {
    pub(crate) id: i64,
    pub(crate) book_id: i64,
    pub(crate) reader_id: i64,
    pub(crate) rating: i32,
    pub(crate) body: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
}

impl Catalogue {
    /// The series that others may be part of: the first ones.
    fn worlds(self) -> i64 {
        self.series / 10
    }

    /// How many rows there are of all kinds, those that tie books to authors and tags included.
    fn rows(self) -> usize {
        let links = self.books().map(|book| book.author_ids.len() + book.tag_ids.len()).sum::<usize>();
        let rows = self.series + self.authors + self.readers + self.books + self.reviews;
        words::TAGS.len() + links + usize::try_from(rows).unwrap_or_default()
    }

    pub(crate) fn series(self) -> impl Iterator<Item = Series> {
        let worlds = self.worlds();
        (1..=self.series).map(move |id| {
            let mut random = Random::of("series", id);
            let (adjective, noun) = (random.pick(words::ADJECTIVES), random.pick(words::NOUNS));
            let name = format!("The {adjective} {noun} {}", random.pick(words::SERIES_KINDS));
            let parent = (id > worlds && worlds > 0 && random.percent(30)).then(|| random.below(worlds) + 1);
            Series { id, name, parent_id: parent }
        })
    }

    pub(crate) fn authors(self) -> impl Iterator<Item = Author> {
        (1..=self.authors).map(|id| {
            let mut random = Random::of("author", id);
            let name = name(id, 1_103);
            let email = random.percent(70).then(|| email(&name, id, "writers.example"));
            Author { id, email, active: random.percent(90), created_at: moment(&mut random), name }
        })
    }

    pub(crate) fn tags(self) -> impl Iterator<Item = Tag> {
        (1..).zip(words::TAGS).map(|(id, name)| Tag { id, name })
    }

    pub(crate) fn readers(self) -> impl Iterator<Item = Reader> {
        (1..=self.readers).map(|id| {
            let name = name(id, 2_237);
            let created_at = moment(&mut Random::of("reader", id));
            Reader { id, email: email(&name, id, "readers.example"), created_at, name }
        })
    }

    pub(crate) fn books(self) -> impl Iterator<Item = Book> {
        (1..=self.books).map(move |id| self.book(id))
    }

    fn book(self, id: i64) -> Book {
        let mut random = Random::of("book", id);
        let series_id = (self.series > 0 && random.percent(35)).then(|| random.below(self.series) + 1);
        // A series is written by one author, now and then with others.
        let leading = match series_id {
            Some(series) => Random::of("author of series", series).below(self.authors),
            None => random.below(self.authors),
        };
        let co_authors = [0, 0, 0, 0, 0, 0, 0, 1, 1, 2];
        let author_ids = random.ids(leading + 1, 1 + random.clone().pick(&co_authors), self.authors);
        let tags = i64::try_from(words::TAGS.len()).unwrap_or_default();
        let (first_tag, more_tags) = (random.skewed_below(tags) + 1, random.below(4));

        let isbn = random.percent(93).then(|| isbn::isbn10(&format!("{:09}", id * 48_611 % 1_000_000_000)));
        let language = random.percent(89).then(|| random.pick(words::LANGUAGES));
        let translated = random.percent(15);
        Book {
            id,
            title: title(&mut random),
            original_title: translated
                .then(|| format!("{} {}", random.pick(words::ORIGINAL_HEADS), random.pick(words::ORIGINAL_TAILS))),
            isbn13: isbn.as_deref().map(isbn::isbn13),
            image_url: isbn.as_deref().map(|isbn| format!("https://covers.example/{isbn}.jpg")),
            isbn,
            language,
            published_year: year(&mut random),
            average_rating: f64::from(quality(id)) / 100.0,
            ratings_count: Self::ratings(id, &mut random),
            series_id,
            created_at: moment(&mut random),
            author_ids,
            tag_ids: random.ids(first_tag, 1 + more_tags, tags),
        }
    }

    /// Few books have most of the ratings: those with small ids.
    fn ratings(id: i64, random: &mut Random) -> i32 {
        let count = 4_500_000 / (id + 20) * (50 + random.below(100)) / 100;
        i32::try_from(count).unwrap_or(i32::MAX).max(100)
    }

    pub(crate) fn reviews(self) -> impl Iterator<Item = Review> {
        let pairs = self.readers * self.books;
        let mut reviewed = HashSet::new();
        (1..=self.reviews.min(pairs)).map(move |id| {
            let mut random = Random::of("review", id);
            let mut pair = random.below(self.readers) * self.books + random.skewed_below(self.books);
            while !reviewed.insert(pair) {
                pair = (pair + 1) % pairs;
            }
            let (reader_id, book_id) = (pair / self.books + 1, pair % self.books + 1);
            let rating = stars(book_id, &mut random);
            let body = random.percent(80).then(|| opinion(rating, &mut random));
            Review { id, book_id, reader_id, rating, body, created_at: moment(&mut random) }
        })
    }
}

/// The name of the `id`th person of a kind: no two of the first 4,096 share one, because an odd `stride` reaches every
/// pair of names before it comes back to the first.
fn name(id: i64, stride: i64) -> String {
    let pairs = words::GIVEN.len() * words::FAMILY.len();
    let pair = usize::try_from(id * stride).unwrap_or_default() % pairs;
    format!("{} {}", words::GIVEN[pair % words::GIVEN.len()], words::FAMILY[pair / words::GIVEN.len()])
}

fn email(name: &str, id: i64, domain: &str) -> String {
    let local: String = name.to_lowercase().chars().filter_map(plain).collect();
    format!("{local}.{id}@{domain}")
}

/// The letter that an address has in place of `c`.
fn plain(c: char) -> Option<char> {
    match c {
        'a'..='z' => Some(c),
        ' ' => Some('.'),
        'é' => Some('e'),
        'í' => Some('i'),
        'ö' | 'ø' => Some('o'),
        _ => None,
    }
}

fn title(random: &mut Random) -> String {
    let (adjective, noun, other) =
        (random.pick(words::ADJECTIVES), random.pick(words::NOUNS), random.pick(words::NOUNS));
    let place = random.pick(words::PLACES);
    match random.below(7) {
        0 => format!("The {adjective} {noun}"),
        1 => format!("The {noun} of {place}"),
        2 if noun != other => format!("The {noun} and the {other}"),
        3 if noun != other => format!("The {noun}'s {other}"),
        4 => format!("{adjective} {noun}"),
        5 => format!("The {adjective} {noun} of {place}"),
        _ => format!("{place}: The {adjective} {noun}"),
    }
}

/// Mostly of the last decades; now and then older, unknown, or before the first year.
fn year(random: &mut Random) -> Option<i32> {
    let year = match random.below(200) {
        0 => return None,
        1 => -750 + random.below(700),
        2..=9 => 1_500 + random.below(350),
        _ => 2_024 - random.skewed_below(150),
    };
    i32::try_from(year).ok()
}

/// The mean of a book's ratings in hundredths: 2.60 to 4.80, most of them near the middle.
fn quality(book_id: i64) -> i32 {
    let mut random = Random::of("quality", book_id);
    i32::try_from(260 + (0..4).map(|_| random.below(56)).sum::<i64>()).unwrap_or_default()
}

/// One to five stars around the book's quality.
fn stars(book_id: i64, random: &mut Random) -> i32 {
    let spread = random.below(226) + random.below(226) - 225;
    let hundredths = quality(book_id) + i32::try_from(spread).unwrap_or_default();
    ((hundredths + 50) / 100).clamp(1, 5)
}

fn opinion(rating: i32, random: &mut Random) -> String {
    let openings = match rating {
        ..=2 => words::OPENINGS[0],
        3 => words::OPENINGS[1],
        _ => words::OPENINGS[2],
    };
    let mut opinion = random.pick(openings).to_owned();
    if random.percent(60) {
        opinion.push(' ');
        opinion.push_str(random.pick(words::REMARKS));
    }
    opinion
}

/// A second of the years 2020 to 2024.
fn moment(random: &mut Random) -> DateTime<Utc> {
    const BEGIN: i64 = 1_577_836_800;
    const FIVE_YEARS: i64 = 5 * 365 * 24 * 3_600;
    DateTime::from_timestamp(BEGIN + random.below(FIVE_YEARS), 0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distinct<T: std::hash::Hash + Eq>(values: impl IntoIterator<Item = T>) -> usize {
        values.into_iter().collect::<HashSet<_>>().len()
    }

    #[test]
    fn the_catalogue_has_its_size_and_is_the_same_twice() {
        let catalogue = Catalogue::default();
        assert_eq!(catalogue.authors().count(), 1_000);
        assert_eq!(catalogue.books().count(), 10_000);
        assert_eq!(catalogue.reviews().count(), 50_000);
        assert!(catalogue.books().eq(catalogue.books()));
        assert!(catalogue.reviews().eq(catalogue.reviews()));
    }

    #[test]
    fn the_first_rows_never_change() {
        let catalogue = Catalogue::default();
        assert_eq!(catalogue.authors().next().unwrap().name, "Edda Castellanos");
        assert_eq!(catalogue.books().next().unwrap().title, "The Violin and the Daughter");
        let review = catalogue.reviews().next().unwrap();
        assert_eq!((review.book_id, review.reader_id, review.rating), (2_717, 1_544, 1));
    }

    #[test]
    fn people_have_names_and_addresses_of_their_own() {
        let catalogue = Catalogue::default();
        assert_eq!(distinct(catalogue.authors().map(|author| author.name)), 1_000);
        assert_eq!(distinct(catalogue.readers().map(|reader| reader.name)), 2_000);
        assert_eq!(distinct(catalogue.readers().map(|reader| reader.email)), 2_000);
        for email in catalogue.authors().filter_map(|author| author.email) {
            assert!(email.is_ascii() && email.ends_with("@writers.example"), "{email}");
        }
    }

    #[test]
    fn every_reference_leads_to_a_row() {
        let catalogue = Catalogue::default();
        let tags = i64::try_from(catalogue.tags().count()).unwrap();
        for book in catalogue.books() {
            assert!((1..=3).contains(&book.author_ids.len()) && (1..=4).contains(&book.tag_ids.len()), "{book:?}");
            assert_eq!(distinct(&book.author_ids), book.author_ids.len(), "{book:?}");
            assert_eq!(distinct(&book.tag_ids), book.tag_ids.len(), "{book:?}");
            assert!(book.author_ids.iter().all(|id| (1..=catalogue.authors).contains(id)), "{book:?}");
            assert!(book.tag_ids.iter().all(|id| (1..=tags).contains(id)), "{book:?}");
            assert!(book.series_id.is_none_or(|id| (1..=catalogue.series).contains(&id)), "{book:?}");
        }
        for review in catalogue.reviews() {
            assert!((1..=catalogue.books).contains(&review.book_id), "{review:?}");
            assert!((1..=catalogue.readers).contains(&review.reader_id), "{review:?}");
            assert!((1..=5).contains(&review.rating), "{review:?}");
        }
        for series in catalogue.series() {
            assert!(series.parent_id.is_none_or(|parent| (1..series.id).contains(&parent)), "{series:?}");
        }
    }

    #[test]
    fn there_is_something_to_find_of_everything() {
        let catalogue = Catalogue::default();
        let books: Vec<Book> = catalogue.books().collect();
        assert_eq!(distinct(books.iter().flat_map(|book| &book.author_ids)), 1_000, "every author has a book");
        assert_eq!(distinct(books.iter().flat_map(|book| &book.tag_ids)), words::TAGS.len());
        assert!(catalogue.series().filter(|series| series.parent_id.is_some()).count() > 100);
        assert!(catalogue.authors().filter(|author| !author.active).count() > 50);
        assert!(books.iter().any(|book| book.published_year.is_some_and(|year| year < 0)));
        assert!(books.iter().any(|book| book.isbn.is_none()) && books.iter().any(|book| book.author_ids.len() == 3));
        let stars = |stars| catalogue.reviews().filter(move |review| review.rating == stars).count();
        assert!((1..=5).all(|number| stars(number) > 100));
    }

    #[test]
    fn isbns_are_valid_and_unique() {
        let isbns: Vec<String> = Catalogue::default().books().filter_map(|book| book.isbn).collect();
        assert_eq!(distinct(&isbns), isbns.len());
        for isbn in isbns {
            assert_eq!(isbn::isbn10(&isbn[..9]), isbn);
        }
    }

    #[test]
    fn a_reader_reviews_a_book_once() {
        let reviews = Catalogue::default().reviews().map(|review| (review.reader_id, review.book_id));
        assert_eq!(distinct(reviews), 50_000);
    }

    #[test]
    fn a_small_catalogue_is_complete_too() {
        let catalogue = Catalogue { series: 3, authors: 2, readers: 4, books: 5, reviews: 20 };
        assert!(catalogue.books().all(|book| book.author_ids.iter().all(|id| *id <= 2)));
        assert_eq!(distinct(catalogue.reviews().map(|review| (review.reader_id, review.book_id))), 20);
    }
}
