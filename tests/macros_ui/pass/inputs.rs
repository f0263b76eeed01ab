//! `NewBook` and `BookPatch`.

use couplet::model::{NewRecord, Patch, PatchRecord, Value};
use couplet::prelude::*;

use crate::row::text;

#[derive(Model)]
pub struct Book {
    pub id: i64,
    pub title: String,
    pub subtitle: Option<String>,
    pub status: Status,
    #[relation(through = BookTag)]
    pub tags: ManyToMany<Tag>,
}

/// Neither `Clone` nor `Debug`, which no column type needs to be.
#[derive(TextEnum)]
pub enum Status {
    Draft,
    Printed,
}

#[derive(Model)]
pub struct Tag {
    pub id: Uuid,
}

#[derive(Model)]
pub struct BookTag {
    #[field(key)]
    pub book_id: i64,
    #[field(key)]
    pub tag_id: Uuid,
}

#[derive(Model)]
pub struct Shelf {
    pub id: i64,
    #[field(default = Place::Cellar)]
    pub place: Place,
}

#[derive(Clone, Debug, TextEnum)]
pub enum Place {
    Cellar,
}

#[test]
fn a_create_sets_every_column_that_has_no_other_source() {
    let changes = NewBook::new("Dune", Status::Draft).into_changes();
    assert_eq!(changes.columns, [(1, text("Dune")), (2, Value::Null), (3, text("draft"))]);
    assert_eq!(changes.links, []);
}

#[test]
fn a_create_may_set_links() {
    let new = NewBook { tag_ids: Some(vec![Uuid::nil()]), ..NewBook::new("Dune", Status::Draft) };
    assert_eq!(new.into_changes().links, [(0, vec![vec![Value::Uuid(Uuid::nil())]])]);
}

#[test]
fn an_update_sets_what_is_named_only() {
    assert_eq!(BookPatch::default().into_changes(), couplet::model::Changes::default());
    let patch = BookPatch {
        subtitle: Patch::Set(None),
        status: Status::Printed.into(),
        tag_ids: Patch::Set(Vec::new()),
        ..BookPatch::default()
    };
    let changes = patch.into_changes();
    assert_eq!(changes.columns, [(2, Value::Null), (3, text("printed"))]);
    assert_eq!(changes.links, [(0, Vec::new())]);
}

#[test]
fn inputs_can_be_cloned_and_printed_where_their_fields_can() {
    let new = NewShelf { place: Some(Place::Cellar) }.clone();
    assert_eq!(format!("{new:?}"), "NewShelf { place: Some(Cellar) }");
    let patch = ShelfPatch::default().clone();
    assert_eq!(format!("{patch:?}"), "ShelfPatch { place: Keep }");
}
