//! `#[field(version)]`

use couplet::model::{Access, Changes, Generated, NewRecord, PatchRecord, Value};
use couplet::prelude::*;

#[derive(Model)]
pub struct Draft {
    pub id: i64,
    pub text: String,
    #[field(version, filter(gte), sort)]
    pub revision: i32,
}

#[test]
fn the_framework_counts_and_nobody_sets_it() {
    assert_eq!(Draft::META.version(), Some(2));
    let column = &Draft::META.columns[2];
    assert_eq!((column.generated, column.access), (Some(Generated::Version), Access::ReadOnly));
    let NewDraft { text } = NewDraft::new("a");
    let set = Changes { columns: vec![(1, Value::Text("a".to_owned()))], ..Changes::default() };
    assert_eq!(NewDraft { text }.into_changes(), set);
    let DraftPatch { text } = DraftPatch { text: "a".to_owned().into() };
    assert_eq!(DraftPatch { text }.into_changes(), set);
}
