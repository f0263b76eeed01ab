//! `#[field(key)]`

use couplet::model::{Generated, NewRecord, Value};
use couplet::prelude::*;

use crate::row::{decode, text};

#[derive(Model)]
pub struct Country {
    #[field(key)]
    pub code: String,
    pub name: String,
}

#[derive(Model)]
pub struct Session {
    pub id: Uuid,
}

#[derive(Model)]
pub struct Rating {
    #[field(key)]
    pub reader_id: i64,
    pub stars: i16,
    #[field(key)]
    pub isbn: String,
}

/// Shares the key of its reader.
#[derive(Model)]
pub struct Profile {
    #[field(key)]
    pub reader_id: i64,
    #[relation(on_delete = cascade)]
    pub reader: BelongsTo<Reader>,
}

#[derive(Model)]
pub struct Reader {
    pub id: i64,
    pub profile: HasOne<Profile>,
}

#[test]
fn a_text_key_comes_from_the_client() {
    assert_eq!(Country::META.columns[0].generated, None);
    let changes = NewCountry::new("de", "Germany").into_changes();
    assert_eq!(changes.columns, [(0, text("de")), (1, text("Germany"))]);
}

#[test]
fn a_uuid_key_comes_from_the_framework_unless_the_program_gives_one() {
    assert_eq!(Session::META.columns[0].generated, Some(Generated::UuidV7));
    assert_eq!(NewSession::new().into_changes().columns, []);
    let id = Uuid::nil();
    assert_eq!(NewSession { id: Some(id) }.into_changes().columns, [(0, Value::Uuid(id))]);
}

#[test]
fn a_composite_key_is_a_tuple_in_the_order_of_the_struct() {
    assert_eq!(Rating::META.key, [0, 2]);
    let rating: Rating = decode([Value::I64(1), Value::I16(5), text("x")]);
    assert_eq!(rating.key(), (1, "x".to_owned()));
}

#[test]
fn a_key_that_is_a_foreign_key_comes_from_the_client() {
    assert_eq!(Profile::META.columns[0].generated, None);
    assert!(!Profile::META.columns[0].index);
}
