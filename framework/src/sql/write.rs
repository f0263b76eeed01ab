//! Changing rows. Statements answer with all columns of the changed rows in their order (RETURNING).

use sea_query::Values;

use super::filter::{condition, has_key};
use super::quote::push_quoted;
use super::table::{Table, push_name};
use super::{Dialect, Statement, Verb, bind, version};
use crate::model::{ModelMeta, Value};
use crate::query::{Deleted, Filter};

/// Inserts rows that set the same columns, given by index; `rows` has a value for each of them.
#[must_use]
pub fn insert(model: &'static ModelMeta, columns: &[usize], rows: Vec<Vec<Value>>, dialect: Dialect) -> Statement {
    if columns.is_empty() {
        return insert_defaults(model, dialect);
    }
    // Word by word, for a create is mostly this: a tree of the statement costs three times as much as its text.
    let mut sql = String::with_capacity(64 + 24 * (columns.len() + model.columns.len()));
    let mut values = Vec::with_capacity(columns.len() * rows.len());
    sql.push_str("INSERT INTO ");
    push_name(model, dialect, &mut sql);
    sql.push_str(" (");
    push_list(&mut sql, columns, |sql, index| push_quoted(model.columns[*index].name, sql));
    sql.push_str(") VALUES ");
    push_list(&mut sql, rows, |sql, row| {
        let mut row = row.into_iter();
        sql.push('(');
        push_list(sql, columns, |sql, index| {
            let (column, value) = (&model.columns[*index], row.next().unwrap_or(Value::Null));
            match (&value, column.database_default, dialect) {
                (Value::DatabaseDefault, Some(_), Dialect::Postgres) => sql.push_str("DEFAULT"),
                // SQLite has no such word beside values.
                (Value::DatabaseDefault, Some(default), Dialect::Sqlite) => {
                    sql.extend(["(", default.sqlite, ")"]);
                }
                _ => {
                    values.push(bind::owned(column, value, dialect));
                    push_placeholder(sql, values.len(), dialect);
                }
            }
        });
        sql.push(')');
    });
    sql.push_str(" RETURNING ");
    push_list(&mut sql, model.columns, |sql, column| push_quoted(column.name, sql));
    Statement { sql, values: Values(values), verb: Verb::Insert, model: model.name }
}

/// SQLite has no way to say this for several rows at once; a caller inserts them one by one.
fn insert_defaults(model: &'static ModelMeta, dialect: Dialect) -> Statement {
    let table = Table::new(model, dialect);
    let mut statement = table.insert();
    statement.returning(table.returning()).or_default_values();
    Statement::build(Verb::Insert, model, &statement, dialect)
}

fn push_list<T>(sql: &mut String, items: impl IntoIterator<Item = T>, mut push: impl FnMut(&mut String, T)) {
    for (place, item) in items.into_iter().enumerate() {
        if place > 0 {
            sql.push_str(", ");
        }
        push(sql, item);
    }
}

fn push_placeholder(sql: &mut String, number: usize, dialect: Dialect) {
    match dialect {
        Dialect::Sqlite => sql.push('?'),
        Dialect::Postgres => {
            sql.push('$');
            sql.push_str(itoa::Buffer::new().format(number));
        }
    }
}

/// Changes at least one column of the row with this primary key, if `filter` holds for it; a version counts the change by
/// itself.
#[must_use]
pub fn update(
    model: &'static ModelMeta,
    key: &[Value],
    columns: &[(usize, Value)],
    filter: &Filter,
    dialect: Dialect,
) -> Statement {
    let table = Table::new(model, dialect);
    let mut statement = table.update();
    for (index, value) in columns {
        let column = &model.columns[*index];
        statement.value(column.name, bind::expr(column, value, dialect));
    }
    if let Some((column, next)) = version::next(&table) {
        statement.value(column.name, next);
    }
    statement.and_where(has_key(&table, key, dialect)).returning(table.returning());
    statement.and_where_option(condition(filter, &table, dialect));
    Statement::build(Verb::Update, model, &statement, dialect)
}

/// Removes the row with this primary key, if it is shown and `filter` holds for it.
#[must_use]
pub fn delete(
    model: &'static ModelMeta,
    key: &[Value],
    filter: &Filter,
    deleted: Deleted,
    dialect: Dialect,
) -> Statement {
    let table = Table::new(model, dialect).showing(deleted);
    let mut statement = table.delete();
    statement.and_where(has_key(&table, key, dialect)).returning(table.returning());
    statement.and_where_option(condition(filter, &table, dialect));
    Statement::build(Verb::Delete, model, &statement, dialect)
}

pub use super::link::{link, unlink};
pub use super::link_many::{link_many, unlink_many};

#[cfg(test)]
mod tests {
    use sea_query::Value as Bound;

    use super::*;
    use crate::fixtures::{BOOK_TAGS, SERIES, TAGS, column, model};
    use crate::model::{ColumnMeta, ColumnType, Expression, Operator};
    use crate::sql::statement::assert_sql;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn rows_are_inserted_together() {
        assert_sql(
            |dialect| insert(&TAGS, &[0], vec![vec![text("a")], vec![text("b")]], dialect),
            r#"INSERT INTO "tags" ("name") VALUES (?), (?) RETURNING "name""#,
            r#"INSERT INTO "tags" ("name") VALUES ($1), ($2) RETURNING "name""#,
        );
    }

    #[test]
    fn a_row_is_inserted_into_the_table_of_its_schema_and_null_has_a_type() {
        let make = |dialect| insert(&SERIES, &[1, 2], vec![vec![text("Dune"), Value::Null]], dialect);
        assert_sql(
            make,
            r#"INSERT INTO "library_series" ("name", "parent_id") VALUES (?, ?) RETURNING "id", "name", "parent_id""#,
            r#"INSERT INTO "library"."series" ("name", "parent_id") VALUES ($1, $2) RETURNING "id", "name", "parent_id""#,
        );
        assert_eq!(make(Dialect::Postgres).values.0, [Bound::String(Some("Dune".to_owned())), Bound::BigInt(None)]);
    }

    #[test]
    fn a_row_may_be_all_defaults() {
        assert_sql(
            |dialect| insert(&TAGS, &[], vec![Vec::new()], dialect),
            r#"INSERT INTO "tags" DEFAULT VALUES RETURNING "name""#,
            r#"INSERT INTO "tags" VALUES (DEFAULT) RETURNING "name""#,
        );
    }

    #[test]
    fn an_update_sets_what_is_named_and_null_has_a_type() {
        let make = |dialect| {
            let changes = [(1, text("Dune")), (2, Value::Null)];
            update(&SERIES, &[Value::I64(7)], &changes, &Filter::everything(), dialect)
        };
        assert_sql(
            make,
            r#"UPDATE "library_series" SET "name" = ?, "parent_id" = ? WHERE "id" = ? RETURNING "id", "name", "parent_id""#,
            r#"UPDATE "library"."series" SET "name" = $1, "parent_id" = $2 WHERE "id" = $3 RETURNING "id", "name", "parent_id""#,
        );
        let values = [Bound::String(Some("Dune".to_owned())), Bound::BigInt(None), Bound::BigInt(Some(7))];
        assert_eq!(make(Dialect::Postgres).values.0, values);
    }

    #[test]
    fn a_default_of_the_database_is_a_word_or_its_expression() {
        static LOANS: ModelMeta = model(
            "Loan",
            "loans",
            &[
                column("id", ColumnType::I64),
                ColumnMeta {
                    database_default: Some(Expression { sqlite: "lower('NEW')", postgres: "'new'" }),
                    ..column("state", ColumnType::Text)
                },
            ],
        );
        assert_sql(
            |dialect| {
                let rows = vec![vec![Value::I64(1), text("old")], vec![Value::I64(2), LOANS.columns[1].absent()]];
                insert(&LOANS, &[0, 1], rows, dialect)
            },
            r#"INSERT INTO "loans" ("id", "state") VALUES (?, ?), (?, (lower('NEW'))) RETURNING "id", "state""#,
            r#"INSERT INTO "loans" ("id", "state") VALUES ($1, $2), ($3, DEFAULT) RETURNING "id", "state""#,
        );
        assert_sql(
            |dialect| {
                let columns = [(1, Value::DatabaseDefault)];
                update(&LOANS, &[Value::I64(1)], &columns, &Filter::everything(), dialect)
            },
            r#"UPDATE "loans" SET "state" = (lower('NEW')) WHERE "id" = ? RETURNING "id", "state""#,
            r#"UPDATE "loans" SET "state" = DEFAULT WHERE "id" = $1 RETURNING "id", "state""#,
        );
    }

    #[test]
    fn a_delete_needs_the_whole_key_and_the_filter() {
        let filter = Filter::compare(&BOOK_TAGS.columns[1], Operator::Ne, vec![text("kept")]);
        assert_sql(
            |dialect| delete(&BOOK_TAGS, &[Value::I64(1), text("a")], &filter, Deleted::Exclude, dialect),
            r#"DELETE FROM "book_tags" WHERE "book_id" = ? AND "tag_name" = ? AND "tag_name" <> ? RETURNING "book_id", "tag_name""#,
            r#"DELETE FROM "book_tags" WHERE "book_id" = $1 AND "tag_name" = $2 AND "tag_name" <> $3 RETURNING "book_id", "tag_name""#,
        );
        let half = delete(&BOOK_TAGS, &[Value::I64(1)], &Filter::everything(), Deleted::Exclude, Dialect::Postgres);
        assert!(half.sql.starts_with(r#"DELETE FROM "book_tags" WHERE FALSE"#));
    }
}
