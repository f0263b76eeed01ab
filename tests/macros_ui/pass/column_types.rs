//! Every column type, and an `Option` of each.

use couplet::model::ColumnType::{
    Bool, Bytes, Date, Decimal as DecimalType, F64, I16, I32, I64, Json as JsonType, Text, Timestamp, Uuid as UuidType,
};
use couplet::model::Value;
use couplet::prelude::*;

use crate::row::{json, text};

#[derive(Model)]
pub struct Everything {
    pub id: i64,
    pub a: bool,
    pub b: i16,
    pub c: i32,
    pub d: f64,
    pub e: String,
    pub f: Vec<u8>,
    pub g: Uuid,
    pub h: DateTime<Utc>,
    pub i: NaiveDate,
    pub j: Decimal,
    pub k: Json<Vec<i32>>,
}

#[derive(Model)]
pub struct Perhaps {
    pub id: i64,
    pub a: Option<bool>,
    pub b: Option<i16>,
    pub c: Option<i32>,
    pub d: Option<f64>,
    pub e: Option<String>,
    pub f: Option<Vec<u8>>,
    pub g: Option<Uuid>,
    pub h: Option<DateTime<Utc>>,
    pub i: Option<NaiveDate>,
    pub j: Option<Decimal>,
    pub k: std::option::Option<couplet::model::Json<Vec<i32>>>,
}

fn row() -> Vec<Value> {
    vec![
        Value::I64(1),
        Value::Bool(true),
        Value::I16(2),
        Value::I32(3),
        Value::F64(0.5),
        text("t"),
        Value::Bytes(b"abc".to_vec()),
        Value::Uuid(Uuid::nil()),
        Value::Timestamp(DateTime::UNIX_EPOCH),
        Value::Date(NaiveDate::default()),
        Value::Decimal(Decimal::ONE),
        text("[1,2]"),
    ]
}

const JSON: &str = concat!(
    r#"{"id":1,"a":true,"b":2,"c":3,"d":0.5,"e":"t","f":"YWJj","g":"00000000-0000-0000-0000-000000000000","#,
    r#""h":"1970-01-01T00:00:00.000000Z","i":"1970-01-01","j":"1","k":[1,2]}"#
);

#[test]
fn every_type_is_read_and_written() {
    assert_eq!(json::<Everything>(row()), JSON);
    assert_eq!(json::<Perhaps>(row()), JSON);
}

#[test]
fn every_type_may_be_null() {
    let mut row = vec![Value::Null; 12];
    row[0] = Value::I64(1);
    let nulls = ('a'..='k').map(|name| format!(r#","{name}":null"#)).collect::<String>();
    assert_eq!(json::<Perhaps>(row), format!(r#"{{"id":1{nulls}}}"#));
    assert!(Perhaps::META.columns[1..].iter().all(|column| column.nullable));
}

#[test]
fn types_are_in_the_metadata() {
    let expected = [I64, Bool, I16, I32, F64, Text, Bytes, UuidType, Timestamp, Date, DecimalType, JsonType];
    for meta in [Everything::META, Perhaps::META] {
        let types: Vec<_> = meta.columns.iter().map(|column| column.ty).collect();
        assert_eq!(types, expected);
    }
}
