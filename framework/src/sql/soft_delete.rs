//! Rows that are deleted and stay in their table, marked with the time.

use chrono::{DateTime, Utc};
use sea_query::{LockType, UpdateStatement};

use super::bulk::{Target, is_one_of};
use super::filter::{condition, has_key};
use super::table::Table;
use super::{Dialect, Statement, Verb, bind, lock, version};
use crate::model::{Generated, ModelMeta, Value};
use crate::query::{Deleted, Filter};

/// Marks rows as deleted, those for which `filter` holds, which have the version that they must have and are not deleted
/// yet.
#[must_use]
pub fn mark(
    model: &'static ModelMeta,
    rows: &[Target<'_>],
    now: DateTime<Utc>,
    filter: &Filter,
    dialect: Dialect,
) -> Statement {
    let table = Table::new(model, dialect);
    let mut statement = marked(&table, &Value::Timestamp(now), &[], now, dialect);
    let meant = match rows {
        [Target { key, version: None }] => has_key(&table, key, dialect),
        rows => is_one_of(&table, rows, dialect),
    };
    statement.and_where(meant).returning(table.returning());
    statement.and_where_option(lock::held(&table, rows.iter().map(|row| row.key), LockType::NoKeyUpdate, dialect));
    statement.and_where_option(condition(filter, &table, dialect));
    Statement::build(Verb::Update, model, &statement, dialect)
}

/// Takes the mark from the deleted row with this primary key, if `filter` holds for it, and sets `columns`.
#[must_use]
pub fn restore(
    model: &'static ModelMeta,
    key: &[Value],
    columns: &[(usize, Value)],
    now: DateTime<Utc>,
    filter: &Filter,
    dialect: Dialect,
) -> Statement {
    let table = Table::new(model, dialect).showing(Deleted::Only);
    let mut statement = marked(&table, &Value::Null, columns, now, dialect);
    statement.and_where(has_key(&table, key, dialect)).returning(table.returning());
    statement.and_where_option(condition(filter, &table, dialect));
    Statement::build(Verb::Update, model, &statement, dialect)
}

/// An update that sets the mark, these columns, the time of the last write and the next version.
pub(super) fn marked(
    table: &Table,
    mark: &Value,
    columns: &[(usize, Value)],
    now: DateTime<Utc>,
    dialect: Dialect,
) -> UpdateStatement {
    let mut statement = table.update();
    let now = Value::Timestamp(now);
    for (index, column) in table.model.columns.iter().enumerate() {
        let given = columns.iter().find(|(at, _)| *at == index).map(|(_, value)| value);
        let value = match column.generated {
            Some(Generated::DeletedAt) => mark,
            Some(Generated::UpdatedAt) => given.unwrap_or(&now),
            _ => match given {
                Some(value) => value,
                None => continue,
            },
        };
        statement.value(column.name, bind::expr(column, value, dialect));
    }
    statement.values(version::next(table).map(|(column, next)| (column.name, next)));
    statement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{NOTES, column, model};
    use crate::model::{Access, ColumnMeta, ColumnType, Operator};
    use crate::query::ListQuery;
    use crate::sql::statement::assert_sql;
    use crate::sql::{count, select, write};

    /// A key, a text, a version and the mark.
    static LETTERS: ModelMeta = model(
        "Letter",
        "letters",
        &[
            column("id", ColumnType::I64),
            column("text", ColumnType::Text),
            ColumnMeta {
                generated: Some(Generated::Version),
                access: Access::ReadOnly,
                ..column("version", ColumnType::I32)
            },
            ColumnMeta {
                generated: Some(Generated::DeletedAt),
                access: Access::ReadOnly,
                nullable: true,
                ..column("deleted_at", ColumnType::Timestamp)
            },
        ],
    );

    const RETURNING: &str = r#"RETURNING "id", "slug", "parent_id", "text", "updated_at", "deleted_at""#;

    fn filter() -> Filter {
        Filter::compare(&NOTES.columns[3], Operator::Eq, vec![Value::Text("x".to_owned())])
    }

    #[test]
    fn a_delete_sets_two_times_of_rows_that_are_there() {
        let mark = |keys: &[i64]| {
            let keys: Vec<Value> = keys.iter().map(|key| Value::I64(*key)).collect();
            move |dialect| {
                let target = |key| Target { key: std::slice::from_ref(key), version: None };
                let rows: Vec<Target<'_>> = keys.iter().map(target).collect();
                mark(&NOTES, &rows, DateTime::UNIX_EPOCH, &filter(), dialect)
            }
        };
        assert_sql(
            mark(&[7]),
            &format!(
                r#"UPDATE "notes" SET "updated_at" = ?, "deleted_at" = ? WHERE "deleted_at" IS NULL AND "id" = ? AND "text" = ? {RETURNING}"#
            ),
            &format!(
                r#"UPDATE "notes" SET "updated_at" = $1, "deleted_at" = $2 WHERE "deleted_at" IS NULL AND "id" = $3 AND "text" = $4 {RETURNING}"#
            ),
        );
        let many = mark(&[7, 8])(Dialect::Postgres).sql;
        assert!(many.contains(r#"AND "id" = ANY($3) AND"#), "{many}");
        assert!(mark(&[])(Dialect::Sqlite).sql.contains("AND FALSE"));
    }

    #[test]
    fn only_what_is_deleted_is_restored() {
        assert_sql(
            |dialect| restore(&NOTES, &[Value::I64(7)], &[], DateTime::UNIX_EPOCH, &Filter::everything(), dialect),
            &format!(
                r#"UPDATE "notes" SET "updated_at" = ?, "deleted_at" = ? WHERE "deleted_at" IS NOT NULL AND "id" = ? {RETURNING}"#
            ),
            &format!(
                r#"UPDATE "notes" SET "updated_at" = $1, "deleted_at" = $2 WHERE "deleted_at" IS NOT NULL AND "id" = $3 {RETURNING}"#
            ),
        );
    }

    #[test]
    fn a_mark_counts_as_a_change_and_may_be_meant_for_a_version() {
        let (one, two) = ([Value::I64(1)], [Value::I64(2)]);
        let rows = [Target { key: &one, version: Some(3) }, Target { key: &two, version: None }];
        let returning = r#"RETURNING "id", "text", "version", "deleted_at""#;
        let all = Filter::everything();
        assert_sql(
            |dialect| mark(&LETTERS, &rows, DateTime::UNIX_EPOCH, &all, dialect),
            &format!(
                r#"UPDATE "letters" SET "deleted_at" = ?, "version" = "letters"."version" + 1 WHERE "deleted_at" IS NULL AND ("id" IN (?) OR ("id", "version") IN (SELECT "new"."column1", "new"."column2" FROM (VALUES (?, ?)) AS "new")) {returning}"#
            ),
            &format!(
                r#"UPDATE "letters" SET "deleted_at" = $1, "version" = "letters"."version" + 1 WHERE "deleted_at" IS NULL AND ("id" = ANY($2) OR ("id", "version") IN (SELECT "new"."column1", "new"."column2" FROM (VALUES ($3, $4)) AS "new")) AND "letters"."id" IN (SELECT "id" FROM "letters" WHERE "deleted_at" IS NULL AND "id" = ANY($5) ORDER BY "id" ASC FOR NO KEY UPDATE) {returning}"#
            ),
        );
        let text = [(1, Value::Text("back".to_owned()))];
        assert_sql(
            |dialect| restore(&LETTERS, &one, &text, DateTime::UNIX_EPOCH, &all, dialect),
            &format!(
                r#"UPDATE "letters" SET "text" = ?, "deleted_at" = ?, "version" = "letters"."version" + 1 WHERE "deleted_at" IS NOT NULL AND "id" = ? {returning}"#
            ),
            &format!(
                r#"UPDATE "letters" SET "text" = $1, "deleted_at" = $2, "version" = "letters"."version" + 1 WHERE "deleted_at" IS NOT NULL AND "id" = $3 {returning}"#
            ),
        );
    }

    #[test]
    fn every_statement_leaves_deleted_rows_out() {
        let key = [Value::I64(7)];
        let all = Filter::everything();
        let query = |deleted| ListQuery { deleted, ..ListQuery::new(&NOTES) };
        let statements = |dialect| {
            [
                select::page(&query(Deleted::Exclude), dialect),
                count::exact(&query(Deleted::Exclude), dialect),
                select::by_key(&NOTES, &key, &all, Deleted::Exclude, false, dialect),
                write::update(&NOTES, &key, &[(3, Value::Null)], &all, dialect),
            ]
        };
        for statement in [Dialect::Sqlite, Dialect::Postgres].into_iter().flat_map(statements) {
            assert!(statement.sql.contains(r#"WHERE "deleted_at" IS NULL"#), "{}", statement.sql);
        }
        let only = select::page(&query(Deleted::Only), Dialect::Sqlite).sql;
        assert!(only.contains(r#"WHERE "deleted_at" IS NOT NULL ORDER BY"#), "{only}");
        let include = count::exact(&query(Deleted::Include), Dialect::Sqlite).sql;
        assert_eq!(include, r#"SELECT COUNT(*) FROM "notes""#);
    }

    #[test]
    fn a_related_row_that_is_deleted_is_none() {
        let children = &NOTES.relations[1];
        let related = ListQuery { filter: Filter::Related(children, Box::new(filter())), ..ListQuery::new(&NOTES) };
        assert_sql(
            |dialect| count::exact(&related, dialect),
            r#"SELECT COUNT(*) FROM "notes" WHERE "deleted_at" IS NULL AND EXISTS(SELECT 1 FROM "notes" AS "target_1" WHERE "target_1"."deleted_at" IS NULL AND "target_1"."parent_id" = "notes"."id" AND "target_1"."text" = ?)"#,
            r#"SELECT COUNT(*) FROM "notes" WHERE "deleted_at" IS NULL AND EXISTS(SELECT 1 FROM "notes" AS "target_1" WHERE "target_1"."deleted_at" IS NULL AND "target_1"."parent_id" = "notes"."id" AND "target_1"."text" = $1)"#,
        );
    }
}
