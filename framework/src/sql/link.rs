//! Rows of join models, which connect the rows of a many-to-many.

use std::collections::HashSet;

use chrono::Utc;
use sea_query::{Expr, ExprTrait, OnConflict, Query, SelectStatement, Value as Bound, ValueTuple};
use uuid::Uuid;

use super::filter::{all_equal, has_values};
use super::table::Table;
use super::{Dialect, Statement, Verb, bind, rows};
use crate::model::{ColumnMeta, ColumnValue, Generated, Link, RelationMeta, Value};

/// Connects the row whose [`Link::local`] are `local` with the targets whose [`Link::foreign`] are `foreign`, at least one,
/// by rows of the join model. A connection that is there already stays as it is.
///
/// # Panics
///
/// If the relation has no join model.
#[must_use]
pub fn link(relation: &'static RelationMeta, local: &[Value], foreign: &[Vec<Value>], dialect: Dialect) -> Statement {
    let join = Join::of(relation, dialect);
    let columns = join.set_columns();
    let mut seen = HashSet::new();
    let rows: Vec<Vec<Bound>> = foreign
        .iter()
        .filter(|values| seen.insert(format!("{values:?}")))
        .map(|values| columns.iter().map(|index| join.bound(*index, local, values, dialect)).collect())
        .collect();

    let mut statement = Query::insert();
    statement.into_table(join.table.reference()).columns(columns.iter().map(|index| join.column(*index).name));
    if join.is_key() {
        for row in rows {
            statement.values(row.into_iter().map(Expr::val)).expect("a value for each column");
        }
    } else {
        statement.select_from(join.missing(rows, &columns)).expect("a value for each column");
    }
    statement.on_conflict(OnConflict::new().do_nothing().to_owned());
    Statement::build(Verb::Insert, join.table.model, &statement, dialect)
}

/// Removes the connections of that row to targets that are not in `keep`.
///
/// # Panics
///
/// If the relation has no join model.
#[must_use]
pub fn unlink(relation: &'static RelationMeta, local: &[Value], keep: &[Vec<Value>], dialect: Dialect) -> Statement {
    let Join { table, local: columns, foreign } = Join::of(relation, dialect);
    let mut statement = Query::delete();
    statement.from_table(table.reference()).and_where(has_values(&table, columns, local, dialect));
    if !keep.is_empty() {
        statement.and_where(rows::are_not_in(&table, foreign, keep, dialect));
    }
    Statement::build(Verb::Delete, table.model, &statement, dialect)
}

/// The join model of a relation.
struct Join {
    table: Table,
    /// Hold the key of this side.
    local: &'static [usize],
    /// Hold the key of the target.
    foreign: &'static [usize],
}

impl Join {
    #[expect(clippy::panic, reason = "the macros give keys to many-to-many relations only, which have a join model")]
    fn of(relation: &RelationMeta, dialect: Dialect) -> Self {
        let Link::Through { model, through_local, through_foreign, .. } = relation.link else {
            panic!("the relation {} has no join model", relation.field)
        };
        Self { table: Table::new(model(), dialect), local: through_local, foreign: through_foreign }
    }

    fn column(&self, index: usize) -> &'static ColumnMeta {
        &self.table.model.columns[index]
    }

    /// The columns of the two keys, each once: they may share some, as a tenant that both rows belong to.
    fn keys(&self) -> Vec<usize> {
        let foreign = self.foreign.iter().filter(|index| !self.local.contains(index));
        self.local.iter().chain(foreign).copied().collect()
    }

    /// The columns that a new connection sets: the two keys, and what the database does not fill in.
    fn set_columns(&self) -> Vec<usize> {
        let keys = self.keys();
        let others = (0..self.table.model.columns.len()).filter(|index| !keys.contains(index));
        let others: Vec<usize> = others.filter(|index| first_value(self.column(*index)).is_some()).collect();
        keys.into_iter().chain(others).collect()
    }

    fn bound(&self, index: usize, local: &[Value], foreign: &[Value], dialect: Dialect) -> Bound {
        let of = |indexes: &[usize], values: &[Value]| {
            let place = indexes.iter().position(|known| *known == index)?;
            values.get(place).cloned()
        };
        let column = self.column(index);
        let value = of(self.local, local).or_else(|| of(self.foreign, foreign)).or_else(|| first_value(column));
        bind::value(column, &value.unwrap_or(Value::Null), dialect)
    }

    /// Whether the two keys are the primary key, so that the database itself refuses a second connection.
    fn is_key(&self) -> bool {
        let (keys, key) = (self.keys(), self.table.model.key);
        key.len() == keys.len() && keys.iter().all(|index| key.contains(index))
    }

    /// Those of the rows whose connection is not there yet. Both databases call the columns of VALUES `column1`, `column2`.
    fn missing(&self, rows: Vec<Vec<Bound>>, columns: &[usize]) -> SelectStatement {
        let new = |place: usize| Expr::col(("new", format!("column{place}")));
        let keys = self.keys();
        let existing = Query::select()
            .expr(Expr::Constant(1.into()))
            .from(self.table.reference())
            .and_where(all_equal(self.table.at(&keys), (1..=keys.len()).map(new)))
            .to_owned();
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
        Some(Generated::Database | Generated::Expression(_)) => None,
        None => column.default.map(|default| default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{BOOK_TAGS, BOOKS};
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
