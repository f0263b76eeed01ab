//! Generated code names nothing that a user could have named otherwise.

#![no_implicit_prelude]
// Names that generated code would find first, if it looked for them.
#![allow(non_camel_case_types)]

pub struct Option;
pub struct Result;
pub struct Vec;
pub struct String_;
pub trait Default {}
pub trait Into {}
pub trait Clone {}
pub mod couplet {}
pub mod std {}
pub mod core {}

/// A book.
#[derive(::couplet::Model, ::couplet::Resource)]
pub struct Book {
    pub id: i64,
    #[field(filter, sort, search, length(1..=5), default = "x")]
    pub title: ::std::string::String,
    #[field(filter)]
    pub subtitle: ::std::option::Option<::std::string::String>,
    #[field(filter(eq), default = Status::Draft)]
    pub status: Status,
    #[field(computed = label)]
    pub label: ::std::string::String,
    pub parent_id: ::std::option::Option<i64>,
    #[relation(include)]
    pub parent: ::couplet::model::BelongsTo<Book>,
    #[relation(include, sub_resource, foreign_key = parent_id)]
    pub children: ::couplet::model::HasMany<Book>,
    #[relation(through = Cousins, through(own = left, target = right))]
    pub cousins: ::couplet::model::ManyToMany<Book>,
    #[field(rename = "result")]
    pub record: i32,
    pub row: i32,
    pub out: i32,
    pub value: i32,
    pub changes: i32,
}

#[derive(::couplet::Model)]
pub struct Cousins {
    #[field(key)]
    pub left: i64,
    #[field(key)]
    pub right: i64,
}

#[derive(::couplet::TextEnum)]
pub enum Status {
    Draft,
    None,
    Some,
    Ok,
}

fn label(book: &Book) -> ::std::string::String {
    ::std::string::ToString::to_string(&book.id)
}

#[test]
fn derives_work_without_a_prelude() {
    ::std::assert_eq!(<Book as ::couplet::model::Model>::META.table, "books");
    ::std::assert_eq!(<Status as ::couplet::model::TextEnum>::NAMES, ["draft", "none", "some", "ok"]);
}
