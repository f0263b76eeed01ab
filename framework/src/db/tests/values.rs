use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use super::*;
use crate::model::Row;

const SQLITE: &str = "CREATE TABLE t (id integer PRIMARY KEY, a integer, b integer, c integer, d integer, e real, f text, \
     g blob, h blob, i text, j text, k text, l text)";
const POSTGRES: &str = "CREATE TABLE t (id integer PRIMARY KEY, a boolean, b smallint, c integer, d bigint, \
     e double precision, f text, g bytea, h uuid, i timestamptz, j date, k numeric, l jsonb)";
const COLUMNS: &str = "a, b, c, d, e, f, g, h, i, j, k, l";

async fn make_table(fixture: &Fixture) {
    let sql = if fixture.dialect() == Dialect::Sqlite { SQLITE } else { POSTGRES };
    fixture.run(sql).await.expect("created");
}

fn row(id: i32, values: [Value; 12]) -> Statement {
    let sql = format!("INSERT INTO t (id, {COLUMNS}) VALUES ({id}, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)");
    insert(&sql, values)
}

#[tokio::test]
async fn every_type_comes_back_as_it_went() {
    let time: DateTime<Utc> = "2026-01-31T23:59:59.123456Z".parse().expect("a time");
    let date: NaiveDate = "1969-07-20".parse().expect("a date");
    let decimal: Decimal = "-1234567890.0500".parse().expect("a decimal");
    let uuid = Uuid::now_v7();
    let json = serde_json::json!({"a": [1, "ü", null]});
    on_each(async |fixture| {
        make_table(fixture).await;
        let values = [
            true.into(),
            i16::MIN.into(),
            i32::MAX.into(),
            i64::MIN.into(),
            0.1_f64.into(),
            "Ünïcødé ' text".into(),
            vec![0_u8, 255, 1].into(),
            uuid.into(),
            time.into(),
            date.into(),
            decimal.into(),
            json.clone().into(),
        ];
        fixture.database.session().execute(&row(1, values)).await.expect("inserted");
        let rows = fixture.database.session().fetch(&select(&format!("SELECT {COLUMNS} FROM t"))).await.expect("read");
        let row: &dyn Row = rows.row(0);
        assert_eq!(row.bool(0).unwrap(), Some(true));
        assert_eq!(row.i16(1).unwrap(), Some(i16::MIN));
        assert_eq!(row.i32(2).unwrap(), Some(i32::MAX));
        assert_eq!(row.i64(3).unwrap(), Some(i64::MIN));
        assert_eq!(row.f64(4).unwrap(), Some(0.1));
        assert_eq!(row.text(5).unwrap(), Some("Ünïcødé ' text"));
        assert_eq!(row.bytes(6).unwrap(), Some(&[0, 255, 1][..]));
        assert_eq!(row.uuid(7).unwrap(), Some(uuid));
        assert_eq!(row.timestamp(8).unwrap(), Some(time));
        assert_eq!(row.date(9).unwrap(), Some(date));
        assert_eq!(row.decimal(10).unwrap().map(|decimal| decimal.to_string()), Some("-1234567890.0500".to_owned()));
        let text = row.json(11).unwrap().expect("not NULL");
        assert_eq!(serde_json::from_str::<serde_json::Value>(text).unwrap(), json);
        assert_eq!(row.i64(2).unwrap(), Some(i32::MAX.into()), "a smaller integer is read as a larger one");
        assert_eq!(row.text(5).unwrap(), Some("Ünïcødé ' text"), "a second read answers the same");
    })
    .await;
}

#[tokio::test]
async fn every_type_has_its_null() {
    on_each(async |fixture| {
        make_table(fixture).await;
        let nulls = [
            Value::Bool(None),
            Value::SmallInt(None),
            Value::Int(None),
            Value::BigInt(None),
            Value::Double(None),
            Value::String(None),
            Value::Bytes(None),
            Value::Uuid(None),
            Value::ChronoDateTimeUtc(None),
            Value::ChronoDate(None),
            Value::Decimal(None),
            Value::Json(None),
        ];
        fixture.database.session().execute(&row(1, nulls)).await.expect("inserted");
        let rows = fixture.database.session().fetch(&select(&format!("SELECT {COLUMNS} FROM t"))).await.expect("read");
        let row = rows.row(0);
        assert_eq!(row.bool(0).unwrap(), None);
        assert_eq!(row.i16(1).unwrap(), None);
        assert_eq!(row.i32(2).unwrap(), None);
        assert_eq!(row.i64(3).unwrap(), None);
        assert_eq!(row.f64(4).unwrap(), None);
        assert_eq!(row.text(5).unwrap(), None);
        assert_eq!(row.bytes(6).unwrap(), None);
        assert_eq!(row.uuid(7).unwrap(), None);
        assert_eq!(row.timestamp(8).unwrap(), None);
        assert_eq!(row.date(9).unwrap(), None);
        assert_eq!(row.decimal(10).unwrap(), None);
        assert_eq!(row.json(11).unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_value_of_another_type_is_an_error_and_no_panic() {
    on_each(async |fixture| {
        let blob = if fixture.dialect() == Dialect::Sqlite { "x'01'" } else { "'\\x01'::bytea" };
        let sql = format!("SELECT 70000, 'text', {blob}, 1.5");
        let rows = fixture.database.session().fetch(&select(&sql)).await.expect("read");
        let row = rows.row(0);
        row.i16(0).expect_err("beyond an i16");
        row.bool(0).expect_err("no bool");
        row.text(0).expect_err("no text");
        row.i64(1).expect_err("no integer");
        row.f64(1).expect_err("no float");
        row.bytes(1).expect_err("no bytes");
        row.uuid(1).expect_err("no UUID");
        row.timestamp(1).expect_err("no time");
        row.date(1).expect_err("no date");
        row.decimal(1).expect_err("no decimal");
        row.json(2).expect_err("no JSON");
        row.text(2).expect_err("no text");
        row.uuid(2).expect_err("too short");
        row.i64(9).expect_err("no such column");
        let error = row.i64(1).expect_err("no integer");
        assert!(!error.to_string().contains("'text'"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn sqlite_reads_what_others_wrote_in_their_ways() {
    on_each(async |fixture| {
        if fixture.dialect() == Dialect::Postgres {
            return;
        }
        let uuid = "0198c5a0-0000-7000-8000-000000000001";
        let sql = format!(
            "SELECT '2026-01-31 23:59:59', '2026-01-31T23:59:59.5+01:00', '{uuid}', 5, 2.5, '', '2026-01-31 23:59:59.25'"
        );
        let rows = fixture.database.session().fetch(&select(&sql)).await.expect("read");
        let row = rows.row(0);
        let time = |index| row.timestamp(index).unwrap().unwrap().to_rfc3339();
        assert_eq!(time(0), "2026-01-31T23:59:59+00:00");
        assert_eq!(time(1), "2026-01-31T22:59:59.500+00:00");
        assert_eq!(time(6), "2026-01-31T23:59:59.250+00:00");
        assert_eq!(row.uuid(2).unwrap().unwrap().to_string(), uuid);
        assert_eq!(row.decimal(3).unwrap(), Some(5.into()));
        assert_eq!(row.decimal(4).unwrap(), Some("2.5".parse().unwrap()));
        assert_eq!(row.text(5).unwrap(), Some(""));
    })
    .await;
}

#[tokio::test]
async fn postgres_reads_json_plans_domains_and_enums_and_refuses_infinity() {
    on_each(async |fixture| {
        if fixture.dialect() == Dialect::Sqlite {
            return;
        }
        let plan = fixture.database.session().fetch(&select("EXPLAIN (FORMAT JSON) SELECT 1")).await.expect("planned");
        let plan: serde_json::Value = serde_json::from_str(plan.row(0).json(0).unwrap().unwrap()).expect("JSON");
        assert!(plan[0]["Plan"]["Plan Rows"].is_number());

        fixture.run("CREATE TYPE mood AS ENUM ('sad', 'happy')").await.expect("created");
        fixture.run("CREATE DOMAIN small AS integer CHECK (VALUE < 10)").await.expect("created");
        let sql = "SELECT 'happy'::mood, 3::small, 'infinity'::timestamptz, '-infinity'::date, 'NaN'::numeric, \
                   'Infinity'::numeric, 1::numeric(30,2), '[1]'::json, 1e40::numeric, 1e-40::numeric";
        let rows = fixture.database.session().fetch(&select(sql)).await.expect("read");
        let row = rows.row(0);
        assert_eq!(row.text(0).unwrap(), Some("happy"));
        assert_eq!(row.i32(1).unwrap(), Some(3));
        row.timestamp(2).expect_err("infinity");
        row.date(3).expect_err("infinity");
        row.decimal(4).expect_err("not a number");
        row.decimal(5).expect_err("infinity");
        assert_eq!(row.decimal(6).unwrap().unwrap().to_string(), "1.00");
        assert_eq!(row.json(7).unwrap(), Some("[1]"));
        row.decimal(8).expect_err("beyond a decimal");
        assert!(row.decimal(9).is_err() || row.decimal(9).unwrap() == Some(Decimal::ZERO), "below a decimal");
    })
    .await;
}
