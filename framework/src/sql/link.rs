//! Rows of join models, which connect the rows of a many-to-many.

use chrono::{SubsecRound, Utc};
use sea_query::{Expr, ExprTrait, Keyword, OnConflict, Query, SelectStatement, Value as Bound, ValueTuple};
use uuid::Uuid;

use super::filter::{all_equal, has_values};
use super::link_many::link_many;
use super::soft_delete::marked;
use super::table::Table;
use super::{Dialect, Statement, Verb, bind, rows, version};
use crate::model::{ColumnMeta, ColumnValue, Generated, Link, RelationMeta, Value};

/// Connects the row whose [`Link::local`] are `local` with the targets whose [`Link::foreign`] are `foreign`, at least one,
/// by rows of the join model. A connection that is there already stays as it is.
///
/// # Panics
///
/// If the relation has no join model.
#[must_use]
pub fn link(relation: &'static RelationMeta, local: &[Value], foreign: &[Vec<Value>], dialect: Dialect) -> Statement {
    let pairs: Vec<(&[Value], &[Value])> = foreign.iter().map(|key| (local, key.as_slice())).collect();
    link_many(relation, &pairs, dialect)
}

/// Removes the connections of that row to targets that are not in `keep`; a join model that keeps its deleted rows marks them.
///
/// # Panics
///
/// If the relation has no join model.
#[must_use]
pub fn unlink(relation: &'static RelationMeta, local: &[Value], keep: &[Vec<Value>], dialect: Dialect) -> Statement {
    let Join { table, local: columns, foreign } = Join::of(relation, dialect);
    let mut condition = has_values(&table, columns, local, dialect);
    if !keep.is_empty() {
        condition = condition.and(rows::are_not_in(&table, foreign, keep, dialect));
    }
    if table.model.deleted_at().is_some() {
        let now = Utc::now().trunc_subsecs(6);
        let statement = marked(&table, &Value::Timestamp(now), &[], now, dialect).and_where(condition).to_owned();
        return Statement::build(Verb::Update, table.model, &statement, dialect);
    }
    let statement = table.delete().and_where(condition).to_owned();
    Statement::build(Verb::Delete, table.model, &statement, dialect)
}

/// The join model of a relation.
pub(super) struct Join {
    pub(super) table: Table,
    /// Hold the key of this side.
    pub(super) local: &'static [usize],
    /// Hold the key of the target.
    pub(super) foreign: &'static [usize],
}

impl Join {
    #[expect(clippy::panic, reason = "the macros give keys to many-to-many relations only, which have a join model")]
    pub(super) fn of(relation: &RelationMeta, dialect: Dialect) -> Self {
        let Link::Through { model, through_local, through_foreign, .. } = relation.link else {
            panic!("the relation {} has no join model", relation.field)
        };
        Self { table: Table::new(model(), dialect), local: through_local, foreign: through_foreign }
    }

    pub(super) fn column(&self, index: usize) -> &'static ColumnMeta {
        &self.table.model.columns[index]
    }

    /// The columns of the two keys, each once: they may share some, as a tenant that both rows belong to.
    pub(super) fn keys(&self) -> Vec<usize> {
        let foreign = self.foreign.iter().filter(|index| !self.local.contains(index));
        self.local.iter().chain(foreign).copied().collect()
    }

    /// The columns that a new connection sets: the two keys, and what the database does not fill in.
    pub(super) fn set_columns(&self) -> Vec<usize> {
        let keys = self.keys();
        let others = (0..self.table.model.columns.len()).filter(|index| !keys.contains(index));
        let others: Vec<usize> = others.filter(|index| first_value(self.column(*index)).is_some()).collect();
        keys.into_iter().chain(others).collect()
    }

    pub(super) fn bound(&self, index: usize, local: &[Value], foreign: &[Value], dialect: Dialect) -> Bound {
        let of = |indexes: &[usize], values: &[Value]| {
            let place = indexes.iter().position(|known| *known == index)?;
            values.get(place).cloned()
        };
        let column = self.column(index);
        let value = of(self.local, local).or_else(|| of(self.foreign, foreign)).or_else(|| first_value(column));
        bind::value(column, &value.unwrap_or(Value::Null), dialect)
    }

    /// Whether the two keys are the primary key, so that the database itself refuses a second connection.
    pub(super) fn is_key(&self) -> bool {
        let (keys, key) = (self.keys(), self.table.model.key);
        key.len() == keys.len() && keys.iter().all(|index| key.contains(index))
    }

    /// What becomes of a connection that is there: nothing, and a deleted one comes back.
    pub(super) fn on_conflict(&self) -> OnConflict {
        let revived = self.table.model.deleted_at().filter(|_| self.is_key());
        let Some(deleted_at) = revived else { return OnConflict::new().do_nothing().to_owned() };
        let written = self.table.model.columns.iter().filter(|column| column.generated == Some(Generated::UpdatedAt));
        OnConflict::columns(self.table.model.key_columns().map(|column| column.name))
            .value(deleted_at.name, Expr::Keyword(Keyword::Null))
            .values(version::next(&self.table).map(|(column, next)| (column.name, next)))
            .update_columns(written.map(|column| column.name))
            .action_and_where(self.table.qualified(deleted_at).is_not_null())
            .to_owned()
    }

    /// Those of the rows whose connection is not there yet. Both databases call the columns of VALUES `column1`, `column2`.
    pub(super) fn missing(&self, rows: Vec<Vec<Bound>>, columns: &[usize]) -> SelectStatement {
        let new = |place: usize| Expr::col(("new", format!("column{place}")));
        let keys = self.keys();
        let mut existing = self.table.read();
        existing.expr(Expr::Constant(1.into())).and_where(all_equal(self.table.at(&keys), (1..=keys.len()).map(new)));
        Query::select()
            .exprs((1..=columns.len()).map(new))
            .from_values(rows.into_iter().map(ValueTuple::Many), "new")
            .and_where(Expr::exists(existing).not())
            .to_owned()
    }
}

/// What the framework sets in a new row without being asked.
fn first_value(column: &ColumnMeta) -> Option<Value> {
    match column.generated {
        Some(Generated::UuidV7) => Some(Value::Uuid(Uuid::now_v7())),
        Some(Generated::CreatedAt | Generated::UpdatedAt) => Some(Utc::now().to_value()),
        Some(Generated::Version) => Some(version::first(column)),
        Some(Generated::Database | Generated::DeletedAt | Generated::Expression(_)) => None,
        None => column.default.map(|default| default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{BOOK_TAGS, BOOKS, NOTES};
    use crate::sql::statement::assert_sql;

    const BOOK: [Value; 1] = [Value::I64(7)];

    fn names(names: &[&str]) -> Vec<Vec<Value>> {
        names.iter().map(|name| vec![Value::Text((*name).to_owned())]).collect()
    }

    #[test]
    fn links_that_are_the_key_are_left_to_the_database() {
        assert_sql(
            |dialect| link(&BOOKS.relations[4], &BOOK, &names(&["a", "b", "a"]), dialect),
            r#"INSERT INTO "book_tags" ("book_id", "tag_name") VALUES (?, ?), (?, ?) ON CONFLICT  DO NOTHING"#,
            r#"INSERT INTO "book_tags" ("book_id", "tag_name") VALUES ($1, $2), ($3, $4) ON CONFLICT  DO NOTHING"#,
        );
    }

    #[test]
    fn links_with_a_key_of_their_own_are_made_where_there_is_none_yet() {
        assert_sql(
            |dialect| link(&BOOKS.relations[0], &BOOK, &[vec![Value::I64(1)]], dialect),
            r#"INSERT INTO "credits" ("book_id", "author_id", "role") SELECT "new"."column1", "new"."column2", "new"."column3" FROM (VALUES (?, ?, ?)) AS "new" WHERE NOT EXISTS(SELECT 1 FROM "credits" WHERE "book_id" = "new"."column1" AND "author_id" = "new"."column2") ON CONFLICT  DO NOTHING"#,
            r#"INSERT INTO "credits" ("book_id", "author_id", "role") SELECT "new"."column1", "new"."column2", "new"."column3" FROM (VALUES ($1, $2, $3)) AS "new" WHERE NOT EXISTS(SELECT 1 FROM "credits" WHERE "book_id" = "new"."column1" AND "author_id" = "new"."column2") ON CONFLICT  DO NOTHING"#,
        );
    }

    #[test]
    fn a_column_that_both_keys_share_is_set_once() {
        let text = |text: &str| Value::Text(text.to_owned());
        let (own, other) = ([Value::I64(7), text("a")], vec![vec![Value::I64(7), text("b")]]);
        assert_sql(
            |dialect| link(&BOOK_TAGS.relations[3], &own, &other, dialect),
            r#"INSERT INTO "similar" ("book_id", "tag_name", "other_name") VALUES (?, ?, ?) ON CONFLICT  DO NOTHING"#,
            r#"INSERT INTO "similar" ("book_id", "tag_name", "other_name") VALUES ($1, $2, $3) ON CONFLICT  DO NOTHING"#,
        );
        assert_sql(
            |dialect| unlink(&BOOK_TAGS.relations[3], &own, &other, dialect),
            r#"DELETE FROM "similar" WHERE "book_id" = ? AND "tag_name" = ? AND ("book_id", "other_name") NOT IN (SELECT json_extract("value", '$[0]'), json_extract("value", '$[1]') FROM json_each(?) AS "rows")"#,
            r#"DELETE FROM "similar" WHERE "book_id" = $1 AND "tag_name" = $2 AND ("book_id", "other_name") NOT IN (SELECT unnest($3), unnest($4))"#,
        );
    }

    #[test]
    fn links_that_stay_are_marked_and_come_back() {
        assert_sql(
            |dialect| link(&NOTES.relations[2], &BOOK, &names(&["a"]), dialect),
            r#"INSERT INTO "note_tags" ("note_id", "tag_name") VALUES (?, ?) ON CONFLICT ("note_id", "tag_name") DO UPDATE SET "deleted_at" = NULL WHERE "note_tags"."deleted_at" IS NOT NULL"#,
            r#"INSERT INTO "note_tags" ("note_id", "tag_name") VALUES ($1, $2) ON CONFLICT ("note_id", "tag_name") DO UPDATE SET "deleted_at" = NULL WHERE "note_tags"."deleted_at" IS NOT NULL"#,
        );
        assert_sql(
            |dialect| unlink(&NOTES.relations[2], &BOOK, &names(&["a"]), dialect),
            r#"UPDATE "note_tags" SET "deleted_at" = ? WHERE "deleted_at" IS NULL AND ("note_id" = ? AND "tag_name" NOT IN (?))"#,
            r#"UPDATE "note_tags" SET "deleted_at" = $1 WHERE "deleted_at" IS NULL AND ("note_id" = $2 AND "tag_name" <> ALL($3))"#,
        );
    }

    #[test]
    fn all_but_the_kept_links_are_removed() {
        assert_sql(
            |dialect| unlink(&BOOKS.relations[4], &BOOK, &names(&["a"]), dialect),
            r#"DELETE FROM "book_tags" WHERE "book_id" = ? AND "tag_name" NOT IN (?)"#,
            r#"DELETE FROM "book_tags" WHERE "book_id" = $1 AND "tag_name" <> ALL($2)"#,
        );
        assert_sql(
            |dialect| unlink(&BOOKS.relations[4], &BOOK, &[], dialect),
            r#"DELETE FROM "book_tags" WHERE "book_id" = ?"#,
            r#"DELETE FROM "book_tags" WHERE "book_id" = $1"#,
        );
    }
}
