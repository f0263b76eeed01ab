//! `#[relation(…)]`

use couplet::model::{Link, OnDelete, RelationKind};
use couplet::prelude::*;

#[derive(Model)]
pub struct Series {
    pub id: i64,
    pub parent_id: Option<i64>,
    #[relation(include, on_delete = set_null)]
    pub parent: BelongsTo<Series>,
    #[relation(foreign_key = parent_id, rename = "parts")]
    pub children: HasMany<Series>,
}

#[derive(Model)]
pub struct Book {
    pub number: i32,
    #[field(key)]
    pub isbn: String,
    #[relation(foreign_key = about, key = number)]
    pub summary: HasOne<Summary>,
    #[relation(through = Labelled, through(own = book, target = label), keys = "labels_of_book", include)]
    pub tags: ManyToMany<Tag>,
    #[relation(through = Labelled, through(own = book, target = label), read_only)]
    pub marks: ManyToMany<Tag>,
}

#[derive(Model)]
pub struct Summary {
    pub id: Uuid,
    #[field(unique)]
    pub about: i32,
    #[relation(foreign_key = about, key = number, on_delete = cascade)]
    pub book: BelongsTo<Book>,
}

#[derive(Model)]
pub struct Tag {
    pub id: i64,
}

#[derive(Model)]
pub struct Labelled {
    pub label: i64,
    #[field(key)]
    pub serial: i64,
    pub book: String,
}

#[test]
fn keys_may_be_named_on_either_side() {
    assert!(matches!(Series::META.relations[0].link, Link::Local { local: [1], foreign: [0] }));
    assert!(matches!(Series::META.relations[1].link, Link::Foreign { local: [0], foreign: [1] }));
    assert!(matches!(Book::META.relations[0].link, Link::Foreign { local: [0], foreign: [1] }));
    assert!(matches!(Summary::META.relations[0].link, Link::Local { local: [1], foreign: [0] }));
    let Link::Through { local: [1], through_local: [2], through_foreign: [0], foreign: [0], .. } =
        Book::META.relations[1].link
    else {
        panic!("{:?}", Book::META.relations[1].link)
    };
}

#[test]
fn a_unique_foreign_key_needs_no_index() {
    let about = Summary::ABOUT.meta();
    assert!(about.unique && !about.index);
}

#[test]
fn a_delete_restricts_unless_something_else_is_said() {
    assert_eq!(Series::META.relations[0].on_delete, OnDelete::SetNull);
    assert_eq!(Summary::META.relations[0].on_delete, OnDelete::Cascade);
    assert_eq!(Book::META.relations[0].on_delete, OnDelete::Restrict);
}

#[test]
fn names_and_includes_are_in_the_metadata() {
    let [parent, children] = Series::META.relations else { panic!("a series has two relations") };
    assert_eq!((parent.api_name, parent.include), ("parent", true));
    assert_eq!((children.field, children.api_name, children.include), ("children", "parts", false));
    assert_eq!(children.kind, RelationKind::HasMany);
}

#[test]
fn key_sets_are_written_by_their_name_unless_they_are_read_only() {
    assert_eq!(Book::META.relations[1].keys_name, Some("labels_of_book"));
    assert_eq!(Book::META.relations[2].keys_name, None);
    let new = NewBook { labels_of_book: Some(vec![1, 2]), ..NewBook::new(1, "x") };
    assert_eq!(new.labels_of_book, Some(vec![1, 2]));
}

#[test]
fn relations_are_absent_until_they_are_loaded() {
    use couplet::model::Value;
    let row = [Value::I64(1), Value::Null];
    let series: Series = crate::row::decode(row.clone());
    assert!(series.parent.loaded().is_err() && series.children.loaded().is_err());
    assert_eq!(crate::row::json::<Series>(row), r#"{"id":1,"parent_id":null}"#);
}

/// A key of two columns, to which others refer by both.
#[derive(Model)]
pub struct Line {
    #[field(key)]
    pub order_id: i64,
    #[field(key)]
    pub number: i32,
    pub code: String,
    pub batch: i16,
    pub shipments: HasMany<Shipment>,
    #[relation(key(batch, code), foreign_key(batch, code))]
    pub checks: HasMany<Shipment>,
    #[relation(through = LineTag, through(target(tag_group, tag_name)))]
    pub tags: ManyToMany<GroupTag>,
}

#[derive(Model)]
pub struct Shipment {
    pub id: i64,
    pub line_order_id: Option<i64>,
    pub line_number: Option<i32>,
    pub code: String,
    pub batch: i16,
    #[relation(foreign_key(line_order_id, line_number), on_delete = set_null)]
    pub line: BelongsTo<Line>,
    #[relation(foreign_key(code, batch), key(code, batch))]
    pub checked: BelongsTo<Line>,
}

#[derive(Model)]
pub struct GroupTag {
    #[field(key)]
    pub group: i16,
    #[field(key)]
    pub name: String,
}

#[derive(Model)]
pub struct LineTag {
    #[field(key)]
    pub line_order_id: i64,
    #[field(key)]
    pub line_number: i32,
    #[field(key)]
    pub tag_group: i16,
    #[field(key)]
    pub tag_name: String,
}

#[test]
fn keys_of_several_columns_are_joined_pair_by_pair() {
    let [shipments, checks, tags] = Line::META.relations else { panic!("a line has three relations") };
    assert!(matches!(shipments.link, Link::Foreign { local: [0, 1], foreign: [1, 2] }), "by convention");
    assert!(matches!(checks.link, Link::Foreign { local: [3, 2], foreign: [4, 3] }));
    let [line, checked] = Shipment::META.relations else { panic!("a shipment has two relations") };
    assert!(matches!(line.link, Link::Local { local: [1, 2], foreign: [0, 1] }));
    assert!(matches!(checked.link, Link::Local { local: [3, 4], foreign: [2, 3] }));
    let Link::Through { local: [0, 1], through_local: [0, 1], through_foreign: [2, 3], foreign: [0, 1], .. } =
        tags.link
    else {
        panic!("{:?}", tags.link)
    };
    let new = NewLine { tag_ids: Some(vec![(1, "a".to_owned())]), ..NewLine::new(1, 1, "x", 1_i16) };
    assert_eq!(new.tag_ids, Some(vec![(1, "a".to_owned())]));
}

#[test]
fn the_columns_of_a_key_of_several_have_no_index_each() {
    assert!(Shipment::META.columns.iter().all(|column| !column.index));
}

/// Relations to a part of the rows.
#[derive(Model)]
pub struct Shop {
    pub id: i64,
    #[relation(filter = Sale::PIECES.gte(10) & Sale::NOTE.is_not_null())]
    pub large_sales: HasMany<Sale>,
    #[relation(through = ShopSale, filter = Sale::PIECES.lt(10))]
    pub small_sales: ManyToMany<Sale>,
    pub sales: HasMany<Sale>,
}

#[derive(Model)]
pub struct Sale {
    pub id: i64,
    pub shop_id: i64,
    pub pieces: i32,
    pub note: Option<String>,
}

#[derive(Model)]
pub struct ShopSale {
    #[field(key)]
    pub shop_id: i64,
    #[field(key)]
    pub sale_id: i64,
}

#[test]
fn a_relation_may_hold_a_part_of_the_rows_and_is_then_not_written() {
    use couplet::query::subset;
    let [large, small, all] = Shop::META.relations else { panic!("a shop has three relations") };
    assert_eq!(format!("{:?}", subset::of(small)), format!("{:?}", Sale::PIECES.lt(10).into_filter()));
    assert!(!subset::of(large).is_everything() && subset::of(all).is_everything());
    assert_eq!(small.keys_name, None);
}
