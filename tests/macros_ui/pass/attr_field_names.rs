//! `#[field(column, rename, example)]` and raw identifiers

use couplet::model::{Patch, PatchRecord, Value};
use couplet::prelude::*;

use crate::row::{json, text};

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(column = "book_title", rename = "name", example = "Dune \"1\"")]
    pub title: String,
    #[field(example = -5)]
    pub r#type: i32,
    #[field(example = r#"{"pages":1}"#)]
    pub extra: Option<Json<Vec<String>>>,
    pub example: bool,
}

#[test]
fn columns_and_answers_are_named_apart() {
    let title = &Book::META.columns[1];
    assert_eq!((title.field, title.name, title.api_name), ("title", "book_title", "name"));
    let raw = Book::TYPE.meta();
    assert_eq!((raw.field, raw.name, raw.api_name), ("type", "type", "type"));
    let row = [Value::I64(1), text("Dune"), Value::I32(2), Value::Null, Value::Bool(true)];
    assert_eq!(json::<Book>(row), r#"{"id":1,"name":"Dune","type":2,"extra":null,"example":true}"#);
}

#[test]
fn examples_are_json() {
    let examples: Vec<_> = Book::META.columns.iter().filter_map(|column| column.example).collect();
    assert_eq!(examples, [r#""Dune \"1\"""#, "-5", r#"{"pages":1}"#]);
}

#[test]
fn raw_identifiers_stay_raw_in_the_inputs() {
    let patch = BookPatch { r#type: Patch::Set(3), ..BookPatch::default() };
    assert_eq!(patch.into_changes().columns, [(2, Value::I32(3))]);
    assert_eq!(NewBook::new("Dune", 1, true).r#type, 1);
}
