//! `#[field(created_at, updated_at)]`

use couplet::model::{Access, Generated, NewRecord, Value};
use couplet::prelude::*;

#[derive(Model)]
pub struct Note {
    pub id: i64,
    #[field(created_at)]
    pub written: DateTime<Utc>,
    #[field(updated_at, hidden)]
    pub changed: Option<DateTime<Utc>>,
    pub read_at: DateTime<Utc>,
}

#[test]
fn the_framework_sets_the_times_that_are_marked() {
    let generated: Vec<_> = Note::META.columns[1..].iter().map(|column| (column.generated, column.access)).collect();
    let expected = [
        (Some(Generated::CreatedAt), Access::ReadOnly),
        (Some(Generated::UpdatedAt), Access::Hidden),
        (None, Access::ReadWrite),
    ];
    assert_eq!(generated, expected);
}

#[test]
fn a_program_may_set_them_itself() {
    let (now, then) = (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH);
    assert_eq!(NewNote::new(now).into_changes().columns, [(3, Value::Timestamp(now))]);
    let new = NewNote { written: Some(then), ..NewNote::new(now) };
    assert_eq!(new.into_changes().columns, [(1, Value::Timestamp(then)), (3, Value::Timestamp(now))]);
}
