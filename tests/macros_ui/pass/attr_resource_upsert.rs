//! `#[resource(upsert(isbn, (shelf, place)))]`

use couplet::prelude::*;
use couplet::query::UniqueKey;

#[derive(Model, Resource)]
#[resource(upsert(isbn, r#type))]
pub struct Book {
    pub id: i64,
    pub title: String,
    #[field(unique, rename = "number")]
    pub isbn: String,
    #[field(unique)]
    pub r#type: Option<String>,
}

#[derive(Model, Resource)]
#[resource(upsert((place, shelf)))]
pub struct Slot {
    #[field(key)]
    pub shelf: String,
    #[field(key)]
    pub place: i32,
}

#[test]
fn keys_are_columns_in_the_order_of_the_attribute() {
    assert_eq!(Book::RESOURCE.upsert, [&[2][..], &[3]]);
    assert_eq!(Slot::RESOURCE.upsert, [&[1, 0]]);
}

#[test]
fn rust_code_names_a_key_by_its_columns() {
    assert_eq!(UniqueKey::<Book>::columns(Book::ISBN), [2]);
    assert_eq!((Slot::SHELF, Slot::PLACE).columns(), [0, 1]);
}
