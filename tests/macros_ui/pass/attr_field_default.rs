//! `#[field(default = …)]`

use couplet::model::{NewRecord, Value};
use couplet::prelude::*;

use crate::row::text;

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(default = "eng")]
    pub language: String,
    #[field(default = 1 + 1)]
    pub copies: i16,
    #[field(default = String::from("none"))]
    pub note: Option<String>,
    #[field(default = Utc::now())]
    pub bought_at: DateTime<Utc>,
}

#[test]
fn defaults_are_values_of_the_columns_type() {
    let defaults: Vec<_> = Book::META.columns[..4].iter().map(|column| column.default.map(|value| value())).collect();
    assert_eq!(defaults, [None, Some(text("eng")), Some(Value::I16(2)), Some(text("none"))]);
    assert!(Book::META.columns.iter().all(|column| !column.required()));
}

#[test]
fn a_create_leaves_out_what_is_none() {
    assert_eq!(NewBook::default().into_changes().columns, []);
    let new = NewBook { language: Some("fra".into()), note: Some("torn".into()), ..NewBook::new() };
    assert_eq!(new.into_changes().columns, [(1, text("fra")), (3, text("torn"))]);
}
