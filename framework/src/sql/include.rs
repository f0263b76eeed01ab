//! Reading the related rows of many parents in one statement.
//!
//! Every statement selects the columns of [`Include::columns`] in their order and behind them the values that a parent is
//! found by: its [`Link::local`](crate::model::Link::local).

use std::borrow::Cow;

use sea_query::{Alias, Asterisk, Expr, ExprTrait, Func, JoinType, Order, Query, SelectStatement};

use super::sort::{order_beyond, terms};
use super::table::Table;
use super::{Dialect, Statement, Verb, bind, filter, rows as values};
use crate::model::{Link, RelationMeta, Value};
use crate::query::{Filter, Include, IncludeCount, subset};

/// The names of the columns behind the target's; the derive lets no model have one of them.
const PARENTS: [&str; 4] = ["_parent", "_parent_2", "_parent_3", "_parent_4"];
/// What the table with the keys of the parents is called.
const LIST: &str = "parents";

/// The related rows of all parents, ordered by parent and then as the include says, `limit` rows at most.
#[must_use]
pub fn related(include: &Include, parents: &[Vec<Value>], limit: u64, dialect: Dialect) -> Statement {
    let edge = Edge::new(include.relation, &include.filter, dialect);
    let mut rows = edge.rows(include.columns().as_deref(), parents);
    let parent = edge.parent();
    for column in parent.clone() {
        rows.order_by_expr(column, Order::Asc);
    }
    order_beyond(&mut rows, &edge.target, &terms(&include.order()), &parent, dialect);
    rows.limit(limit);
    Statement::build(Verb::Select, edge.target.model, &rows, dialect)
}

/// As [`related`], but no more than `per_parent` rows of each parent: what is asked when the limit of a parent is small, and
/// when the plain statement ran into its own.
///
/// The rows of each parent are a query of their own, so that with an index on the foreign key and the order a database reads
/// no row beyond `per_parent`. SQLite has no LATERAL and finds them by their keys.
#[must_use]
pub fn related_per_parent(
    include: &Include,
    parents: &[Vec<Value>],
    per_parent: u64,
    limit: u64,
    dialect: Dialect,
) -> Statement {
    let edge = Edge::new(include.relation, &include.filter, dialect);
    let related = Table::aliased(edge.target.model, "related", dialect);
    let Some(unpacked) = edge.unpacked(parents) else {
        return self::related(include, parents, limit, dialect);
    };

    let chosen = include.columns();
    let mut first = edge.source(None);
    first.and_where(filter::all_equal(edge.parent().into_iter(), edge.listed_parent()));
    edge.narrow(&mut first);
    order_beyond(&mut first, &edge.target, &terms(&include.order()), &[], dialect);
    first.limit(per_parent);

    let mut rows = Query::select();
    rows.expr(related.listed(chosen.as_deref())).exprs(edge.listed_parent()).from_subquery(unpacked, LIST);
    match dialect {
        Dialect::Postgres => {
            first.expr(edge.target.listed(chosen.as_deref()));
            rows.join_lateral(JoinType::InnerJoin, first, "related", Expr::Constant(true.into()));
        }
        Dialect::Sqlite => {
            first.exprs(edge.target.key());
            let key = Expr::tuple(related.key());
            related.cross_join(&mut rows);
            rows.and_where(key.in_subquery(first));
        }
    }
    for column in edge.listed_parent() {
        rows.order_by_expr(column, Order::Asc);
    }
    order_beyond(&mut rows, &related, &terms(&include.order()), &[], dialect);
    rows.limit(limit);
    Statement::build(Verb::Select, edge.target.model, &rows, dialect)
}

/// How many related rows each of the parents has: what a parent is found by, and the number. A parent without any is left
/// out.
#[must_use]
pub fn counts(include: &IncludeCount, parents: &[Vec<Value>], dialect: Dialect) -> Statement {
    let edge = Edge::new(include.relation, &include.filter, dialect);
    let mut counts = edge.of_parents(parents);
    counts.exprs(edge.parent()).expr(Func::count(Expr::col(Asterisk)));
    counts.add_group_by(edge.parent());
    Statement::build(Verb::Select, edge.target.model, &counts, dialect)
}

/// What a relation reads: the target, with the join model before it where there is one.
struct Edge<'a> {
    dialect: Dialect,
    filters: [Cow<'a, Filter>; 2],
    target: Table,
    /// The target's columns that are joined.
    foreign: &'static [usize],
    through: Option<Through>,
}

struct Through {
    join: Table,
    local: &'static [usize],
    foreign: &'static [usize],
}

impl<'a> Edge<'a> {
    fn new(relation: &RelationMeta, filter: &'a Filter, dialect: Dialect) -> Self {
        let (link, model) = (relation.link, (relation.target)());
        let (target, through) = match link {
            Link::Local { .. } | Link::Foreign { .. } => (Table::new(model, dialect), None),
            Link::Through { model: join, through_local, through_foreign, .. } => {
                let join = Table::aliased(join(), "link", dialect);
                let through = Through { join, local: through_local, foreign: through_foreign };
                (Table::aliased(model, "target", dialect), Some(through))
            }
        };
        let filters = [Cow::Borrowed(filter), Cow::Owned(subset::of(relation))];
        Self { dialect, filters, target, foreign: link.foreign(), through }
    }

    /// The table and its columns that hold what a parent is found by.
    fn parent_columns(&self) -> (&Table, &'static [usize]) {
        match &self.through {
            Some(through) => (&through.join, through.local),
            None => (&self.target, self.foreign),
        }
    }

    fn parent(&self) -> Vec<Expr> {
        let (table, columns) = self.parent_columns();
        table.at(columns).collect()
    }

    /// What the parent's columns are called behind those of the target.
    fn parent_names(&self) -> impl Iterator<Item = &'static str> + use<> {
        let (_, columns) = self.parent_columns();
        PARENTS.into_iter().take(columns.len())
    }

    /// The rows of the parents with all that is read of them.
    fn rows(&self, columns: Option<&[usize]>, parents: &[Vec<Value>]) -> SelectStatement {
        let mut rows = self.of_parents(parents);
        rows.expr(self.target.listed(columns));
        for (column, name) in self.parent().into_iter().zip(self.parent_names()) {
            rows.expr_as(column, Alias::new(name));
        }
        rows
    }

    /// Where the rows of the parents come from. Keys of several columns are joined, since SQLite does not look `(a, b) IN ..`
    /// up in an index on both.
    fn of_parents(&self, parents: &[Vec<Value>]) -> SelectStatement {
        let (table, columns) = self.parent_columns();
        let mut rows = if let [column] = columns {
            let column = &table.model.columns[*column];
            let keys: Vec<Value> = parents.iter().flatten().cloned().collect();
            let mut rows = self.source(None);
            rows.and_where(bind::is_in(table.column(column), column, &keys, self.dialect));
            rows
        } else if let Some(unpacked) = self.unpacked(parents) {
            let mut rows = self.source(Some(unpacked));
            rows.and_where(filter::all_equal(self.parent().into_iter(), self.listed_parent()));
            rows
        } else {
            let mut rows = self.source(None);
            rows.and_where(Expr::Constant(false.into()));
            rows
        };
        self.narrow(&mut rows);
        rows
    }

    /// The keys of the parents as a table.
    fn unpacked(&self, parents: &[Vec<Value>]) -> Option<SelectStatement> {
        let (table, columns) = self.parent_columns();
        let names: Vec<&str> = self.parent_names().collect();
        values::unpacked(table, columns, parents, &names, self.dialect)
    }

    /// The columns of that table.
    fn listed_parent(&self) -> impl Iterator<Item = Expr> + use<> {
        self.parent_names().map(|name| Expr::col((LIST, name)))
    }

    /// Where the rows come from, after the keys of the parents where these are a table.
    fn source(&self, parents: Option<SelectStatement>) -> SelectStatement {
        let first = self.through.as_ref().map_or(&self.target, |through| &through.join);
        let mut rows = match parents {
            Some(parents) => {
                let mut rows = Query::select().from_subquery(parents, LIST).to_owned();
                first.cross_join(&mut rows);
                rows
            }
            None => first.read(),
        };
        if let Some(through) = &self.through {
            let joined = filter::all_equal(through.join.at(through.foreign), self.target.at(self.foreign));
            self.target.join(&mut rows, joined);
        }
        rows
    }

    /// What is asked of the rows beside their parent.
    fn narrow(&self, rows: &mut SelectStatement) {
        for filter in &self.filters {
            rows.and_where_option(filter::condition(filter, &self.target, self.dialect));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::any::Any;

    use super::*;
    use crate::fixtures::{BOOK_TAGS, BOOKS, LABELS, REVIEWS, SERIES};
    use crate::model::{ModelMeta, Operator};
    use crate::query::Sort;
    use crate::sql::statement::assert_sql;

    fn parents() -> Vec<Vec<Value>> {
        [Value::I64(7), Value::Null, Value::I64(9)].map(|value| vec![value]).to_vec()
    }

    fn include(model: &'static ModelMeta, index: usize) -> Include {
        Include::new(model, index, 100)
    }

    #[track_caller]
    fn assert_related(model: &'static ModelMeta, index: usize, sqlite: &str, postgres: &str) {
        assert_sql(|dialect| related(&include(model, index), &parents(), 10_000, dialect), sqlite, postgres);
    }

    #[test]
    fn a_belongs_to_is_found_by_the_key_of_the_target() {
        assert_related(
            &BOOKS,
            1,
            r#"SELECT "id", "name", "parent_id", "id" AS "_parent" FROM "library_series" WHERE "id" IN (?, ?) ORDER BY "id" ASC LIMIT 10000"#,
            r#"SELECT "id", "name", "parent_id", "id" AS "_parent" FROM "library"."series" WHERE "id" = ANY($1) ORDER BY "id" ASC LIMIT $2"#,
        );
    }

    #[test]
    fn a_has_many_is_ordered_by_parent_and_key() {
        assert_related(
            &BOOKS,
            2,
            r#"SELECT "id", "book_id", "rating", "body", "book_id" AS "_parent" FROM "reviews" WHERE "book_id" IN (?, ?) ORDER BY "book_id" ASC, "id" ASC LIMIT 10000"#,
            r#"SELECT "id", "book_id", "rating", "body", "book_id" AS "_parent" FROM "reviews" WHERE "book_id" = ANY($1) ORDER BY "book_id" ASC, "id" ASC LIMIT $2"#,
        );
    }

    #[test]
    fn a_has_one_whose_key_is_the_foreign_key_is_ordered_by_it_once() {
        assert_related(
            &BOOKS,
            3,
            r#"SELECT "book_id", "image", "meta", "made_on", "book_id" AS "_parent" FROM "covers" WHERE "book_id" IN (?, ?) ORDER BY "book_id" ASC LIMIT 10000"#,
            r#"SELECT "book_id", "image", "meta", "made_on", "book_id" AS "_parent" FROM "covers" WHERE "book_id" = ANY($1) ORDER BY "book_id" ASC LIMIT $2"#,
        );
    }

    #[test]
    fn a_many_to_many_goes_through_its_join_model() {
        assert_related(
            &BOOKS,
            4,
            r#"SELECT "target"."name", "link"."book_id" AS "_parent" FROM "book_tags" AS "link" INNER JOIN "tags" AS "target" ON "link"."tag_name" = "target"."name" WHERE "link"."book_id" IN (?, ?) ORDER BY "link"."book_id" ASC, "target"."name" ASC LIMIT 10000"#,
            r#"SELECT "target"."name", "link"."book_id" AS "_parent" FROM "book_tags" AS "link" INNER JOIN "tags" AS "target" ON "link"."tag_name" = "target"."name" WHERE "link"."book_id" = ANY($1) ORDER BY "link"."book_id" ASC, "target"."name" ASC LIMIT $2"#,
        );
    }

    #[test]
    fn a_relation_to_itself_is_like_any_other() {
        assert_related(
            &SERIES,
            1,
            r#"SELECT "id", "name", "parent_id", "parent_id" AS "_parent" FROM "library_series" WHERE "parent_id" IN (?, ?) ORDER BY "parent_id" ASC, "id" ASC LIMIT 10000"#,
            r#"SELECT "id", "name", "parent_id", "parent_id" AS "_parent" FROM "library"."series" WHERE "parent_id" = ANY($1) ORDER BY "parent_id" ASC, "id" ASC LIMIT $2"#,
        );
    }

    /// The reviews of a book, the best first.
    fn best() -> Include {
        Include { sort: vec![Sort { column: &REVIEWS.columns[2], descending: true }], ..include(&BOOKS, 2) }
    }

    #[test]
    fn an_include_has_an_order_of_its_own_that_ends_with_the_key() {
        assert_sql(
            |dialect| related(&best(), &parents(), 10_000, dialect),
            r#"SELECT "id", "book_id", "rating", "body", "book_id" AS "_parent" FROM "reviews" WHERE "book_id" IN (?, ?) ORDER BY "book_id" ASC, "rating" DESC, "id" DESC LIMIT 10000"#,
            r#"SELECT "id", "book_id", "rating", "body", "book_id" AS "_parent" FROM "reviews" WHERE "book_id" = ANY($1) ORDER BY "book_id" ASC, "rating" DESC, "id" DESC LIMIT $2"#,
        );
    }

    #[test]
    fn of_related_rows_only_what_is_needed_is_selected() {
        let fields = Some(crate::query::Fields { columns: vec![2], computed: Vec::new() });
        let reviews = Include { fields: fields.clone(), ..include(&BOOKS, 2) };
        assert_sql(
            |dialect| related(&reviews, &parents(), 10_000, dialect),
            r#"SELECT "id", "rating", "book_id" AS "_parent" FROM "reviews" WHERE "book_id" IN (?, ?) ORDER BY "book_id" ASC, "id" ASC LIMIT 10000"#,
            r#"SELECT "id", "rating", "book_id" AS "_parent" FROM "reviews" WHERE "book_id" = ANY($1) ORDER BY "book_id" ASC, "id" ASC LIMIT $2"#,
        );
        assert_sql(
            |dialect| related_per_parent(&reviews, &parents(), 5, 10, dialect),
            r#"SELECT "related"."id", "related"."rating", "parents"."_parent" FROM (SELECT json_extract("value", '$[0]') AS "_parent" FROM json_each(?) AS "rows") AS "parents" CROSS JOIN "reviews" AS "related" WHERE ("related"."id") IN (SELECT "id" FROM "reviews" WHERE "book_id" = "parents"."_parent" ORDER BY "id" ASC LIMIT ?) ORDER BY "parents"."_parent" ASC, "related"."id" ASC LIMIT 10"#,
            r#"SELECT "related"."id", "related"."rating", "parents"."_parent" FROM (SELECT unnest($1) AS "_parent") AS "parents" INNER JOIN LATERAL (SELECT "id", "rating" FROM "reviews" WHERE "book_id" = "parents"."_parent" ORDER BY "id" ASC LIMIT $2) AS "related" ON TRUE ORDER BY "parents"."_parent" ASC, "related"."id" ASC LIMIT $3"#,
        );
    }

    #[test]
    fn the_first_rows_of_each_parent_are_a_query_of_their_own() {
        assert_sql(
            |dialect| related_per_parent(&best(), &parents(), 5, 10_000, dialect),
            r#"SELECT "related"."id", "related"."book_id", "related"."rating", "related"."body", "parents"."_parent" FROM (SELECT json_extract("value", '$[0]') AS "_parent" FROM json_each(?) AS "rows") AS "parents" CROSS JOIN "reviews" AS "related" WHERE ("related"."id") IN (SELECT "id" FROM "reviews" WHERE "book_id" = "parents"."_parent" ORDER BY "rating" DESC, "id" DESC LIMIT ?) ORDER BY "parents"."_parent" ASC, "related"."rating" DESC, "related"."id" DESC LIMIT 10000"#,
            r#"SELECT "related"."id", "related"."book_id", "related"."rating", "related"."body", "parents"."_parent" FROM (SELECT unnest($1) AS "_parent") AS "parents" INNER JOIN LATERAL (SELECT "id", "book_id", "rating", "body" FROM "reviews" WHERE "book_id" = "parents"."_parent" ORDER BY "rating" DESC, "id" DESC LIMIT $2) AS "related" ON TRUE ORDER BY "parents"."_parent" ASC, "related"."rating" DESC, "related"."id" DESC LIMIT $3"#,
        );
        assert_sql(
            |dialect| related_per_parent(&include(&BOOKS, 4), &parents(), 5, 10_000, dialect),
            r#"SELECT "related"."name", "parents"."_parent" FROM (SELECT json_extract("value", '$[0]') AS "_parent" FROM json_each(?) AS "rows") AS "parents" CROSS JOIN "tags" AS "related" WHERE ("related"."name") IN (SELECT "target"."name" FROM "book_tags" AS "link" INNER JOIN "tags" AS "target" ON "link"."tag_name" = "target"."name" WHERE "link"."book_id" = "parents"."_parent" ORDER BY "target"."name" ASC LIMIT ?) ORDER BY "parents"."_parent" ASC, "related"."name" ASC LIMIT 10000"#,
            r#"SELECT "related"."name", "parents"."_parent" FROM (SELECT unnest($1) AS "_parent") AS "parents" INNER JOIN LATERAL (SELECT "target"."name" FROM "book_tags" AS "link" INNER JOIN "tags" AS "target" ON "link"."tag_name" = "target"."name" WHERE "link"."book_id" = "parents"."_parent" ORDER BY "target"."name" ASC LIMIT $2) AS "related" ON TRUE ORDER BY "parents"."_parent" ASC, "related"."name" ASC LIMIT $3"#,
        );
    }

    #[test]
    fn a_key_of_several_columns_is_joined() {
        let keys = [vec![Value::I64(1), Value::Text("sf".to_owned())], vec![Value::Null, Value::Text("x".to_owned())]];
        assert_sql(
            |dialect| related(&include(&LABELS, 0), &keys, 10_000, dialect),
            r#"SELECT "book_id", "tag_name", "book_id" AS "_parent", "tag_name" AS "_parent_2" FROM (SELECT json_extract("value", '$[0]') AS "_parent", json_extract("value", '$[1]') AS "_parent_2" FROM json_each(?) AS "rows") AS "parents" CROSS JOIN "book_tags" WHERE "book_id" = "parents"."_parent" AND "tag_name" = "parents"."_parent_2" ORDER BY "book_id" ASC, "tag_name" ASC LIMIT 10000"#,
            r#"SELECT "book_id", "tag_name", "book_id" AS "_parent", "tag_name" AS "_parent_2" FROM (SELECT unnest($1) AS "_parent", unnest($2) AS "_parent_2") AS "parents" CROSS JOIN "book_tags" WHERE "book_id" = "parents"."_parent" AND "tag_name" = "parents"."_parent_2" ORDER BY "book_id" ASC, "tag_name" ASC LIMIT $3"#,
        );
        let through = include(&BOOK_TAGS, 3);
        assert_sql(
            |dialect| related_per_parent(&through, &keys, 3, 10_000, dialect),
            r#"SELECT "related"."book_id", "related"."tag_name", "parents"."_parent", "parents"."_parent_2" FROM (SELECT json_extract("value", '$[0]') AS "_parent", json_extract("value", '$[1]') AS "_parent_2" FROM json_each(?) AS "rows") AS "parents" CROSS JOIN "book_tags" AS "related" WHERE ("related"."book_id", "related"."tag_name") IN (SELECT "target"."book_id", "target"."tag_name" FROM "similar" AS "link" INNER JOIN "book_tags" AS "target" ON "link"."book_id" = "target"."book_id" AND "link"."other_name" = "target"."tag_name" WHERE "link"."book_id" = "parents"."_parent" AND "link"."tag_name" = "parents"."_parent_2" ORDER BY "target"."book_id" ASC, "target"."tag_name" ASC LIMIT ?) ORDER BY "parents"."_parent" ASC, "parents"."_parent_2" ASC, "related"."book_id" ASC, "related"."tag_name" ASC LIMIT 10000"#,
            r#"SELECT "related"."book_id", "related"."tag_name", "parents"."_parent", "parents"."_parent_2" FROM (SELECT unnest($1) AS "_parent", unnest($2) AS "_parent_2") AS "parents" INNER JOIN LATERAL (SELECT "target"."book_id", "target"."tag_name" FROM "similar" AS "link" INNER JOIN "book_tags" AS "target" ON "link"."book_id" = "target"."book_id" AND "link"."other_name" = "target"."tag_name" WHERE "link"."book_id" = "parents"."_parent" AND "link"."tag_name" = "parents"."_parent_2" ORDER BY "target"."book_id" ASC, "target"."tag_name" ASC LIMIT $3) AS "related" ON TRUE ORDER BY "parents"."_parent" ASC, "parents"."_parent_2" ASC, "related"."book_id" ASC, "related"."tag_name" ASC LIMIT $4"#,
        );
        assert!(related(&include(&LABELS, 0), &keys[1..], 10, Dialect::Sqlite).sql.contains("WHERE FALSE"));
    }

    #[test]
    fn related_rows_are_counted_by_parent() {
        let count = |model: &'static ModelMeta, index| {
            let filter = Filter::compare(&REVIEWS.columns[2], Operator::Gte, vec![Value::I32(4)]);
            IncludeCount { index, relation: &model.relations[index], filter }
        };
        assert_sql(
            |dialect| counts(&count(&BOOKS, 2), &parents(), dialect),
            r#"SELECT "book_id", COUNT(*) FROM "reviews" WHERE "book_id" IN (?, ?) AND "rating" >= ? GROUP BY "book_id""#,
            r#"SELECT "book_id", COUNT(*) FROM "reviews" WHERE "book_id" = ANY($1) AND "rating" >= $2 GROUP BY "book_id""#,
        );
    }

    #[test]
    fn a_relation_to_a_part_of_the_rows_shows_and_counts_no_others() {
        let subset: fn() -> Box<dyn Any> =
            || Box::new(Filter::compare(&REVIEWS.columns[2], Operator::Gte, vec![Value::I32(4)]));
        let relation = Box::leak(Box::new(RelationMeta { subset: Some(subset), ..BOOKS.relations[2] }));
        let best = Include { relation, ..include(&BOOKS, 2) };
        assert_sql(
            |dialect| related(&best, &parents(), 10, dialect),
            r#"SELECT "id", "book_id", "rating", "body", "book_id" AS "_parent" FROM "reviews" WHERE "book_id" IN (?, ?) AND "rating" >= ? ORDER BY "book_id" ASC, "id" ASC LIMIT 10"#,
            r#"SELECT "id", "book_id", "rating", "body", "book_id" AS "_parent" FROM "reviews" WHERE "book_id" = ANY($1) AND "rating" >= $2 ORDER BY "book_id" ASC, "id" ASC LIMIT $3"#,
        );
        let count = IncludeCount { index: 2, relation, filter: Filter::everything() };
        assert!(counts(&count, &parents(), Dialect::Sqlite).sql.contains(r#""rating" >= ?"#));
    }

    #[test]
    fn no_parent_has_no_related_rows() {
        let none = related(&include(&BOOKS, 2), &[vec![Value::Null]], 10, Dialect::Postgres);
        assert!(none.sql.contains("WHERE FALSE"));
    }
}
