//! The catalogue's models: one file each.

#![expect(unreachable_pub, reason = "models are written the same way in a program and in a library")]

mod author;
mod book;
mod reader;
mod review;
mod series;
mod tag;

pub use author::{Author, AuthorStatus, NewAuthor};
pub use book::{Book, BookAuthor, BookTag, NewBook, NewBookAuthor, NewBookTag};
pub use reader::{NewReader, Reader};
pub use review::{NewReview, Review};
pub use series::{NewSeries, Series};
pub use tag::{NewTag, Tag};
