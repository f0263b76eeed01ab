//! Inserting rows, and changing those that are there already by a unique key.

use sea_query::{Expr, ExprTrait, OnConflict};

use super::bulk::has_values;
use super::filter::condition;
use super::table::Table;
use super::{Dialect, Statement, Verb, bind, version};
use crate::model::{ColumnMeta, ModelMeta, Value};
use crate::query::Filter;

/// Rows that are inserted, or change the row that has their key. Columns are given by index.
pub struct Upsert<'a> {
    /// The model.
    pub model: &'static ModelMeta,
    /// The columns that a new row sets.
    pub columns: &'a [usize],
    /// A value for each of them; no two rows have one key.
    pub rows: &'a [Vec<Value>],
    /// The columns of the unique key, all of them set. A NULL in it equals no other.
    pub key: &'a [usize],
    /// The columns that are set in a row that is there, whose version counts it.
    pub update: &'a [usize],
    /// Which rows may be changed; of others, and of deleted rows with the same primary key, nothing is answered.
    pub filter: &'a Filter,
}

impl Upsert<'_> {
    /// The rows that have one of the keys. SQLite is asked before, since it does not tell afterwards what it did.
    #[must_use]
    pub fn existing(&self, dialect: Dialect) -> Statement {
        let table = Table::new(self.model, dialect);
        let statement =
            table.read().exprs(table.columns()).and_where(self.has_key_of(&table, &self.keys(), dialect)).to_owned();
        Statement::build(Verb::Select, self.model, &statement, dialect)
    }

    /// Inserts or changes. Behind its columns, at index `columns.len()`, each row says whether it is new. `existing` are the
    /// keys that were there; PostgreSQL knows that itself.
    #[must_use]
    pub fn statement(&self, existing: &[Vec<Value>], dialect: Dialect) -> Statement {
        let model = self.model;
        let table = Table::aliased(model, "target", dialect);
        let mut statement = table.insert();
        statement.columns(self.columns.iter().map(|index| model.columns[*index].name));
        for row in self.rows {
            let value = |(index, value): (&usize, &Value)| bind::expr(&model.columns[*index], value, dialect);
            statement.values(self.columns.iter().zip(row).map(value)).expect("a value for each column");
        }
        statement.on_conflict(self.on_conflict(&table, dialect));

        // SQLite knows the columns by their names alone here.
        let answered = Table::new(model, dialect);
        let created = self.created(&answered, existing, dialect);
        statement.returning(sea_query::Query::returning().exprs(answered.columns().chain([created])));
        Statement::build(Verb::Insert, model, &statement, dialect)
    }

    /// What is set in a row that is there, and in which.
    fn on_conflict(&self, table: &Table, dialect: Dialect) -> OnConflict {
        let names = |columns: &[usize]| columns.iter().map(|index| self.model.columns[*index].name).collect::<Vec<_>>();
        let mut conflict = OnConflict::columns(names(self.key));
        // The index of such a key does not have the deleted rows; that of the primary key has all.
        if !self.is_primary_key() {
            let deleted_at = self.model.deleted_at();
            conflict.target_and_where_option(deleted_at.map(|column| Expr::col(column.name).is_null()));
        }
        // A row that nothing was set in would not be answered.
        let update = if self.update.is_empty() { &self.key[..1] } else { self.update };
        conflict.update_columns(names(update));
        conflict.values(version::next(table).map(|(column, next)| (column.name, next)));
        conflict.action_and_where_option(table.shown());
        conflict.action_and_where_option(condition(self.filter, table, dialect));
        conflict
    }

    fn created(&self, table: &Table, existing: &[Vec<Value>], dialect: Dialect) -> Expr {
        match dialect {
            // Set once a row was changed or locked.
            Dialect::Postgres => Expr::cust("xmax = 0"),
            Dialect::Sqlite if existing.is_empty() => Expr::Constant(true.into()),
            Dialect::Sqlite => self.has_key_of(table, existing, dialect).not(),
        }
    }

    fn is_primary_key(&self) -> bool {
        self.model.key.len() == self.key.len() && self.model.key.iter().all(|index| self.key.contains(index))
    }

    /// The keys of the rows.
    fn keys(&self) -> Vec<Vec<Value>> {
        let places = self.key.iter().map(|index| self.columns.iter().position(|column| column == index));
        let places: Vec<usize> = places.flatten().collect();
        self.rows.iter().map(|row| places.iter().map(|place| row[*place].clone()).collect()).collect()
    }

    /// The key of the row is one of these.
    fn has_key_of(&self, table: &Table, keys: &[Vec<Value>], dialect: Dialect) -> Expr {
        let columns: Vec<&'static ColumnMeta> = self.key.iter().map(|index| &self.model.columns[*index]).collect();
        has_values(table, &columns, keys.iter().map(Vec::as_slice), dialect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{AUTHORS, BOOK_TAGS, NOTES, column, model};
    use crate::model::{ColumnType, Generated, Operator};
    use crate::sql::statement::assert_sql;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn a_row_that_is_there_takes_what_is_named() {
        let rows = [vec![text("Ann"), text("a@example.org"), text("active")]];
        let upsert = Upsert {
            model: &AUTHORS,
            columns: &[1, 2, 3],
            rows: &rows,
            key: &[2],
            update: &[1],
            filter: &Filter::everything(),
        };
        assert_sql(
            |dialect| upsert.statement(&[], dialect),
            r#"INSERT INTO "authors" AS "target" ("name", "email", "status") VALUES (?, ?, ?) ON CONFLICT ("email") DO UPDATE SET "name" = "excluded"."name" RETURNING "id", "name", "email", "status", "secret", "created_at", TRUE"#,
            r#"INSERT INTO "authors" AS "target" ("name", "email", "status") VALUES ($1, $2, $3) ON CONFLICT ("email") DO UPDATE SET "name" = "excluded"."name" RETURNING "id", "name", "email", "status", "secret", "created_at", xmax = 0"#,
        );
        let known = upsert.statement(&[vec![text("a@example.org")]], Dialect::Sqlite).sql;
        assert!(known.ends_with(r#""created_at", NOT "email" IN (?)"#), "{known}");
        let existing = upsert.existing(Dialect::Sqlite).sql;
        assert!(existing.ends_with(r#"FROM "authors" WHERE "email" IN (?)"#), "{existing}");
    }

    #[test]
    fn only_rows_that_are_shown_are_changed() {
        let rows = [vec![text("a"), text("x")], vec![text("b"), text("y")]];
        let filter = Filter::compare(&NOTES.columns[3], Operator::Ne, vec![text("mine")]);
        let upsert = Upsert { model: &NOTES, columns: &[1, 3], rows: &rows, key: &[1], update: &[3], filter: &filter };
        let sql = upsert.statement(&[], Dialect::Postgres).sql;
        let conflict = r#"VALUES ($1, $2), ($3, $4) ON CONFLICT ("slug") WHERE "deleted_at" IS NULL DO UPDATE SET "text" = "excluded"."text" WHERE "target"."deleted_at" IS NULL AND "target"."text" <> $5 RETURNING"#;
        assert!(sql.contains(conflict), "{sql}");
        let existing = upsert.existing(Dialect::Postgres).sql;
        assert!(existing.ends_with(r#"WHERE "deleted_at" IS NULL AND "slug" = ANY($1)"#), "{existing}");
    }

    #[test]
    fn a_change_is_counted() {
        static PAGES: ModelMeta = model(
            "Page",
            "pages",
            &[
                column("name", ColumnType::Text),
                ColumnMeta { generated: Some(Generated::Version), ..column("version", ColumnType::I32) },
            ],
        );
        let rows = [vec![text("a"), Value::I32(1)]];
        let filter = Filter::everything();
        let upsert = Upsert { model: &PAGES, columns: &[0, 1], rows: &rows, key: &[0], update: &[], filter: &filter };
        let sql = upsert.statement(&[], Dialect::Postgres).sql;
        let conflict = r#"DO UPDATE SET "name" = "excluded"."name", "version" = "target"."version" + 1 RETURNING"#;
        assert!(sql.contains(conflict), "{sql}");
    }

    #[test]
    fn a_key_alone_changes_nothing_and_is_answered() {
        let rows = [vec![Value::I64(1), text("sf")]];
        let upsert = Upsert {
            model: &BOOK_TAGS,
            columns: &[0, 1],
            rows: &rows,
            key: &[0, 1],
            update: &[],
            filter: &Filter::everything(),
        };
        let sql = upsert.statement(&rows, Dialect::Sqlite).sql;
        let expected = r#"ON CONFLICT ("book_id", "tag_name") DO UPDATE SET "book_id" = "excluded"."book_id" RETURNING "book_id", "tag_name", NOT ("book_id", "tag_name") IN (SELECT "new"."column1", "new"."column2" FROM (VALUES (?, ?)) AS "new")"#;
        assert!(sql.ends_with(expected), "{sql}");
    }
}
