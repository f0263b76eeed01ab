//! `#[field(deleted_at)]`, `#[resource(deleted)]`

use couplet::model::{Access, Generated, NewRecord, Operation, SoftDelete, Value};
use couplet::prelude::*;

#[derive(Model, Resource)]
#[resource(deleted)]
pub struct Note {
    pub id: i64,
    #[field(deleted_at, sort, filter)]
    pub gone: Option<DateTime<Utc>>,
}

#[derive(Model, Resource)]
#[resource(deleted, operations(list, get, delete))]
pub struct Page {
    pub id: i64,
    #[field(deleted_at, hidden)]
    pub deleted_at: Option<DateTime<Utc>>,
}

#[derive(Model, Resource)]
pub struct Word {
    pub id: i64,
    #[field(deleted_at)]
    pub deleted_at: Option<DateTime<Utc>>,
}

fn column_of<M: SoftDelete>() -> (Option<Generated>, Access, usize) {
    let column = M::META.deleted_at().expect("a model that keeps its deleted rows");
    (column.generated, column.access, column.filter.len())
}

#[test]
fn the_framework_sets_the_time_and_clients_see_it_unless_it_is_hidden() {
    let marked = Some(Generated::DeletedAt);
    assert_eq!(column_of::<Note>(), (marked, Access::ReadOnly, 4));
    assert_eq!(column_of::<Page>(), (marked, Access::Hidden, 0));
}

#[test]
fn rows_are_restored_where_clients_see_those_that_are_deleted() {
    assert!(Note::RESOURCE.deleted && Note::RESOURCE.operations == Operation::ALL);
    assert!(Page::RESOURCE.deleted && !Page::RESOURCE.operations.contains(&Operation::Restore));
    assert!(!Word::RESOURCE.deleted && !Word::RESOURCE.operations.contains(&Operation::Restore));
}

#[test]
fn a_program_may_create_a_row_that_is_deleted() {
    let gone = DateTime::UNIX_EPOCH;
    assert_eq!(NewNote::new().into_changes().columns, []);
    assert_eq!(NewNote { gone: Some(gone) }.into_changes().columns, [(1, Value::Timestamp(gone))]);
}
