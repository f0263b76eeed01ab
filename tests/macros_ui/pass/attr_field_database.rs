//! `#[field(generated = …)]` and `#[field(database_default = …)]`

use couplet::model::{Access, Expression, Generated, NewRecord, PatchRecord, Value};
use couplet::prelude::*;

use crate::row::text;

#[derive(Model)]
pub struct Line {
    pub id: i64,
    pub price: i64,
    #[field(generated = "price * 2", filter, sort, index)]
    pub twice: i64,
    #[field(generated(sqlite = "price || ''", postgres = "price::text"), hidden)]
    pub label: Option<String>,
    #[field(database_default = "'new'", length(..=20))]
    pub state: String,
    #[field(database_default(sqlite = "strftime('%s', 'now')", postgres = "current_user"), read_only)]
    pub made_by: Option<String>,
}

const fn same(text: &'static str) -> Expression {
    Expression { sqlite: text, postgres: text }
}

#[test]
fn expressions_are_data_in_the_words_of_each_database() {
    let columns = Line::COLUMNS;
    assert_eq!(columns[2].generated, Some(Generated::Expression(same("price * 2"))));
    let label = Expression { sqlite: "price || ''", postgres: "price::text" };
    assert_eq!((columns[3].generated, columns[3].access), (Some(Generated::Expression(label)), Access::Hidden));
    assert_eq!((columns[4].database_default, columns[4].generated), (Some(same("'new'")), None));
    assert_eq!(columns[4].absent(), Value::DatabaseDefault);
}

#[test]
fn clients_read_what_is_computed_and_may_leave_out_what_has_a_default() {
    let writable: Vec<_> = Line::COLUMNS.iter().map(|column| (column.writable(), column.required())).collect();
    assert_eq!(writable[1..], [(true, true), (false, false), (false, false), (true, false), (false, false)]);
    assert_eq!(Line::COLUMNS[2].access, Access::ReadOnly);
}

#[test]
fn inputs_have_no_computed_field_and_options_for_defaults() {
    let new = NewLine { state: None, made_by: None, price: 3 };
    assert_eq!(new.into_changes().columns, [(1, Value::I64(3))]);
    let new = NewLine { state: Some("old".into()), made_by: Some("ann".into()), ..NewLine::new(3) };
    assert_eq!(new.into_changes().columns, [(1, Value::I64(3)), (4, text("old")), (5, text("ann"))]);
    let LinePatch { price, state, made_by } = LinePatch { made_by: Patch::Set(None), ..LinePatch::default() };
    let patch = LinePatch { price, state, made_by };
    assert_eq!(patch.into_changes().columns, [(5, Value::Null)]);
}
