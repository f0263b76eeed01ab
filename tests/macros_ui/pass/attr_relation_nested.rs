//! `#[relation(nested)]`

use couplet::prelude::*;

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[relation(include, nested)]
    pub pages: HasMany<Page>,
    #[relation(include, nested)]
    pub cover: HasOne<Page>,
    #[relation(include)]
    pub others: HasMany<Page>,
}

#[derive(Model)]
pub struct Page {
    pub id: i64,
    pub book_id: i64,
}

#[test]
fn the_rows_of_a_relation_that_says_so_are_created_with_the_row() {
    let nested: Vec<_> = Book::META.relations.iter().map(|relation| (relation.field, relation.nested)).collect();
    assert_eq!(nested, [("pages", true), ("cover", true), ("others", false)]);
}
