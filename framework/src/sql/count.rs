//! Counting rows.

use sea_query::{Asterisk, Expr, Func, SelectStatement};

use super::filter::condition;
use super::table::Table;
use super::token::{Footprint, expression};
use super::{Dialect, Statement, Verb};
use crate::query::ListQuery;

/// The number of rows, as an `i64` in one row.
#[must_use]
pub fn exact(query: &ListQuery, dialect: Dialect) -> Statement {
    let count = counted(query, Func::count(Expr::col(Asterisk)).into(), dialect);
    Statement::build(Verb::Select, query.model, &count, dialect)
}

/// The number of rows and, as a text, the tokens of `footprint` at the same moment. Only for SQLite, where one statement sees one
/// moment; PostgreSQL reads tokens as they are by then.
#[must_use]
pub fn exact_with(query: &ListQuery, footprint: &Footprint, dialect: Dialect) -> Statement {
    let mut count = counted(query, Func::count(Expr::col(Asterisk)).into(), dialect);
    count.expr(expression::tokens(footprint, dialect));
    Statement::build(Verb::Select, query.model, &count, dialect)
}

/// The planner's plan for the rows, as JSON text in one row, whose estimate is at `$[0].Plan.Plan Rows`; `None` where the
/// database has no estimate.
#[must_use]
pub fn estimated(query: &ListQuery, dialect: Dialect) -> Option<Statement> {
    if dialect == Dialect::Sqlite {
        return None;
    }
    let rows = counted(query, Expr::Constant(1.into()), dialect);
    let mut statement = Statement::build(Verb::Select, query.model, &rows, dialect);
    statement.sql.insert_str(0, "EXPLAIN (FORMAT JSON) ");
    Some(statement)
}

fn counted(query: &ListQuery, what: Expr, dialect: Dialect) -> SelectStatement {
    let table = Table::new(query.model, dialect).showing(query.deleted);
    let mut rows = table.read();
    rows.expr(what).and_where_option(condition(&query.filter, &table, dialect));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::BOOKS;
    use crate::model::{Operator, Value};
    use crate::query::{Filter, Page};
    use crate::sql::statement::assert_sql;

    fn query() -> ListQuery {
        let filter = Filter::compare(&BOOKS.columns[3], Operator::Gte, vec![Value::F64(4.0)]);
        ListQuery { filter, page: Page { page: 7, per_page: 10 }, ..ListQuery::new(&BOOKS) }
    }

    #[test]
    fn a_count_knows_the_filter_and_no_page() {
        assert_sql(
            |dialect| exact(&query(), dialect),
            r#"SELECT COUNT(*) FROM "books" WHERE "rating" >= ?"#,
            r#"SELECT COUNT(*) FROM "books" WHERE "rating" >= $1"#,
        );
    }

    #[test]
    fn only_postgres_has_an_estimate() {
        assert_eq!(estimated(&query(), Dialect::Sqlite), None);
        let statement = estimated(&query(), Dialect::Postgres).expect("an estimate");
        assert_eq!(statement.sql, r#"EXPLAIN (FORMAT JSON) SELECT 1 FROM "books" WHERE "rating" >= $1"#);
    }
}
