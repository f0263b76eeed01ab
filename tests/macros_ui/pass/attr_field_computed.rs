//! `#[field(computed = …)]`

use couplet::model::{ColumnType, Value};
use couplet::prelude::*;

use crate::row::{decode, json, text};

#[derive(Model)]
pub struct Reader {
    pub id: i64,
    /// Both names.
    #[field(computed = Self::full_name, rename = "name")]
    pub full_name: String,
    pub first_name: String,
    pub last_name: String,
    #[field(computed = initial)]
    pub initial: Option<String>,
}

impl Reader {
    fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }
}

fn initial(reader: &Reader) -> Option<String> {
    reader.full_name.chars().next().map(String::from)
}

const ROW: fn() -> [Value; 3] = || [Value::I64(1), text("Ann"), text("Lee")];

#[test]
fn computed_fields_are_set_in_order_once_the_columns_are_there() {
    let reader: Reader = decode(ROW());
    assert_eq!((reader.full_name.as_str(), reader.initial.as_deref()), ("Ann Lee", Some("A")));
}

#[test]
fn computed_fields_are_shown_and_are_no_columns() {
    let expected = r#"{"id":1,"first_name":"Ann","last_name":"Lee","name":"Ann Lee","initial":"A"}"#;
    assert_eq!(json::<Reader>(ROW()), expected);
    assert_eq!(Reader::META.columns.len(), 3);
    let [name, initial] = Reader::META.computed else { panic!("two fields are computed") };
    assert_eq!((name.api_name, name.doc, name.ty, name.nullable), ("name", "Both names.", ColumnType::Text, false));
    assert!(initial.nullable);
}
