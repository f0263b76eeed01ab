//! Variants without fields, each with a text of its own.

use couplet::prelude::*;

#[derive(TextEnum)]
#[text_enum(rename_all = "lowercase")]
pub enum Status {
    Active,
}

#[derive(TextEnum)]
pub enum Language {
    English,
    #[text_enum(rename = "english")]
    British,
    #[text_enum(renam = "fr")]
    French,
    #[text_enum(rename = "")]
    Other(String),
}

#[derive(TextEnum)]
pub enum Nothing {}

#[derive(TextEnum)]
pub struct Text(String);

#[derive(Model)]
pub struct Book {
    pub id: i64,
    // Languages are a column type all the same, so that nothing is reported twice.
    pub language: Language,
}

fn main() {}
