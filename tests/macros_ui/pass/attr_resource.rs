//! `#[resource(…)]`

use couplet::model::Operation;
use couplet::prelude::*;

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
    include_limit = 10
)]
pub struct Part {
    pub id: i64,
    pub book_author_id: i64,
}

#[derive(Model, Resource)]
#[resource(read_only, include_depth = 5)]
pub struct Language {
    pub id: i64,
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
    assert_eq!(meta.operations[..6], Operation::ALL[..6], "all but restore");
    assert_eq!(meta.operations[6..], Operation::BULK);
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
    assert_eq!((meta.include_depth, meta.include_limit), (3, 100));
    assert!(std::ptr::eq((meta.model)(), BookAuthor::META));
}

#[test]
fn what_is_named_is_taken() {
    let meta = Part::RESOURCE;
    assert_eq!(meta.name, "pieces");
    assert_eq!(meta.operations, [Operation::List, Operation::Delete]);
    assert_eq!((meta.per_page, meta.max_per_page, meta.max_offset), (50, 500, 1_000));
    assert_eq!((meta.include_depth, meta.include_limit), (1, 10));
    assert_eq!(Language::RESOURCE.include_depth, 5);
    assert_eq!(Language::RESOURCE.operations, [Operation::List, Operation::Get]);
}

#[test]
fn sub_resources_lead_to_the_related_resource() {
    let [parts] = BookAuthor::RESOURCE.sub_resources else { panic!("there is one sub-resource") };
    assert_eq!(parts.relation, 0);
    assert!(std::ptr::eq((parts.target)(), Part::RESOURCE));
}
