//! Reading the related rows of many parents in one statement.
//!
//! Every statement selects all columns of the target in their order and behind them, at index `columns.len()`, the value
//! that a parent is found by: its [`Link::local`](crate::model::Link::local).

use sea_query::{Alias, Expr, ExprTrait, Func, Order, OverStatement, Query, SelectStatement, WindowStatement};

use super::table::Table;
use super::{Dialect, Statement, Verb, bind, filter};
use crate::model::{ColumnMeta, Link, Value};
use crate::query::{Filter, Include};

/// The name of the column behind the target's; the derive lets no model have it, nor the next.
const PARENT: &str = "_parent";
/// The place of a row among those of its parent.
const PLACE: &str = "_place";

/// The related rows of all parents, ordered by parent and then by the target's primary key, `limit` rows at most.
#[must_use]
pub fn related(include: &Include, parents: &[Value], limit: u64, dialect: Dialect) -> Statement {
    let edge = Edge::new(include, dialect);
    let mut rows = edge.rows(parents);
    for column in edge.order() {
        rows.order_by_expr(column, Order::Asc);
    }
    rows.limit(limit);
    Statement::build(Verb::Select, edge.target.model, &rows, dialect)
}

/// As [`related`], but no more than `per_parent` rows of each parent (a window function): what is asked when the plain
/// statement ran into its limit.
#[must_use]
pub fn related_per_parent(
    include: &Include,
    parents: &[Value],
    per_parent: u64,
    limit: u64,
    dialect: Dialect,
) -> Statement {
    let edge = Edge::new(include, dialect);
    let mut window = WindowStatement::new();
    window.add_partition_by(edge.parent());
    for column in edge.target.key() {
        window.order_by_expr(column, Order::Asc);
    }
    let mut numbered = edge.rows(parents);
    numbered.expr_window_as(Func::cust("ROW_NUMBER"), window, PLACE);

    let mut rows = Query::select();
    let columns = edge.target.model.columns.iter().map(|column| Expr::col(column.name));
    rows.exprs(columns).column(PARENT).from_subquery(numbered, "numbered");
    let per_parent = i64::try_from(per_parent).unwrap_or(i64::MAX);
    rows.and_where(Expr::col(PLACE).lte(per_parent));
    rows.order_by(PARENT, Order::Asc);
    for column in edge.target.model.key_columns() {
        rows.order_by(column.name, Order::Asc);
    }
    rows.limit(limit);
    Statement::build(Verb::Select, edge.target.model, &rows, dialect)
}

/// What a relation reads: the target, with the join model before it where there is one.
struct Edge<'a> {
    dialect: Dialect,
    filter: &'a Filter,
    target: Table,
    /// The target's column that is joined.
    foreign: &'static ColumnMeta,
    through: Option<Through>,
}

struct Through {
    join: Table,
    local: &'static ColumnMeta,
    foreign: &'static ColumnMeta,
}

impl<'a> Edge<'a> {
    fn new(include: &'a Include, dialect: Dialect) -> Self {
        let filter = &include.filter;
        let (link, model) = (include.relation.link, (include.relation.target)());
        let foreign = &model.columns[link.foreign()];
        match link {
            Link::Local { .. } | Link::Foreign { .. } => {
                Self { dialect, filter, target: Table::new(model, dialect), foreign, through: None }
            }
            Link::Through { model: join, through_local, through_foreign, .. } => {
                let join = Table::aliased(join(), "link", dialect);
                let columns = join.model.columns;
                let through = Through { join, local: &columns[through_local], foreign: &columns[through_foreign] };
                Self {
                    dialect,
                    filter,
                    target: Table::aliased(model, "target", dialect),
                    foreign,
                    through: Some(through),
                }
            }
        }
    }

    /// The column that holds what a parent is found by.
    fn parent(&self) -> Expr {
        match &self.through {
            Some(through) => through.join.column(through.local),
            None => self.target.column(self.foreign),
        }
    }

    fn rows(&self, parents: &[Value]) -> SelectStatement {
        let (mut rows, parent) = match &self.through {
            Some(through) => {
                let joined = through.join.column(through.foreign).eq(self.target.column(self.foreign));
                let mut rows = through.join.read();
                self.target.join(&mut rows, joined);
                (rows, through.local)
            }
            None => (self.target.read(), self.foreign),
        };
        rows.exprs(self.target.columns()).expr_as(self.parent(), Alias::new(PARENT));
        rows.and_where(bind::is_in(self.parent(), parent, parents, self.dialect));
        rows.and_where_option(filter::condition(self.filter, &self.target, self.dialect));
        rows
    }

    /// By parent and then by the target's key, each column once.
    fn order(&self) -> impl Iterator<Item = Expr> {
        let parent = self.parent();
        let key: Vec<Expr> = self.target.key().filter(|column| *column != parent).collect();
        std::iter::once(parent).chain(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{BOOKS, SERIES};
    use crate::model::ModelMeta;
    use crate::sql::statement::assert_sql;

    const PARENTS: [Value; 3] = [Value::I64(7), Value::Null, Value::I64(9)];

    fn include(model: &'static ModelMeta, index: usize) -> Include {
        Include {
            index,
            relation: &model.relations[index],
            filter: Filter::everything(),
            limit: 100,
            children: Vec::new(),
        }
    }

    #[track_caller]
    fn assert_related(model: &'static ModelMeta, index: usize, sqlite: &str, postgres: &str) {
        assert_sql(|dialect| related(&include(model, index), &PARENTS, 10_000, dialect), sqlite, postgres);
    }

    #[test]
    fn a_belongs_to_is_found_by_the_key_of_the_target() {
        assert_related(
            &BOOKS,
            1,
            r#"SELECT "id", "name", "parent_id", "id" AS "_parent" FROM "library_series" WHERE "id" IN (?, ?) ORDER BY "id" ASC LIMIT ?"#,
            r#"SELECT "id", "name", "parent_id", "id" AS "_parent" FROM "library"."series" WHERE "id" = ANY($1) ORDER BY "id" ASC LIMIT $2"#,
        );
    }

    #[test]
    fn a_has_many_is_ordered_by_parent_and_key() {
        assert_related(
            &BOOKS,
            2,
            r#"SELECT "id", "book_id", "rating", "body", "book_id" AS "_parent" FROM "reviews" WHERE "book_id" IN (?, ?) ORDER BY "book_id" ASC, "id" ASC LIMIT ?"#,
            r#"SELECT "id", "book_id", "rating", "body", "book_id" AS "_parent" FROM "reviews" WHERE "book_id" = ANY($1) ORDER BY "book_id" ASC, "id" ASC LIMIT $2"#,
        );
    }

    #[test]
    fn a_has_one_whose_key_is_the_foreign_key_is_ordered_by_it_once() {
        assert_related(
            &BOOKS,
            3,
            r#"SELECT "book_id", "image", "meta", "made_on", "book_id" AS "_parent" FROM "covers" WHERE "book_id" IN (?, ?) ORDER BY "book_id" ASC LIMIT ?"#,
            r#"SELECT "book_id", "image", "meta", "made_on", "book_id" AS "_parent" FROM "covers" WHERE "book_id" = ANY($1) ORDER BY "book_id" ASC LIMIT $2"#,
        );
    }

    #[test]
    fn a_many_to_many_goes_through_its_join_model() {
        assert_related(
            &BOOKS,
            4,
            r#"SELECT "target"."name", "link"."book_id" AS "_parent" FROM "book_tags" AS "link" INNER JOIN "tags" AS "target" ON "link"."tag_name" = "target"."name" WHERE "link"."book_id" IN (?, ?) ORDER BY "link"."book_id" ASC, "target"."name" ASC LIMIT ?"#,
            r#"SELECT "target"."name", "link"."book_id" AS "_parent" FROM "book_tags" AS "link" INNER JOIN "tags" AS "target" ON "link"."tag_name" = "target"."name" WHERE "link"."book_id" = ANY($1) ORDER BY "link"."book_id" ASC, "target"."name" ASC LIMIT $2"#,
        );
    }

    #[test]
    fn a_relation_to_itself_is_like_any_other() {
        assert_related(
            &SERIES,
            1,
            r#"SELECT "id", "name", "parent_id", "parent_id" AS "_parent" FROM "library_series" WHERE "parent_id" IN (?, ?) ORDER BY "parent_id" ASC, "id" ASC LIMIT ?"#,
            r#"SELECT "id", "name", "parent_id", "parent_id" AS "_parent" FROM "library"."series" WHERE "parent_id" = ANY($1) ORDER BY "parent_id" ASC, "id" ASC LIMIT $2"#,
        );
    }

    #[test]
    fn the_rows_of_each_parent_are_counted_by_a_window() {
        assert_sql(
            |dialect| related_per_parent(&include(&BOOKS, 2), &PARENTS, 5, 10_000, dialect),
            r#"SELECT "id", "book_id", "rating", "body", "_parent" FROM (SELECT "id", "book_id", "rating", "body", "book_id" AS "_parent", ROW_NUMBER() OVER ( PARTITION BY "book_id" ORDER BY "id" ASC ) AS "_place" FROM "reviews" WHERE "book_id" IN (?, ?)) AS "numbered" WHERE "_place" <= ? ORDER BY "_parent" ASC, "id" ASC LIMIT ?"#,
            r#"SELECT "id", "book_id", "rating", "body", "_parent" FROM (SELECT "id", "book_id", "rating", "body", "book_id" AS "_parent", ROW_NUMBER() OVER ( PARTITION BY "book_id" ORDER BY "id" ASC ) AS "_place" FROM "reviews" WHERE "book_id" = ANY($1)) AS "numbered" WHERE "_place" <= $2 ORDER BY "_parent" ASC, "id" ASC LIMIT $3"#,
        );
        assert_sql(
            |dialect| related_per_parent(&include(&BOOKS, 4), &PARENTS, 5, 10_000, dialect),
            r#"SELECT "name", "_parent" FROM (SELECT "target"."name", "link"."book_id" AS "_parent", ROW_NUMBER() OVER ( PARTITION BY "link"."book_id" ORDER BY "target"."name" ASC ) AS "_place" FROM "book_tags" AS "link" INNER JOIN "tags" AS "target" ON "link"."tag_name" = "target"."name" WHERE "link"."book_id" IN (?, ?)) AS "numbered" WHERE "_place" <= ? ORDER BY "_parent" ASC, "name" ASC LIMIT ?"#,
            r#"SELECT "name", "_parent" FROM (SELECT "target"."name", "link"."book_id" AS "_parent", ROW_NUMBER() OVER ( PARTITION BY "link"."book_id" ORDER BY "target"."name" ASC ) AS "_place" FROM "book_tags" AS "link" INNER JOIN "tags" AS "target" ON "link"."tag_name" = "target"."name" WHERE "link"."book_id" = ANY($1)) AS "numbered" WHERE "_place" <= $2 ORDER BY "_parent" ASC, "name" ASC LIMIT $3"#,
        );
    }

    #[test]
    fn no_parent_has_no_related_rows() {
        let none = related(&include(&BOOKS, 2), &[Value::Null], 10, Dialect::Postgres);
        assert!(none.sql.contains("WHERE FALSE"));
    }
}
