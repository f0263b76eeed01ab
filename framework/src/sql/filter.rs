//! WHERE.

use sea_query::extension::postgres::PgExpr;
use sea_query::{Expr, ExprTrait, Func, LikeExpr};

use super::table::Table;
use super::{Dialect, bind, full_text};
use crate::model::{ColumnMeta, Link, Operator, RelationMeta, Value};
use crate::query::{Comparison, Filter, subset};

/// The condition that a row of `table` meets the filter; None where every row does.
pub(super) fn condition(filter: &Filter, table: &Table, dialect: Dialect) -> Option<Expr> {
    (!filter.is_everything()).then(|| Conditions { dialect, depth: 0 }.of(filter, table))
}

/// The condition that the row has this primary key; never met where values are missing.
pub(super) fn has_key(table: &Table, key: &[Value], dialect: Dialect) -> Expr {
    has_values(table, table.model.key, key, dialect)
}

struct Conditions {
    dialect: Dialect,
    /// How many relations lie between the statement and the filter; makes the names of tables inside differ.
    depth: usize,
}

impl Conditions {
    fn of(&self, filter: &Filter, table: &Table) -> Expr {
        match filter {
            Filter::All(filters) => {
                let narrowing = filters.iter().filter(|filter| !filter.is_everything());
                narrowing.map(|filter| self.of(filter, table)).reduce(ExprTrait::and).unwrap_or_else(|| constant(true))
            }
            Filter::Any(filters) => filters
                .iter()
                .map(|filter| self.of(filter, table))
                .reduce(ExprTrait::or)
                .unwrap_or_else(|| constant(false)),
            Filter::Not(filter) => self.of(filter, table).not(),
            Filter::Compare(comparison) => self.compare(comparison, table),
            Filter::Related(relation, filter) => self.related(relation, filter, table),
            Filter::LinkedTo(relation, values) => self.linked_to(relation, values, table),
            Filter::Search(columns, text) => full_text::found(table, text, self.dialect).unwrap_or_else(|| {
                let found = |column: &&'static ColumnMeta| {
                    text_match(Operator::IContains, table.column(column), text, self.dialect)
                };
                columns.iter().map(found).reduce(ExprTrait::or).unwrap_or_else(|| constant(false))
            }),
        }
    }

    fn compare(&self, comparison: &Comparison, table: &Table) -> Expr {
        let Comparison { column, operator, values } = comparison;
        let left = bind::compared(column, table.column(column), self.dialect);
        let value = values.first().unwrap_or(&Value::Null);
        let right = || bind::expr(column, value, self.dialect);
        match operator {
            Operator::Eq => left.eq(right()),
            Operator::Ne => left.ne(right()),
            Operator::Gt => left.gt(right()),
            Operator::Gte => left.gte(right()),
            Operator::Lt => left.lt(right()),
            Operator::Lte => left.lte(right()),
            Operator::In => bind::is_in(left, column, values, self.dialect),
            Operator::NotIn => bind::is_not_in(left, column, values, self.dialect),
            Operator::IsNull if *value == Value::Bool(false) => left.is_not_null(),
            Operator::IsNull => left.is_null(),
            Operator::Contains | Operator::IContains | Operator::StartsWith | Operator::IStartsWith => match value {
                Value::Text(text) => text_match(*operator, left, text, self.dialect),
                _ => constant(false),
            },
        }
    }

    /// EXISTS and never a join, which would give a row once for each related one.
    fn related(&self, relation: &'static RelationMeta, filter: &Filter, parent: &Table) -> Expr {
        let inside = Self { dialect: self.dialect, depth: self.depth + 1 };
        let target = Table::aliased((relation.target)(), format!("target_{}", inside.depth), self.dialect);
        let local = relation.link.local().iter().map(|index| parent.qualified(&parent.model.columns[*index]));
        let foreign = target.at(relation.link.foreign());

        let mut rows = match relation.link {
            Link::Local { .. } | Link::Foreign { .. } => target.read().and_where(all_equal(foreign, local)).to_owned(),
            Link::Through { model, through_local, through_foreign, .. } => {
                let link = Table::aliased(model(), format!("link_{}", inside.depth), self.dialect);
                let mut rows = link.read();
                target.join(&mut rows, all_equal(foreign, link.at(through_foreign)));
                rows.and_where(all_equal(link.at(through_local), local)).to_owned()
            }
        };
        rows.expr(Expr::Constant(1.into()));
        for filter in [&subset::of(relation), filter] {
            rows.and_where_option((!filter.is_everything()).then(|| inside.of(filter, &target)));
        }
        Expr::exists(rows)
    }

    /// The row is a target of `relation` from the row whose [`Link::local`] are `values`.
    fn linked_to(&self, relation: &'static RelationMeta, values: &[Value], target: &Table) -> Expr {
        let linked = self.joined_to(relation, values, target);
        let subset = subset::of(relation);
        if subset.is_everything() { linked } else { linked.and(self.of(&subset, target)) }
    }

    fn joined_to(&self, relation: &'static RelationMeta, values: &[Value], target: &Table) -> Expr {
        let foreign = relation.link.foreign();
        let Link::Through { model, through_local, through_foreign, .. } = relation.link else {
            return has_values(target, foreign, values, self.dialect);
        };
        let link = Table::aliased(model(), format!("link_{}", self.depth + 1), self.dialect);
        let target = foreign.iter().map(|index| target.qualified(&target.model.columns[*index]));
        let mut rows = link.read();
        rows.expr(Expr::Constant(1.into()))
            .and_where(all_equal(link.at(through_foreign), target))
            .and_where(has_values(&link, through_local, values, self.dialect));
        Expr::exists(rows)
    }
}

/// The columns of both sides are equal pair by pair.
pub(super) fn all_equal(left: impl Iterator<Item = Expr>, right: impl Iterator<Item = Expr>) -> Expr {
    left.zip(right).map(|(left, right)| left.eq(right)).reduce(ExprTrait::and).unwrap_or_else(|| constant(false))
}

/// The columns at `indexes` have these values; never met where one is missing.
pub(super) fn has_values(table: &Table, indexes: &[usize], values: &[Value], dialect: Dialect) -> Expr {
    if indexes.len() != values.len() {
        return constant(false);
    }
    let bound = indexes.iter().zip(values).map(|(index, value)| {
        let column = &table.model.columns[*index];
        bind::expr(column, value, dialect)
    });
    all_equal(table.at(indexes), bound)
}

fn constant(holds: bool) -> Expr {
    Expr::Constant(holds.into())
}

/// A search for literal text. SQLite's LIKE ignores the case of ASCII letters and knows no other, hence `instr` where case
/// counts. PostgreSQL's LIKE escapes by a backslash unless told otherwise.
fn text_match(operator: Operator, left: Expr, text: &str, dialect: Dialect) -> Expr {
    let found_at = |left: Expr| Expr::from(Func::cust("instr").arg(left).arg(text));
    let anywhere = || format!("%{}%", escaped(text));
    let at_the_start = || format!("{}%", escaped(text));
    match (dialect, operator) {
        (Dialect::Sqlite, Operator::Contains) => found_at(left).gt(Expr::Constant(0.into())),
        (Dialect::Sqlite, Operator::StartsWith) => {
            Expr::from(Func::cust("substr").arg(left).arg(Expr::Constant(1.into())).arg(Func::cust("length").arg(text)))
                .eq(text)
        }
        (Dialect::Sqlite, Operator::IStartsWith) => left.like(LikeExpr::new(at_the_start()).escape('\\')),
        (Dialect::Sqlite, _) => left.like(LikeExpr::new(anywhere()).escape('\\')),
        (Dialect::Postgres, Operator::Contains) => left.like(anywhere()),
        (Dialect::Postgres, Operator::StartsWith) => left.like(at_the_start()),
        (Dialect::Postgres, Operator::IStartsWith) => left.ilike(at_the_start()),
        (Dialect::Postgres, _) => left.ilike(anywhere()),
    }
}

/// Takes the meaning from `%`, `_` and `\`.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 2);
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{AUTHORS, BOOK_TAGS, BOOKS, LABELS, REVIEWS, SERIES};
    use crate::model::ModelMeta;
    use crate::sql::statement::assert_sql;
    use crate::sql::{Statement, Verb};

    fn statement(model: &'static ModelMeta, filter: &Filter, dialect: Dialect) -> Statement {
        let table = Table::new(model, dialect);
        let mut rows = table.read();
        rows.expr(Expr::Constant(1.into()));
        rows.and_where_option(condition(filter, &table, dialect));
        Statement::build(Verb::Select, model, &rows, dialect)
    }

    /// Compares the conditions alone.
    #[track_caller]
    fn assert_where(filter: &Filter, sqlite: &str, postgres: &str) {
        let before = "SELECT 1 FROM \"books\" WHERE ";
        assert_sql(
            |dialect| statement(&BOOKS, filter, dialect),
            &format!("{before}{sqlite}"),
            &format!("{before}{postgres}"),
        );
    }

    fn book(column: usize, operator: Operator, values: impl IntoIterator<Item = Value>) -> Filter {
        Filter::compare(&BOOKS.columns[column], operator, values.into_iter().collect())
    }

    fn title(operator: Operator, text: &str) -> Filter {
        book(1, operator, [Value::Text(text.to_owned())])
    }

    #[test]
    fn comparisons_bind_their_values() {
        for (operator, sign) in [
            (Operator::Eq, "="),
            (Operator::Ne, "<>"),
            (Operator::Gt, ">"),
            (Operator::Gte, ">="),
            (Operator::Lt, "<"),
            (Operator::Lte, "<="),
        ] {
            let filter = book(3, operator, [Value::F64(4.5)]);
            assert_where(&filter, &format!("\"rating\" {sign} ?"), &format!("\"rating\" {sign} $1"));
        }
        let values = |dialect| statement(&BOOKS, &book(0, Operator::Eq, [Value::I64(7)]), dialect).values.0;
        assert_eq!(values(Dialect::Sqlite), [sea_query::Value::BigInt(Some(7))]);
    }

    #[test]
    fn lists_have_one_text_for_many_lengths() {
        let ids = |operator| book(0, operator, [1, 2, 3].map(Value::I64));
        assert_where(&ids(Operator::In), r#""id" IN (?, ?, ?, ?)"#, r#""id" = ANY($1)"#);
        assert_where(&ids(Operator::NotIn), r#""id" NOT IN (?, ?, ?, ?)"#, r#""id" <> ALL($1)"#);
    }

    #[test]
    fn an_empty_list_holds_no_row_and_excludes_none() {
        assert_where(&book(0, Operator::In, []), "FALSE", "FALSE");
        assert_where(&book(0, Operator::NotIn, []), "TRUE", "TRUE");
    }

    #[test]
    fn null_in_a_list_equals_nothing() {
        assert_where(&book(0, Operator::In, [Value::Null, Value::I64(1)]), r#""id" IN (?)"#, r#""id" = ANY($1)"#);
        assert_where(&book(0, Operator::NotIn, [Value::Null, Value::I64(1)]), "FALSE", "FALSE");
    }

    #[test]
    fn isnull_takes_true_and_false() {
        assert_where(&book(2, Operator::IsNull, [Value::Bool(true)]), r#""isbn" IS NULL"#, r#""isbn" IS NULL"#);
        assert_where(
            &book(2, Operator::IsNull, [Value::Bool(false)]),
            r#""isbn" IS NOT NULL"#,
            r#""isbn" IS NOT NULL"#,
        );
    }

    #[test]
    fn text_is_searched_for_literally() {
        for (operator, sqlite, postgres) in [
            (Operator::Contains, r#"instr("title", ?) > 0"#, r#""title" LIKE $1"#),
            (Operator::IContains, r#""title" LIKE ? ESCAPE '\'"#, r#""title" ILIKE $1"#),
            (Operator::StartsWith, r#"substr("title", 1, length(?)) = ?"#, r#""title" LIKE $1"#),
            (Operator::IStartsWith, r#""title" LIKE ? ESCAPE '\'"#, r#""title" ILIKE $1"#),
        ] {
            assert_where(&title(operator, "x"), sqlite, postgres);
        }
        let needle = |operator, dialect| statement(&BOOKS, &title(operator, r"50%_\"), dialect).values.0.remove(0);
        assert_eq!(needle(Operator::Contains, Dialect::Sqlite), r"50%_\".into());
        assert_eq!(needle(Operator::IContains, Dialect::Sqlite), r"%50\%\_\\%".into());
        assert_eq!(needle(Operator::Contains, Dialect::Postgres), r"%50\%\_\\%".into());
        assert_eq!(needle(Operator::IStartsWith, Dialect::Postgres), r"50\%\_\\%".into());
    }

    #[test]
    fn conditions_combine_with_the_parentheses_they_need() {
        let (a, b) = (|| title(Operator::Eq, "a"), || title(Operator::Ne, "b"));
        assert_where(
            &a().or(b()).and(book(3, Operator::Lt, [Value::F64(1.0)])),
            r#"("title" = ? OR "title" <> ?) AND "rating" < ?"#,
            r#"("title" = $1 OR "title" <> $2) AND "rating" < $3"#,
        );
        assert_where(
            &Filter::Not(Box::new(a().or(b()))),
            r#"NOT ("title" = ? OR "title" <> ?)"#,
            r#"NOT ("title" = $1 OR "title" <> $2)"#,
        );
        assert_where(&Filter::Not(Box::new(Filter::everything())), "NOT TRUE", "NOT TRUE");
        assert_where(&Filter::Any(Vec::new()), "FALSE", "FALSE");
        assert_where(
            &Filter::Any(vec![Filter::everything(), a()]),
            r#"TRUE OR "title" = ?"#,
            r#"TRUE OR "title" = $1"#,
        );
        let everything = |dialect| statement(&BOOKS, &Filter::everything(), dialect);
        assert_sql(everything, r#"SELECT 1 FROM "books""#, r#"SELECT 1 FROM "books""#);
    }

    #[test]
    fn search_looks_into_each_column() {
        let search = Filter::Search(vec![&BOOKS.columns[1], &BOOKS.columns[2]], "dune".to_owned());
        assert_where(
            &search,
            r#""title" LIKE ? ESCAPE '\' OR "isbn" LIKE ? ESCAPE '\'"#,
            r#"("title" ILIKE $1) OR ("isbn" ILIKE $2)"#,
        );
        assert_where(&Filter::Search(Vec::new(), "dune".to_owned()), "FALSE", "FALSE");
    }

    #[test]
    fn related_rows_are_looked_for_by_exists() {
        let active = Filter::compare(&AUTHORS.columns[3], Operator::Eq, vec![Value::Text("active".to_owned())]);
        assert_where(
            &Filter::Related(&BOOKS.relations[0], Box::new(active)),
            r#"EXISTS(SELECT 1 FROM "credits" AS "link_1" INNER JOIN "authors" AS "target_1" ON "target_1"."id" = "link_1"."author_id" WHERE "link_1"."book_id" = "books"."id" AND "target_1"."status" = ?)"#,
            r#"EXISTS(SELECT 1 FROM "credits" AS "link_1" INNER JOIN "authors" AS "target_1" ON "target_1"."id" = "link_1"."author_id" WHERE "link_1"."book_id" = "books"."id" AND "target_1"."status" = $1)"#,
        );
        let any_review = r#"EXISTS(SELECT 1 FROM "reviews" AS "target_1" WHERE "target_1"."book_id" = "books"."id")"#;
        assert_where(&Filter::Related(&BOOKS.relations[2], Box::new(Filter::everything())), any_review, any_review);
    }

    #[test]
    fn conditions_on_a_related_row_stand_in_one_exists_and_a_negation_before_it() {
        let rating = |operator, stars| Filter::compare(&REVIEWS.columns[2], operator, vec![Value::I32(stars)]);
        let both = rating(Operator::Gte, 3).and(rating(Operator::Lt, 5));
        let none = Filter::Not(Box::new(Filter::Related(&BOOKS.relations[2], Box::new(both))));
        assert_where(
            &Filter::Any(vec![none, title(Operator::Eq, "x")]),
            r#"(NOT EXISTS(SELECT 1 FROM "reviews" AS "target_1" WHERE "target_1"."book_id" = "books"."id" AND ("target_1"."rating" >= ? AND "target_1"."rating" < ?))) OR "title" = ?"#,
            r#"(NOT EXISTS(SELECT 1 FROM "reviews" AS "target_1" WHERE "target_1"."book_id" = "books"."id" AND ("target_1"."rating" >= $1 AND "target_1"."rating" < $2))) OR "title" = $3"#,
        );
    }

    #[test]
    fn keys_of_several_columns_are_compared_pair_by_pair() {
        let everything = || Box::new(Filter::everything());
        assert_sql(
            |dialect| statement(&LABELS, &Filter::Related(&LABELS.relations[0], everything()), dialect),
            r#"SELECT 1 FROM "labels" WHERE EXISTS(SELECT 1 FROM "book_tags" AS "target_1" WHERE "target_1"."book_id" = "labels"."book_id" AND "target_1"."tag_name" = "labels"."tag_name")"#,
            r#"SELECT 1 FROM "labels" WHERE EXISTS(SELECT 1 FROM "book_tags" AS "target_1" WHERE "target_1"."book_id" = "labels"."book_id" AND "target_1"."tag_name" = "labels"."tag_name")"#,
        );
        let key = || vec![Value::I64(7), Value::Text("a".to_owned())];
        assert_sql(
            |dialect| statement(&LABELS, &Filter::LinkedTo(&BOOK_TAGS.relations[2], key()), dialect),
            r#"SELECT 1 FROM "labels" WHERE "book_id" = ? AND "tag_name" = ?"#,
            r#"SELECT 1 FROM "labels" WHERE "book_id" = $1 AND "tag_name" = $2"#,
        );
        assert_sql(
            |dialect| statement(&BOOK_TAGS, &Filter::LinkedTo(&BOOK_TAGS.relations[3], key()), dialect),
            r#"SELECT 1 FROM "book_tags" WHERE EXISTS(SELECT 1 FROM "similar" AS "link_1" WHERE "link_1"."book_id" = "book_tags"."book_id" AND "link_1"."other_name" = "book_tags"."tag_name" AND ("link_1"."book_id" = ? AND "link_1"."tag_name" = ?))"#,
            r#"SELECT 1 FROM "book_tags" WHERE EXISTS(SELECT 1 FROM "similar" AS "link_1" WHERE "link_1"."book_id" = "book_tags"."book_id" AND "link_1"."other_name" = "book_tags"."tag_name" AND ("link_1"."book_id" = $1 AND "link_1"."tag_name" = $2))"#,
        );
    }

    #[test]
    fn a_relation_to_a_part_of_the_rows_links_no_others() {
        let subset: fn() -> Box<dyn std::any::Any> =
            || Box::new(Filter::compare(&AUTHORS.columns[3], Operator::Eq, vec![Value::Text("active".to_owned())]));
        let relation = Box::leak(Box::new(RelationMeta { subset: Some(subset), ..BOOKS.relations[0] }));
        let any = statement(&BOOKS, &Filter::Related(relation, Box::new(Filter::everything())), Dialect::Sqlite);
        assert!(any.sql.ends_with(r#""link_1"."book_id" = "books"."id" AND "target_1"."status" = ?)"#), "{}", any.sql);
        let linked = statement(&AUTHORS, &Filter::LinkedTo(relation, vec![Value::I64(7)]), Dialect::Sqlite);
        assert!(linked.sql.ends_with(r#""link_1"."book_id" = ?) AND "status" = ?"#), "{}", linked.sql);
    }

    #[test]
    fn a_relation_of_a_model_to_itself_gets_names_of_its_own() {
        let named = Filter::compare(&SERIES.columns[1], Operator::Eq, vec![Value::Text("x".to_owned())]);
        let parent = |filter| Filter::Related(&SERIES.relations[0], Box::new(filter));
        assert_sql(
            |dialect| statement(&SERIES, &parent(parent(named.clone())), dialect),
            r#"SELECT 1 FROM "library_series" WHERE EXISTS(SELECT 1 FROM "library_series" AS "target_1" WHERE "target_1"."id" = "library_series"."parent_id" AND EXISTS(SELECT 1 FROM "library_series" AS "target_2" WHERE "target_2"."id" = "target_1"."parent_id" AND "target_2"."name" = ?))"#,
            r#"SELECT 1 FROM "library"."series" WHERE EXISTS(SELECT 1 FROM "library"."series" AS "target_1" WHERE "target_1"."id" = "library"."series"."parent_id" AND EXISTS(SELECT 1 FROM "library"."series" AS "target_2" WHERE "target_2"."id" = "target_1"."parent_id" AND "target_2"."name" = $1))"#,
        );
    }
}
