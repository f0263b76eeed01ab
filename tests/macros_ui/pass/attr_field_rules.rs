//! `#[field(length, range, pattern)]`

use couplet::model::Rule;
use couplet::prelude::*;

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(length(1..=200), pattern = "^[A-Z]")]
    pub title: String,
    #[field(length(..=9))]
    pub cover: Option<Vec<u8>>,
    #[field(range(-1..=5))]
    pub rating: i16,
    #[field(range(0..))]
    pub weight: f64,
    #[field(range(..=99.5))]
    pub price: Option<Decimal>,
}

#[test]
fn rules_are_in_the_metadata() {
    let rules: Vec<_> = Book::META.columns.iter().map(|column| column.rules).collect();
    let expected: [&[_]; 6] = [
        &[],
        &[Rule::Length { min: Some(1), max: Some(200) }, Rule::Pattern("^[A-Z]")],
        &[Rule::Length { min: None, max: Some(9) }],
        &[Rule::IntegerRange { min: Some(-1), max: Some(5) }],
        &[Rule::FloatRange { min: Some(0.0), max: None }],
        &[Rule::FloatRange { min: None, max: Some(99.5) }],
    ];
    assert_eq!(rules, expected);
}
