//! Rows of join models for many rows at once.

use std::collections::HashSet;

use chrono::{SubsecRound, Utc};
use sea_query::{Expr, ExprTrait, Query, Value as Bound, ValueTuple};

use super::link::Join;
use super::soft_delete::marked;
use super::{Dialect, Statement, Verb, rows};
use crate::model::{RelationMeta, Value};

/// Connects rows with targets, at least one pair of [`Link::local`](crate::model::Link::local) and a target's key. A
/// connection that is there already stays as it is, and a deleted one comes back.
///
/// # Panics
///
/// If the relation has no join model.
#[must_use]
pub fn link_many(relation: &'static RelationMeta, pairs: &[(&[Value], &[Value])], dialect: Dialect) -> Statement {
    let join = Join::of(relation, dialect);
    let columns = join.set_columns();
    let mut seen = HashSet::new();
    let rows: Vec<Vec<Bound>> = pairs
        .iter()
        .filter(|pair| seen.insert(format!("{pair:?}")))
        .map(|(local, foreign)| columns.iter().map(|index| join.bound(*index, local, foreign, dialect)).collect())
        .collect();

    let mut statement = join.table.insert();
    statement.columns(columns.iter().map(|index| join.column(*index).name));
    if join.is_key() {
        for row in rows {
            statement.values(row.into_iter().map(Expr::val)).expect("a value for each column");
        }
    } else {
        statement.select_from(join.missing(rows, &columns)).expect("a value for each column");
    }
    statement.on_conflict(join.on_conflict());
    Statement::build(Verb::Insert, join.table.model, &statement, dialect)
}

/// Removes the connections of the rows `locals` but for those in `keep`; a join model that keeps its deleted rows marks them.
///
/// # Panics
///
/// If the relation has no join model.
#[must_use]
pub fn unlink_many(
    relation: &'static RelationMeta,
    locals: &[Vec<Value>],
    keep: &[(&[Value], &[Value])],
    dialect: Dialect,
) -> Statement {
    let join = Join::of(relation, dialect);
    let mut condition = rows::are_in(&join.table, join.local, locals, dialect);
    if !keep.is_empty() {
        let keys = join.keys();
        let kept = keep.iter().map(|(local, foreign)| {
            ValueTuple::Many(keys.iter().map(|index| join.bound(*index, local, foreign, dialect)).collect())
        });
        let mut pairs = Query::select();
        pairs.columns((1..=keys.len()).map(|place| format!("column{place}"))).from_values(kept, "kept");
        condition = condition.and(Expr::tuple(join.table.at(&keys)).not_in_subquery(pairs));
    }
    let table = join.table;
    if table.model.deleted_at().is_some() {
        let now = Utc::now().trunc_subsecs(6);
        let statement = marked(&table, &Value::Timestamp(now), &[], now, dialect).and_where(condition).to_owned();
        return Statement::build(Verb::Update, table.model, &statement, dialect);
    }
    let statement = table.delete().and_where(condition).to_owned();
    Statement::build(Verb::Delete, table.model, &statement, dialect)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{BOOKS, NOTES};
    use crate::sql::statement::assert_sql;

    const BOOK: &[Value] = &[Value::I64(7)];
    const OTHER: &[Value] = &[Value::I64(8)];

    #[test]
    fn links_of_many_rows_are_one_statement() {
        let tag = [Value::Text("a".to_owned())];
        assert_sql(
            |dialect| link_many(&BOOKS.relations[4], &[(BOOK, &tag), (OTHER, &tag), (BOOK, &tag)], dialect),
            r#"INSERT INTO "book_tags" ("book_id", "tag_name") VALUES (?, ?), (?, ?) ON CONFLICT  DO NOTHING"#,
            r#"INSERT INTO "book_tags" ("book_id", "tag_name") VALUES ($1, $2), ($3, $4) ON CONFLICT  DO NOTHING"#,
        );
        let author = [Value::I64(1)];
        let with_key = link_many(&BOOKS.relations[0], &[(BOOK, &author), (OTHER, &author)], Dialect::Postgres);
        assert!(with_key.sql.contains("FROM (VALUES ($1, $2, $3), ($4, $5, $6)) AS \"new\" WHERE NOT EXISTS"));
    }

    #[test]
    fn links_that_are_not_kept_are_removed_from_all_rows() {
        let tag = [Value::Text("a".to_owned())];
        assert_sql(
            |dialect| unlink_many(&BOOKS.relations[4], &[BOOK.to_vec(), OTHER.to_vec()], &[(OTHER, &tag)], dialect),
            r#"DELETE FROM "book_tags" WHERE "book_id" IN (?, ?) AND ("book_id", "tag_name") NOT IN (SELECT "column1", "column2" FROM (VALUES (?, ?)) AS "kept")"#,
            r#"DELETE FROM "book_tags" WHERE "book_id" = ANY($1) AND ("book_id", "tag_name") NOT IN (SELECT "column1", "column2" FROM (VALUES ($2, $3)) AS "kept")"#,
        );
    }

    #[test]
    fn links_that_stay_are_marked_and_come_back() {
        let tag = |name: &str| [Value::Text(name.to_owned())];
        assert_sql(
            |dialect| link_many(&NOTES.relations[2], &[(BOOK, &tag("a")), (OTHER, &tag("b"))], dialect),
            r#"INSERT INTO "note_tags" ("note_id", "tag_name") VALUES (?, ?), (?, ?) ON CONFLICT ("note_id", "tag_name") DO UPDATE SET "deleted_at" = NULL WHERE "note_tags"."deleted_at" IS NOT NULL"#,
            r#"INSERT INTO "note_tags" ("note_id", "tag_name") VALUES ($1, $2), ($3, $4) ON CONFLICT ("note_id", "tag_name") DO UPDATE SET "deleted_at" = NULL WHERE "note_tags"."deleted_at" IS NOT NULL"#,
        );
        assert_sql(
            |dialect| unlink_many(&NOTES.relations[2], &[BOOK.to_vec()], &[(BOOK, &tag("a"))], dialect),
            r#"UPDATE "note_tags" SET "deleted_at" = ? WHERE "deleted_at" IS NULL AND ("note_id" IN (?) AND ("note_id", "tag_name") NOT IN (SELECT "column1", "column2" FROM (VALUES (?, ?)) AS "kept"))"#,
            r#"UPDATE "note_tags" SET "deleted_at" = $1 WHERE "deleted_at" IS NULL AND ("note_id" = ANY($2) AND ("note_id", "tag_name") NOT IN (SELECT "column1", "column2" FROM (VALUES ($3, $4)) AS "kept"))"#,
        );
    }
}
