//! `#[field(filter, sort, search, unique, index)]`

use couplet::model::Operator::{Contains, Eq, Gte, IContains, In, IsNull, Lt, NotIn};
use couplet::prelude::*;

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(filter, sort, search, unique)]
    pub title: String,
    #[field(filter)]
    pub subtitle: Option<String>,
    #[field(filter, index)]
    pub pages: i32,
    #[field(filter)]
    pub published: Option<NaiveDate>,
    #[field(filter)]
    pub available: bool,
    #[field(filter(eq, in, not_in, contains))]
    pub isbn: String,
    #[field(filter)]
    pub cover: Option<Vec<u8>>,
    #[field(filter)]
    pub parent_id: Option<i64>,
    pub parent: BelongsTo<Book>,
    pub plain: i64,
}

#[test]
fn operators_follow_from_the_type_unless_they_are_named() {
    let filters: Vec<_> = Book::META.columns.iter().map(|column| column.filter).collect();
    let expected: [&[_]; 10] = [
        &[],
        &[Eq, In, IContains],
        &[Eq, In, IContains, IsNull],
        &[Eq, Gte, Lt],
        &[Eq, Gte, Lt, IsNull],
        &[Eq, In],
        &[Eq, In, NotIn, Contains],
        &[IsNull],
        &[Eq, In, IsNull],
        &[],
    ];
    assert_eq!(filters, expected);
}

#[test]
fn flags_are_in_the_metadata() {
    let title = &Book::META.columns[1];
    assert!(title.sort && title.search && title.unique && !title.index);
    let pages = &Book::META.columns[3];
    assert!(pages.index && !pages.sort && !pages.search && !pages.unique);
}
