//! WHERE a walk goes on: the rows behind a place in an order.
//!
//! Where all terms have one direction this is one comparison of rows, `("year", "id") > (?, ?)`, which an index on these
//! columns answers by going to the place. Where an index cannot, the rows come in parts, in each of which it can: those equal
//! in the first column, those beyond, and NULLs, which count as the largest values. Only a nullable column in ascending order
//! pays for NULLs, since `>` never finds one, and so does a boundary row that has one.

use sea_query::{Expr, ExprTrait};

use super::sort::{self, Term};
use super::table::{Table, is_row_number};
use super::{Dialect, bind};
use crate::model::{ColumnType, Value};
use crate::query::Sort;

/// The rows behind a place.
pub(super) struct Behind {
    /// The order of the rows, in the direction of the walk.
    pub(super) terms: Vec<Term>,
    /// Which rows, in parts that an index finds in order.
    pub(super) parts: Vec<Option<Expr>>,
}

/// The rows behind the row with `values`; all rows where there are no values.
pub(super) fn behind(order: &[Sort], values: &[Value], table: &Table, dialect: Dialect) -> Behind {
    let mut terms = sort::terms(order);
    let (Some(first), Some(value)) = (terms.first().copied(), values.first()) else {
        return Behind { terms, parts: vec![None] };
    };
    // Upwards NULLs come behind the values, downwards values behind the NULLs; else all have one or none has.
    terms[0].nullable = first.nullable && first.sort.descending == (*value == Value::Null);
    let of_part = [&[Term { nullable: false, ..first }], &terms[1..]].concat();
    let seek = Seek { table, dialect };
    let mut parts = Vec::new();
    if seek.is_served(&of_part, values) {
        parts.push(seek.after(&of_part, values));
    } else {
        parts.push(seek.equal(&first, value).and(seek.after(&terms[1..], &values[1..])));
        parts.extend(seek.beyond(&of_part[0], value));
    }
    if first.nullable && !first.sort.descending && *value != Value::Null {
        parts.push(seek.column(&first).is_null());
    }
    Behind { terms, parts: parts.into_iter().map(Some).collect() }
}

/// The same as one part, for a statement that would have too many values in parts.
pub(super) fn whole(order: &[Sort], values: &[Value], table: &Table, dialect: Dialect) -> Behind {
    let terms = sort::terms(order);
    let condition = (!values.is_empty()).then(|| Seek { table, dialect }.after(&terms, values));
    Behind { terms, parts: vec![condition] }
}

struct Seek<'a> {
    table: &'a Table,
    dialect: Dialect,
}

impl Seek<'_> {
    /// Whether one comparison of rows says it all and an index answers it. SQLite does not recognize its row number, which an
    /// integer key is, in such a comparison and would then read all rows that are equal in the other column.
    fn is_served(&self, terms: &[Term], values: &[Value]) -> bool {
        let all = self.alike(terms, values) == terms.len();
        let has_row_number = self.dialect == Dialect::Sqlite && is_row_number(self.table.model);
        all && !(has_row_number && terms.len() == 2)
    }

    /// The condition that a row comes after the one with `values`.
    fn after(&self, terms: &[Term], values: &[Value]) -> Expr {
        let alike = self.alike(terms, values);
        let spelled_out = self.spelled_out(terms, values);
        if alike == 0 || alike == terms.len() {
            return spelled_out;
        }
        self.row(&terms[..alike], &values[..alike], true).and(spelled_out)
    }

    /// The same, term by term until one comparison of rows can judge the rest.
    fn spelled_out(&self, terms: &[Term], values: &[Value]) -> Expr {
        let (Some((first, rest)), Some((value, others))) = (terms.split_first(), values.split_first()) else {
            return Expr::Constant(false.into());
        };
        if self.alike(terms, values) == terms.len() {
            return self.row(terms, values, false);
        }
        let equal = || self.equal(first, value).and(self.spelled_out(rest, others));
        match (self.beyond(first, value), rest.is_empty()) {
            (Some(beyond), true) => beyond,
            (Some(beyond), false) => beyond.or(equal()),
            (None, _) => equal(),
        }
    }

    /// Compares several columns at once.
    fn row(&self, terms: &[Term], values: &[Value], or_equal: bool) -> Expr {
        let columns = terms.iter().map(|term| self.column(term));
        let bound = terms.iter().zip(values).map(|(term, value)| bind::expr(term.sort.column, value, self.dialect));
        let one_expr = |mut exprs: Vec<Expr>| if exprs.len() == 1 { exprs.remove(0) } else { Expr::tuple(exprs) };
        let (left, right) = (one_expr(columns.collect()), one_expr(bound.collect()));
        match (terms.first().is_some_and(|term| term.sort.descending), or_equal) {
            (false, false) => left.gt(right),
            (false, true) => left.gte(right),
            (true, false) => left.lt(right),
            (true, true) => left.lte(right),
        }
    }

    fn equal(&self, term: &Term, value: &Value) -> Expr {
        match value {
            Value::Null => self.column(term).is_null(),
            value => self.column(term).eq(bind::expr(term.sort.column, value, self.dialect)),
        }
    }

    /// The term's column alone puts the row behind the value; nothing is behind NULL, which is the largest value.
    fn beyond(&self, term: &Term, value: &Value) -> Option<Expr> {
        let column = || self.column(term);
        match (value, term.sort.descending) {
            (Value::Null, false) => None,
            (Value::Null, true) => Some(column().is_not_null()),
            (value, true) => Some(column().lt(bind::expr(term.sort.column, value, self.dialect))),
            (value, false) => {
                let greater = column().gt(bind::expr(term.sort.column, value, self.dialect));
                Some(if term.nullable { greater.or(column().is_null()) } else { greater })
            }
        }
    }

    /// How many of the first terms one comparison of rows can judge: those of one direction, as long as a NULL, for which no
    /// comparison holds, would have to be found by none. SQLite uses no index for a row in which a collation is named.
    fn alike(&self, terms: &[Term], values: &[Value]) -> usize {
        let Some(descending) = terms.first().map(|term| term.sort.descending) else { return 0 };
        let is_plain = |(term, value): &(&Term, &Value)| {
            term.sort.descending == descending && (descending || !term.nullable) && **value != Value::Null
        };
        let plain = terms.iter().zip(values).take_while(is_plain).count();
        let has_collation = |term: &Term| self.dialect == Dialect::Sqlite && term.sort.column.ty == ColumnType::Decimal;
        match terms[..plain].iter().position(has_collation) {
            Some(0) => 1,
            Some(place) => place,
            None => plain,
        }
    }

    fn column(&self, term: &Term) -> Expr {
        bind::compared(term.sort.column, self.table.column(term.sort.column), self.dialect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::BOOKS;
    use crate::query::{ListQuery, Place};
    use crate::sql::select::walk;
    use crate::sql::statement::assert_sql;

    /// The value of a column that the test means; only its type and whether it is NULL matters here.
    fn boundary(term: &Sort, null: bool) -> Value {
        match term.column.ty {
            _ if null => Value::Null,
            ColumnType::Text => Value::Text("Dune".to_owned()),
            ColumnType::F64 => Value::F64(4.5),
            ColumnType::Decimal => Value::Decimal("9.99".parse().expect("a decimal")),
            ColumnType::I16 => Value::I16(1965),
            _ => Value::I64(7),
        }
    }

    /// Compares everything between the table and LIMIT; `nulls` says which columns of the boundary row are NULL.
    #[track_caller]
    fn assert_walk(sort: &[(usize, bool)], nulls: &[usize], backward: bool, sqlite: &str, postgres: &str) {
        let term =
            |(column, descending): &(usize, bool)| Sort { column: &BOOKS.columns[*column], descending: *descending };
        let query = ListQuery { sort: sort.iter().map(term).collect(), ..ListQuery::new(&BOOKS) };
        let is_null = |term: &Sort| nulls.iter().any(|index| BOOKS.columns[*index].name == term.column.name);
        let values = query.order().iter().map(|term| boundary(term, is_null(term))).collect();
        let place = Place { values, backward };
        let all = r#"SELECT "id", "title", "isbn", "rating", "price", "series_id", "published_year", "in_print" FROM "#;
        let shorter = |dialect| {
            let mut statement = walk(&query, &place, dialect);
            statement.sql = statement.sql.replace(all, "").replace(r#""books" WHERE "#, "");
            statement
        };
        assert_sql(shorter, sqlite, postgres);
    }

    #[test]
    fn one_direction_is_one_comparison_of_rows() {
        assert_walk(
            &[],
            &[],
            false,
            r#""id" > ? ORDER BY "id" ASC LIMIT 21"#,
            r#""id" > $1 ORDER BY "id" ASC LIMIT $2"#,
        );
        assert_walk(
            &[(1, true)],
            &[],
            false,
            r#""title" = ? AND "id" < ? UNION ALL "title" < ? ORDER BY "title" DESC, "id" DESC LIMIT 21"#,
            r#"("title", "id") < ($1, $2) ORDER BY "title" DESC, "id" DESC LIMIT $3"#,
        );
        assert_walk(
            &[(1, false), (3, false)],
            &[],
            false,
            r#"("title", "rating", "id") > (?, ?, ?) ORDER BY "title" ASC, "rating" ASC, "id" ASC LIMIT 21"#,
            r#"("title", "rating", "id") > ($1, $2, $3) ORDER BY "title" ASC, "rating" ASC, "id" ASC LIMIT $4"#,
        );
    }

    #[test]
    fn backward_is_the_order_turned_round() {
        assert_walk(
            &[(1, true)],
            &[],
            true,
            r#""title" = ? AND "id" > ? UNION ALL "title" > ? ORDER BY "title" ASC, "id" ASC LIMIT 21"#,
            r#"("title", "id") > ($1, $2) ORDER BY "title" ASC, "id" ASC LIMIT $3"#,
        );
    }

    #[test]
    fn mixed_directions_come_in_parts_that_an_index_finds() {
        assert_walk(
            &[(1, true), (3, false)],
            &[],
            false,
            r#""title" = ? AND ("rating", "id") > (?, ?) UNION ALL "title" < ? ORDER BY "title" DESC, "rating" ASC, "id" ASC LIMIT 21"#,
            r#"("title" = $1 AND ("rating", "id") > ($2, $3) ORDER BY "title" DESC, "rating" ASC, "id" ASC LIMIT $4) AS "part" UNION ALL (("title" < $5 ORDER BY "title" DESC, "rating" ASC, "id" ASC LIMIT $6) AS "part") ORDER BY "title" DESC, "rating" ASC, "id" ASC LIMIT $7"#,
        );
        assert_walk(
            &[(1, false), (3, false), (0, true)],
            &[],
            false,
            r#""title" = ? AND ("rating" >= ? AND ("rating" > ? OR ("rating" = ? AND "id" < ?))) UNION ALL "title" > ? ORDER BY "title" ASC, "rating" ASC, "id" DESC LIMIT 21"#,
            r#"("title" = $1 AND ("rating" >= $2 AND ("rating" > $3 OR ("rating" = $4 AND "id" < $5))) ORDER BY "title" ASC, "rating" ASC, "id" DESC LIMIT $6) AS "part" UNION ALL (("title" > $7 ORDER BY "title" ASC, "rating" ASC, "id" DESC LIMIT $8) AS "part") ORDER BY "title" ASC, "rating" ASC, "id" DESC LIMIT $9"#,
        );
    }

    #[test]
    fn downwards_no_null_is_left_behind_a_value() {
        assert_walk(
            &[(6, true)],
            &[],
            false,
            r#""published_year" = ? AND "id" < ? UNION ALL "published_year" < ? ORDER BY "published_year" DESC, "id" DESC LIMIT 21"#,
            r#"("published_year", "id") < ($1, $2) ORDER BY "published_year" DESC, "id" DESC LIMIT $3"#,
        );
    }

    #[test]
    fn upwards_the_nulls_are_a_part_of_their_own() {
        assert_walk(
            &[(6, false)],
            &[],
            false,
            r#""published_year" = ? AND "id" > ? UNION ALL "published_year" > ? UNION ALL "published_year" IS NULL ORDER BY "published_year" ASC NULLS LAST, "id" ASC LIMIT 21"#,
            r#"(("published_year", "id") > ($1, $2) ORDER BY "published_year" ASC, "id" ASC LIMIT $3) AS "part" UNION ALL (("published_year" IS NULL ORDER BY "published_year" ASC, "id" ASC LIMIT $4) AS "part") ORDER BY "published_year" ASC, "id" ASC LIMIT $5"#,
        );
    }

    #[test]
    fn among_nulls_the_rest_of_the_order_decides() {
        assert_walk(
            &[(6, false)],
            &[6],
            false,
            r#""published_year" IS NULL AND "id" > ? ORDER BY "published_year" ASC, "id" ASC LIMIT 21"#,
            r#""published_year" IS NULL AND "id" > $1 ORDER BY "published_year" ASC, "id" ASC LIMIT $2"#,
        );
    }

    #[test]
    fn a_null_further_on_is_spelled_out() {
        assert_walk(
            &[(1, false), (6, false)],
            &[],
            false,
            r#""title" = ? AND ("published_year" > ? OR "published_year" IS NULL OR ("published_year" = ? AND "id" > ?)) UNION ALL "title" > ? ORDER BY "title" ASC, "published_year" ASC NULLS LAST, "id" ASC LIMIT 21"#,
            r#"("title" = $1 AND ("published_year" > $2 OR "published_year" IS NULL OR ("published_year" = $3 AND "id" > $4)) ORDER BY "title" ASC, "published_year" ASC, "id" ASC LIMIT $5) AS "part" UNION ALL (("title" > $6 ORDER BY "title" ASC, "published_year" ASC, "id" ASC LIMIT $7) AS "part") ORDER BY "title" ASC, "published_year" ASC, "id" ASC LIMIT $8"#,
        );
    }

    #[test]
    fn decimals_compare_as_numbers_on_sqlite() {
        assert_walk(
            &[(4, true)],
            &[],
            false,
            r#"("price" COLLATE couplet_decimal) = ? AND "id" < ? UNION ALL ("price" COLLATE couplet_decimal) < ? ORDER BY "price" COLLATE couplet_decimal DESC, "id" DESC LIMIT 21"#,
            r#"("price", "id") < ($1, $2) ORDER BY "price" DESC, "id" DESC LIMIT $3"#,
        );
    }

    #[test]
    fn a_statement_that_would_have_too_many_values_stays_whole() {
        let ids = crate::query::Filter::compare(
            &BOOKS.columns[0],
            crate::model::Operator::In,
            (0..16_384).map(Value::I64).collect(),
        );
        let sort = vec![Sort { column: &BOOKS.columns[6], descending: false }];
        let query = ListQuery { sort, filter: ids, ..ListQuery::new(&BOOKS) };
        let place = Place { values: vec![Value::I16(1965), Value::I64(7)], backward: false };
        let statement = walk(&query, &place, Dialect::Sqlite);
        assert_eq!(statement.values.0.len(), 16_384 + 3);
        let end = r#") AND ("published_year" > ? OR "published_year" IS NULL OR ("published_year" = ? AND "id" > ?)) ORDER BY "published_year" ASC NULLS LAST, "id" ASC LIMIT 21"#;
        assert!(statement.sql.ends_with(end), "{}", &statement.sql[statement.sql.len() - 300..]);
        let parts = walk(&query, &place, Dialect::Postgres);
        assert!(parts.sql.contains("UNION ALL"), "a list is one value there");
    }
}
