use super::*;
use crate::fixtures::{BOOK_TAGS, REVIEWS, SERIES, TAGS, column, model};
use crate::model::{Access, ColumnType, Operator};
use crate::sql::statement::assert_sql;

/// An integer key that the database makes, a text, a version.
static NOTES: ModelMeta = model(
    "Note",
    "notes",
    &[
        ColumnMeta { generated: Some(Generated::Database), ..column("id", ColumnType::I64) },
        column("text", ColumnType::Text),
        ColumnMeta {
            generated: Some(Generated::Version),
            access: Access::ReadOnly,
            ..column("version", ColumnType::I32)
        },
    ],
);

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn changed<'a>(key: &'a [Value], version: Option<i64>, columns: &[(usize, Value)]) -> Changed<'a> {
    Changed { target: Target { key, version }, columns: columns.to_vec(), counts: !columns.is_empty() }
}

#[test]
fn keys_that_the_database_makes_are_drawn_in_the_order_of_the_rows() {
    assert_sql(
        |dialect| insert(&SERIES, &[1], vec![vec![text("a")], vec![text("b")]], dialect),
        r#"INSERT INTO "library_series" ("name") VALUES (?), (?) RETURNING "id", "name", "parent_id""#,
        r#"INSERT INTO "library"."series" ("name") SELECT "new"."column1" FROM (VALUES ($1, $2), ($3, $4)) AS "new" ORDER BY "new"."column2" ASC RETURNING "id", "name", "parent_id""#,
    );
    assert_sql(
        |dialect| insert(&TAGS, &[0], vec![vec![text("a")], vec![text("b")]], dialect),
        r#"INSERT INTO "tags" ("name") VALUES (?), (?) RETURNING "name""#,
        r#"INSERT INTO "tags" ("name") VALUES ($1), ($2) RETURNING "name""#,
    );
}

#[test]
fn many_rows_may_set_nothing() {
    assert_sql(
        |dialect| insert(&SERIES, &[], vec![Vec::new(), Vec::new()], dialect),
        r#"INSERT INTO "library_series" ("id") VALUES (?), (?) RETURNING "id", "name", "parent_id""#,
        r#"INSERT INTO "library"."series" VALUES (DEFAULT), (DEFAULT) RETURNING "id", "name", "parent_id""#,
    );
}

#[test]
fn rows_that_set_the_same_columns_need_no_flags() {
    let keys = [[Value::I64(1)], [Value::I64(2)]];
    let rows = [changed(&keys[0], None, &[(1, text("a"))]), changed(&keys[1], None, &[(1, text("b"))])];
    assert_sql(
        |dialect| update(&SERIES, &rows, &Filter::everything(), dialect),
        r#"UPDATE "library_series" SET "name" = "new"."column2" FROM (VALUES (?, ?), (?, ?)) AS "new" WHERE "library_series"."id" = "new"."column1" RETURNING "library_series"."id", "library_series"."name", "library_series"."parent_id""#,
        r#"UPDATE "library"."series" SET "name" = "new"."column2" FROM (VALUES ($1, $2), ($3, $4)) AS "new" WHERE "library"."series"."id" = "new"."column1" AND "library"."series"."id" IN (SELECT "id" FROM "library"."series" WHERE "id" = ANY($5) ORDER BY "id" ASC FOR NO KEY UPDATE) RETURNING "library"."series"."id", "library"."series"."name", "library"."series"."parent_id""#,
    );
}

#[test]
fn rows_that_set_different_columns_share_a_statement_and_null_has_a_type() {
    let keys = [[Value::I64(1)], [Value::I64(2)]];
    let rows =
        [changed(&keys[0], None, &[(1, text("a"))]), changed(&keys[1], None, &[(1, text("b")), (2, Value::Null)])];
    let statement = update(&SERIES, &rows, &Filter::everything(), Dialect::Postgres);
    let set = r#"SET "name" = "new"."column2", "parent_id" = (CASE WHEN ("new"."column4") THEN "new"."column3" ELSE "library"."series"."parent_id" END) FROM"#;
    assert!(statement.sql.contains(set), "{}", statement.sql);
    let set = [
        Bound::BigInt(Some(1)),
        Bound::String(Some("a".to_owned())),
        Bound::BigInt(None),
        Bound::Bool(Some(false)),
        Bound::BigInt(Some(2)),
        Bound::String(Some("b".to_owned())),
        Bound::BigInt(None),
        Bound::Bool(Some(true)),
    ];
    assert_eq!(statement.values.0[..8], set);
    assert_eq!(statement.values.0.len(), 9, "and the keys of the rows that are locked");
}

#[test]
fn a_version_counts_and_is_compared() {
    let keys = [[Value::I64(1)], [Value::I64(2)]];
    let one = [changed(&keys[0], Some(3), &[(1, text("a"))])];
    let statement = update(&NOTES, &one, &Filter::everything(), Dialect::Sqlite);
    let expected = r#"UPDATE "notes" SET "text" = "new"."column2", "version" = "notes"."version" + 1 FROM (VALUES (?, ?, ?)) AS "new" WHERE "notes"."id" = "new"."column1" AND "notes"."version" = "new"."column3" RETURNING"#;
    assert!(statement.sql.starts_with(expected), "{}", statement.sql);
    assert_eq!(statement.values.0[2], Bound::Int(Some(3)));

    let mixed = [one[0].clone(), changed(&keys[1], None, &[])];
    let statement = update(&NOTES, &mixed, &Filter::everything(), Dialect::Sqlite);
    let counts = r#""version" = (CASE WHEN ("new"."column4") THEN "notes"."version" + 1 ELSE "notes"."version" END)"#;
    assert!(statement.sql.contains(counts), "{}", statement.sql);
    let compared = r#"("new"."column5" IS NULL OR "notes"."version" = "new"."column5")"#;
    assert!(statement.sql.contains(compared), "{}", statement.sql);
}

#[test]
fn rows_are_deleted_by_their_keys_and_versions() {
    let keys = [[Value::I64(1)], [Value::I64(2)]];
    let target = |index: usize, version| Target { key: &keys[index], version };
    let start = r#"DELETE FROM "notes" WHERE"#;
    let of = |rows: &[Target<'_>], dialect| delete(&NOTES, rows, &Filter::everything(), dialect).sql;
    let plain = [target(0, None), target(1, None)];
    assert!(of(&plain, Dialect::Sqlite).starts_with(&format!(r#"{start} "id" IN (?, ?) RETURNING"#)));
    let locked = |number: u8| {
        format!(
            r#""notes"."id" IN (SELECT "id" FROM "notes" WHERE "id" = ANY(${number}) ORDER BY "id" ASC FOR UPDATE)"#
        )
    };
    let expected = format!(r#"{start} "id" = ANY($1) AND {} RETURNING"#, locked(2));
    assert!(of(&plain, Dialect::Postgres).starts_with(&expected));
    assert!(!of(&plain[..1], Dialect::Postgres).contains("FOR UPDATE"), "one row is locked before no other");
    let mixed = of(&[target(0, Some(7)), target(1, None)], Dialect::Postgres);
    let expected = r#""id" = ANY($1) OR ("id", "version") IN (SELECT "new"."column1", "new"."column2" FROM (VALUES ($2, $3)) AS "new")"#;
    assert!(mixed.contains(expected), "{mixed}");
    let filter = Filter::compare(&NOTES.columns[1], Operator::Ne, vec![text("kept")]);
    let narrowed = delete(&NOTES, &[target(0, Some(7)), target(1, None)], &filter, Dialect::Postgres).sql;
    assert!(narrowed.contains(&format!("WHERE ({expected}) AND {} AND \"text\" <> $5", locked(4))), "{narrowed}");
    assert!(of(&[], Dialect::Sqlite).starts_with(&format!("{start} FALSE RETURNING")));
}

#[test]
fn a_composite_key_is_a_tuple_and_the_filter_holds_too() {
    let filter = Filter::compare(&BOOK_TAGS.columns[1], Operator::Ne, vec![text("kept")]);
    let key = [Value::I64(1), text("a")];
    assert_sql(
        |dialect| select(&BOOK_TAGS, BOOK_TAGS.key, &[&key], &filter, Deleted::Exclude, true, dialect),
        r#"SELECT "book_id", "tag_name" FROM "book_tags" WHERE ("book_id", "tag_name") IN (SELECT "new"."column1", "new"."column2" FROM (VALUES (?, ?)) AS "new") AND "tag_name" <> ?"#,
        r#"SELECT "book_id", "tag_name" FROM "book_tags" WHERE ("book_id", "tag_name") IN (SELECT "new"."column1", "new"."column2" FROM (VALUES ($1, $2)) AS "new") AND "tag_name" <> $3 ORDER BY "book_id" ASC, "tag_name" COLLATE "C" ASC FOR UPDATE"#,
    );
}

#[test]
fn what_is_there_is_asked_for_by_values() {
    let values = [[Value::I64(1)], [Value::I64(2)]];
    let values: Vec<&[Value]> = values.iter().map(<[Value; 1]>::as_slice).collect();
    assert_sql(
        |dialect| with_values(&REVIEWS, &[1], &values, dialect),
        r#"SELECT "book_id", "id" FROM "reviews" WHERE "book_id" IN (?, ?)"#,
        r#"SELECT "book_id", "id" FROM "reviews" WHERE "book_id" = ANY($1)"#,
    );
    assert_sql(
        |dialect| present(&REVIEWS, &[1], &[&[Value::I64(1)]], dialect),
        r#"SELECT DISTINCT "book_id" FROM "reviews" WHERE "book_id" IN (?)"#,
        r#"SELECT DISTINCT "book_id" FROM "reviews" WHERE "book_id" = ANY($1)"#,
    );
}
