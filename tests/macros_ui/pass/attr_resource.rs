//! `#[resource(…)]`

use couplet::model::Operation;
use couplet::prelude::*;
use couplet::query::parse::{broken_paths, parameters};

#[derive(Model, Resource)]
pub struct BookAuthor {
    pub id: i64,
    #[relation(sub_resource)]
    pub parts: HasMany<Part>,
}

#[derive(Model, Resource)]
#[resource(
    path = "/pieces",
    operations(delete, list),
    per_page = 50,
    max_per_page = 500,
    max_offset = 1_000,
    include_depth = 1,
    include_limit = 10,
    options_depth = 1,
    filter = ["language.label"]
)]
pub struct Part {
    pub id: i64,
    pub book_author_id: i64,
    pub language_id: i64,
    #[relation]
    pub language: BelongsTo<Language>,
}

#[derive(Model, Resource)]
#[resource(read_only, include_depth = 5, options_depth = 5, fields)]
pub struct Language {
    pub id: i64,
    #[field(filter, rename = "label")]
    pub name: String,
}

#[derive(Model, Resource)]
#[resource(bulk, max_items = 500, require_if_match)]
pub struct Page {
    pub id: i64,
    #[field(version)]
    pub version: i64,
}

#[derive(Model, Resource)]
#[resource(operations(list, create, bulk_delete), bulk)]
pub struct Line {
    pub id: i64,
}

#[test]
fn many_rows_are_written_at_once_where_that_is_asked_for() {
    let meta = Page::RESOURCE;
    assert_eq!(meta.operations[..7], Operation::ALL[..7], "all but restore");
    assert_eq!(meta.operations[7..], Operation::BULK);
    assert_eq!((meta.max_items, meta.require_if_match), (500, true));
    let meta = Line::RESOURCE;
    let expected = [Operation::List, Operation::Create, Operation::BulkCreate, Operation::BulkDelete];
    assert_eq!(meta.operations, expected, "what fits the others, and what is named");
    assert_eq!((meta.max_items, meta.require_if_match), (10_000, false));
}

#[test]
fn everything_is_offered_below_the_plural_by_default() {
    let meta = BookAuthor::RESOURCE;
    assert_eq!(meta.name, "book-authors");
    let all_but_restore: Vec<_> = Operation::ALL.into_iter().filter(|it| *it != Operation::Restore).collect();
    assert_eq!(meta.operations, all_but_restore);
    assert_eq!((meta.per_page, meta.max_per_page, meta.max_offset), (20, 100, 100_000));
    assert_eq!((meta.include_depth, meta.include_limit, meta.options_depth), (3, 100, 1));
    assert!(std::ptr::eq((meta.model)(), BookAuthor::META));
}

#[test]
fn what_is_named_is_taken() {
    let meta = Part::RESOURCE;
    assert_eq!(meta.name, "pieces");
    assert_eq!(meta.operations, [Operation::List, Operation::Delete]);
    assert_eq!((meta.per_page, meta.max_per_page, meta.max_offset), (50, 500, 1_000));
    assert_eq!((meta.include_depth, meta.include_limit), (1, 10));
    assert_eq!((Language::RESOURCE.include_depth, Language::RESOURCE.options_depth), (5, 5));
    assert!(Language::RESOURCE.fields && !meta.fields, "rows are whole unless a resource says otherwise");
    assert_eq!(Language::RESOURCE.operations, [Operation::List, Operation::Get, Operation::Search]);
}

#[test]
fn filters_lead_to_related_rows_by_names_of_the_api() {
    assert_eq!(Part::RESOURCE.filter_paths, ["language.label"]);
    assert!(broken_paths(Part::RESOURCE).is_empty());
    assert!(parameters(Part::RESOURCE).contains(&"language.label__icontains".to_owned()));
    assert!(Language::RESOURCE.filter_paths.is_empty());
}

#[test]
fn sub_resources_lead_to_the_related_resource() {
    let [parts] = BookAuthor::RESOURCE.sub_resources else { panic!("there is one sub-resource") };
    assert_eq!(parts.relation, 0);
    assert!(std::ptr::eq((parts.target)(), Part::RESOURCE));
}
