//! The structs of the documentation, with no attribute more than they need.

#![deny(missing_docs)]

use couplet::prelude::*;

/// A person who writes books.
#[derive(Model, Resource)]
pub struct Author {
    /// The key.
    pub id: i64,
    /// The full name.
    #[field(filter, sort, search, length(1..=200))]
    pub name: String,
    /// Where to write to.
    #[field(unique)]
    pub email: Option<String>,
    /// Whether they write.
    #[field(filter, default = AuthorStatus::Active)]
    pub status: AuthorStatus,
    /// When they were entered.
    #[field(created_at, sort)]
    pub created_at: DateTime<Utc>,
    /// What they wrote.
    #[relation(include, through = BookAuthor)]
    pub books: ManyToMany<Book>,
}

/// A book.
#[derive(Model, Resource)]
pub struct Book {
    /// The key.
    pub id: i64,
    /// The title.
    #[field(filter, sort)]
    pub title: String,
    /// Who wrote it.
    #[relation(include, through = BookAuthor)]
    pub authors: ManyToMany<Author>,
    /// What is thought of it.
    #[relation(include, sub_resource)]
    pub reviews: HasMany<Review>,
}

/// Who wrote what.
#[derive(Model)]
pub struct BookAuthor {
    /// The book.
    #[field(key)]
    pub book_id: i64,
    /// The author.
    #[field(key)]
    pub author_id: i64,
    /// The book's row.
    pub book: BelongsTo<Book>,
    /// The author's row.
    pub author: BelongsTo<Author>,
}

/// An opinion.
#[derive(Model, Resource)]
pub struct Review {
    /// The key.
    pub id: i64,
    /// The book.
    #[field(filter)]
    pub book_id: i64,
    /// The book's row.
    #[relation(include)]
    pub book: BelongsTo<Book>,
    /// From 1 to 5.
    #[field(filter, sort, range(1..=5))]
    pub rating: i32,
}

/// Whether an author writes.
#[derive(TextEnum)]
pub enum AuthorStatus {
    /// Writes.
    Active,
    /// Does not.
    Inactive,
}

mod tests {
    use super::*;
    use couplet::model::{Generated, Link, Operator, RelationKind};

    #[test]
    fn names_follow_from_the_struct() {
        assert_eq!((Author::META.name, Author::META.table), ("Author", "authors"));
        assert_eq!(BookAuthor::META.table, "book_authors");
        assert_eq!(Author::META.doc, "A person who writes books.");
        assert_eq!(Author::META.schema, None);
        let names: Vec<_> = Author::META.columns.iter().map(|column| (column.api_name, column.name)).collect();
        let expected = ["id", "name", "email", "status", "created_at"].map(|name| (name, name));
        assert_eq!(names, expected);
        assert_eq!(Author::META.columns[1].doc, "The full name.");
        assert_eq!(Author::RESOURCE.name, "authors");
    }

    #[test]
    fn the_field_id_is_the_key_and_the_database_makes_it() {
        assert_eq!(Author::META.key, [0]);
        assert_eq!(Author::META.columns[0].generated, Some(Generated::Database));
        assert_eq!(BookAuthor::META.key, [0, 1]);
        assert_eq!(BookAuthor::META.columns[0].generated, None);
    }

    #[test]
    fn relations_are_joined_by_convention() {
        let [book] = Review::META.relations else { panic!("a review has one relation") };
        assert_eq!((book.field, book.kind, book.include), ("book", RelationKind::BelongsTo, true));
        assert!(matches!(book.link, Link::Local { local: [1], foreign: [0] }));
        assert!(std::ptr::eq((book.target)(), Book::META));

        let [authors, reviews] = Book::META.relations else { panic!("a book has two relations") };
        assert!(matches!(reviews.link, Link::Foreign { local: [0], foreign: [1] }));
        let Link::Through { model, local: [0], through_local: [0], through_foreign: [1], foreign: [0] } = authors.link
        else {
            panic!("{:?}", authors.link)
        };
        assert!(std::ptr::eq(model(), BookAuthor::META));
        assert_eq!(authors.keys_name, Some("author_ids"));
    }

    #[test]
    fn foreign_keys_are_indexed_unless_the_primary_key_begins_with_them() {
        let indexed: Vec<_> = BookAuthor::META.columns.iter().map(|column| column.index).collect();
        assert_eq!(indexed, [false, true]);
        assert!(Review::META.columns[1].index);
        assert_eq!(Review::META.columns[1].filter, [Operator::Eq, Operator::In]);
    }

    #[test]
    fn names_of_columns_and_relations_are_typed_constants() {
        assert_eq!(Author::STATUS.meta().field, "status");
        assert!(std::ptr::eq(Author::STATUS.meta(), &Author::META.columns[3]));
        assert_eq!(Author::BOOKS.meta().field, "books");
        let include = Author::BOOKS.then(Book::REVIEWS).into_include();
        assert_eq!((include.index, include.children[0].index), (0, 1));
    }

    #[test]
    fn required_fields_are_arguments_and_the_rest_is_left_out() {
        let new = NewAuthor { email: Some("ann@example.org".into()), ..NewAuthor::new("Ann") };
        assert_eq!(new.name, "Ann");
        assert!(new.status.is_none() && new.created_at.is_none() && new.book_ids.is_none());
    }
}
