//! Rows that are deleted and stay in their table, marked with the time.

use chrono::{DateTime, Utc};
use sea_query::{Expr, ExprTrait, UpdateStatement};

use super::filter::{condition, has_key};
use super::table::Table;
use super::{Dialect, Statement, Verb, bind};
use crate::model::{Generated, ModelMeta, Value};
use crate::query::{Deleted, Filter};

/// Marks the rows with these primary keys as deleted, those for which `filter` holds and which are not deleted yet.
#[must_use]
pub fn mark(
    model: &'static ModelMeta,
    keys: &[Vec<Value>],
    now: DateTime<Utc>,
    filter: &Filter,
    dialect: Dialect,
) -> Statement {
    let table = Table::new(model, dialect);
    let mut statement = marked(&table, &Value::Timestamp(now), now, dialect);
    statement.and_where(has_key_of(&table, keys, dialect)).returning(table.returning());
    statement.and_where_option(condition(filter, &table, dialect));
    Statement::build(Verb::Update, model, &statement, dialect)
}

/// Takes the mark from the deleted row with this primary key, if `filter` holds for it.
#[must_use]
pub fn restore(
    model: &'static ModelMeta,
    key: &[Value],
    now: DateTime<Utc>,
    filter: &Filter,
    dialect: Dialect,
) -> Statement {
    let table = Table::new(model, dialect).showing(Deleted::Only);
    let mut statement = marked(&table, &Value::Null, now, dialect);
    statement.and_where(has_key(&table, key, dialect)).returning(table.returning());
    statement.and_where_option(condition(filter, &table, dialect));
    Statement::build(Verb::Update, model, &statement, dialect)
}

/// An update that sets the mark, and the time of the last write.
pub(super) fn marked(table: &Table, mark: &Value, now: DateTime<Utc>, dialect: Dialect) -> UpdateStatement {
    let mut statement = table.update();
    for column in table.model.columns {
        match column.generated {
            Some(Generated::DeletedAt) => statement.value(column.name, bind::expr(column, mark, dialect)),
            Some(Generated::UpdatedAt) => {
                statement.value(column.name, bind::expr(column, &Value::Timestamp(now), dialect))
            }
            _ => continue,
        };
    }
    statement
}

/// The row has one of these primary keys.
fn has_key_of(table: &Table, keys: &[Vec<Value>], dialect: Dialect) -> Expr {
    let mut columns = table.model.key_columns();
    if let (Some(column), None, true) = (columns.next(), columns.next(), keys.len() > 1) {
        let values: Vec<Value> = keys.iter().filter_map(|key| key.first().cloned()).collect();
        return bind::is_in(table.column(column), column, &values, dialect);
    }
    let keys = keys.iter().map(|key| has_key(table, key, dialect));
    keys.reduce(ExprTrait::or).unwrap_or_else(|| Expr::Constant(false.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::NOTES;
    use crate::model::Operator;
    use crate::query::ListQuery;
    use crate::sql::statement::assert_sql;
    use crate::sql::{count, select, write};

    const RETURNING: &str = r#"RETURNING "id", "slug", "parent_id", "text", "updated_at", "deleted_at""#;

    fn filter() -> Filter {
        Filter::compare(&NOTES.columns[3], Operator::Eq, vec![Value::Text("x".to_owned())])
    }

    #[test]
    fn a_delete_sets_two_times_of_rows_that_are_there() {
        let mark = |keys: &[i64]| {
            let keys: Vec<Vec<Value>> = keys.iter().map(|key| vec![Value::I64(*key)]).collect();
            move |dialect| mark(&NOTES, &keys, DateTime::UNIX_EPOCH, &filter(), dialect)
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
            |dialect| restore(&NOTES, &[Value::I64(7)], DateTime::UNIX_EPOCH, &Filter::everything(), dialect),
            &format!(
                r#"UPDATE "notes" SET "updated_at" = ?, "deleted_at" = ? WHERE "deleted_at" IS NOT NULL AND "id" = ? {RETURNING}"#
            ),
            &format!(
                r#"UPDATE "notes" SET "updated_at" = $1, "deleted_at" = $2 WHERE "deleted_at" IS NOT NULL AND "id" = $3 {RETURNING}"#
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
