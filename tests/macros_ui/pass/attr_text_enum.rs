//! `#[derive(TextEnum)]` and `#[text_enum(…)]`

use couplet::model::{ColumnType, ColumnValue, Value};
use couplet::prelude::*;

use crate::row::{Values, text};

#[derive(Debug, PartialEq, TextEnum)]
pub enum Status {
    Active,
    OnLeave,
    #[text_enum(rename = "gone!")]
    Left,
}

#[derive(Debug, PartialEq, TextEnum)]
#[text_enum(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Level {
    VeryHigh,
    r#Type,
}

#[test]
fn variants_are_texts() {
    assert_eq!(Status::NAMES, ["active", "on_leave", "gone!"]);
    assert_eq!(Level::NAMES, ["VERY_HIGH", "TYPE"]);
    for (name, status) in Status::NAMES.iter().zip([Status::Active, Status::OnLeave, Status::Left]) {
        assert_eq!(status.name(), *name);
        assert_eq!(Status::from_name(name), Some(status));
    }
    assert_eq!(Status::from_name("Active"), None);
}

#[test]
fn an_enum_is_a_column_type() {
    assert_eq!(Status::TYPE, ColumnType::Enum(&["active", "on_leave", "gone!"]));
    assert_eq!(Status::Left.to_value(), text("gone!"));
    let row = Values(vec![text("on_leave"), Value::Null, text("dead")]);
    assert_eq!(Status::decode(&row, 0).expect("a variant"), Status::OnLeave);
    assert_eq!(Option::<Status>::decode(&row, 1).ok(), Some(None));
    let mut out = Vec::new();
    Status::Left.write_json(&mut out);
    assert_eq!(out, b"\"gone!\"");
}

#[test]
fn a_text_that_is_no_variant_is_an_error_that_names_those_there_are() {
    let error = Status::decode(&Values(vec![text("dead")]), 0).expect_err("no variant");
    assert_eq!(error.to_string(), "column 0: \"dead\" is none of active, on_leave, gone!");
}
