//! Reading rows of one model. Every statement selects the columns that are asked for, else all, in the order of the model.

use sea_query::{LockType, Query, SelectStatement, UnionType};

use super::filter::{condition, has_key};
use super::seek::Behind;
use super::sort::{order, terms};
use super::table::Table;
use super::token::{Footprint, expression};
use super::{Dialect, Statement, Verb, full_text, seek};
use crate::model::{ModelMeta, Value};
use crate::query::{Deleted, Filter, ListQuery, Place};

/// Values that a statement in parts may bind; SQLite takes 32,766 and PostgreSQL 65,535.
const MAX_VALUES: usize = 32_000;

/// Rows that a page skips from which on its tokens stand outside: PostgreSQL evaluates what is selected beside the columns of a
/// table for each row that it skips, which takes as long as to skip it.
const FAR: u64 = 1_000;

/// The rows of a page and one more, which tells whether there is a next page.
#[must_use]
pub fn page(query: &ListQuery, dialect: Dialect) -> Statement {
    page_with(query, None, dialect)
}

/// As [`page`], and beside each row, behind its columns, the tokens of `footprint` as a text.
#[must_use]
pub fn page_with(query: &ListQuery, footprint: Option<&Footprint>, dialect: Dialect) -> Statement {
    let columns = query.columns();
    let plain = |table: &Table, filter: &Filter| rows(table, columns.as_deref(), filter, dialect);
    let ranked = query.is_ranked().then(|| full_text::ranked(query, plain, dialect)).flatten();
    let (mut rows, table) = ranked.unwrap_or_else(|| {
        let table = Table::new(query.model, dialect).showing(query.deleted);
        (plain(&table, &query.filter), table)
    });
    let terms = terms(&query.order());
    order(&mut rows, &table, &terms, dialect);
    rows.limit(u64::from(query.page.per_page) + 1);
    if query.page.offset() > 0 {
        rows.offset(query.page.offset());
    }
    if query.page.offset() >= FAR && dialect == Dialect::Postgres && footprint.is_some() && !query.is_ranked() {
        rows = Query::select().expr(table.listed(columns.as_deref())).from_subquery(rows, "page").take();
        order(&mut rows, &table, &terms, dialect);
    }
    carry(&mut rows, footprint, dialect);
    Statement::build(Verb::Select, query.model, &rows, dialect)
}

/// The rows of the list behind a place, or before it, and one more, which tells whether the walk goes on. The nearest to the
/// place come first, so that those before it come backwards.
#[must_use]
pub fn walk(query: &ListQuery, place: &Place, dialect: Dialect) -> Statement {
    walk_with(query, place, None, dialect)
}

/// As [`walk`], and beside each row, behind its columns, the tokens of `footprint` as a text.
#[must_use]
pub fn walk_with(query: &ListQuery, place: &Place, footprint: Option<&Footprint>, dialect: Dialect) -> Statement {
    let table = Table::new(query.model, dialect).showing(query.deleted);
    let columns = query.columns();
    let limit = u64::from(query.page.per_page) + 1;
    let mut direction = query.order();
    if place.backward {
        direction.iter_mut().for_each(|term| term.descending = !term.descending);
    }
    let statement = |Behind { terms, parts }: Behind| {
        let ordered = |mut rows: SelectStatement| {
            order(&mut rows, &table, &terms, dialect);
            rows.limit(limit).take()
        };
        // SQLite merges the parts, each of which an index gives in order, and stops at the limit. PostgreSQL reads and sorts
        // them all, if they do not end after a page.
        let is_ended = dialect == Dialect::Postgres && parts.len() > 1;
        let parts = parts.into_iter().map(|condition| {
            let mut rows = rows(&table, columns.as_deref(), &query.filter, dialect).and_where_option(condition).take();
            if is_ended {
                let listed = table.listed(columns.as_deref());
                rows = Query::select().expr(listed).from_subquery(ordered(rows), "part").take();
            }
            carry(&mut rows, footprint, dialect);
            rows
        });
        let all = parts.reduce(|mut all, part| all.union(UnionType::All, part).take()).unwrap_or_default();
        Statement::build(Verb::Select, query.model, &ordered(all), dialect)
    };
    let in_parts = statement(seek::behind(&direction, &place.values, &table, dialect));
    if in_parts.values.0.len() <= MAX_VALUES {
        return in_parts;
    }
    statement(seek::whole(&direction, &place.values, &table, dialect))
}

fn carry(rows: &mut SelectStatement, footprint: Option<&Footprint>, dialect: Dialect) {
    rows.exprs(footprint.map(|footprint| expression::tokens(footprint, dialect)));
}

/// The row with this primary key, if it is shown and `filter` holds for it. `lock` holds it against other writers until the
/// transaction ends, where the database has such a lock.
#[must_use]
pub fn by_key(
    model: &'static ModelMeta,
    key: &[Value],
    filter: &Filter,
    deleted: Deleted,
    lock: bool,
    dialect: Dialect,
) -> Statement {
    let mut row = with_key(model, key, filter, deleted, None, dialect);
    if lock && dialect == Dialect::Postgres {
        row.lock(LockType::Update);
    }
    Statement::build(Verb::Select, model, &row, dialect)
}

/// The columns at `columns`, or all, of the row with this primary key, if `filter` holds for it.
#[must_use]
pub fn row(
    model: &'static ModelMeta,
    key: &[Value],
    filter: &Filter,
    deleted: Deleted,
    columns: Option<&[usize]>,
    dialect: Dialect,
) -> Statement {
    Statement::build(Verb::Select, model, &with_key(model, key, filter, deleted, columns, dialect), dialect)
}

fn with_key(
    model: &'static ModelMeta,
    key: &[Value],
    filter: &Filter,
    deleted: Deleted,
    columns: Option<&[usize]>,
    dialect: Dialect,
) -> SelectStatement {
    let table = Table::new(model, dialect).showing(deleted);
    let mut row = rows(&table, columns, filter, dialect);
    row.and_where(has_key(&table, key, dialect));
    row
}

fn rows(table: &Table, columns: Option<&[usize]>, filter: &Filter, dialect: Dialect) -> SelectStatement {
    let mut rows = table.read();
    rows.expr(table.listed(columns)).and_where_option(condition(filter, table, dialect));
    rows
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use sea_query::Value as Bound;

    use super::*;
    use crate::fixtures::{BOOK_TAGS, BOOKS, TAGS};
    use crate::model::Operator;
    use crate::query::{Fields, Page, Sort};
    use crate::sql::statement::assert_sql;
    use crate::sql::token::{Known, KnownTable};

    const COLUMNS: &str =
        r#""id", "title", "isbn", "rating", "price", "series_id", "published_year", "in_print" FROM "books""#;

    fn books(sort: &[(usize, bool)]) -> ListQuery {
        let term =
            |(column, descending): &(usize, bool)| Sort { column: &BOOKS.columns[*column], descending: *descending };
        ListQuery { sort: sort.iter().map(term).collect(), ..ListQuery::new(&BOOKS) }
    }

    #[track_caller]
    fn assert_page(query: &ListQuery, sqlite: &str, postgres: &str) {
        let text = |rest: &str| format!("SELECT {COLUMNS} {rest}");
        assert_sql(|dialect| page(query, dialect), &text(sqlite), &text(postgres));
    }

    #[test]
    fn a_page_is_ordered_by_the_key_and_asks_for_one_row_more() {
        assert_page(&books(&[]), r#"ORDER BY "id" ASC LIMIT 21"#, r#"ORDER BY "id" ASC LIMIT 21"#);
        assert!(page(&books(&[]), Dialect::Sqlite).values.0.is_empty());
    }

    #[test]
    fn the_key_follows_in_the_direction_of_the_last_term() {
        assert_page(
            &books(&[(1, false), (3, true)]),
            r#"ORDER BY "title" ASC, "rating" DESC, "id" DESC LIMIT 21"#,
            r#"ORDER BY "title" ASC, "rating" DESC, "id" DESC LIMIT 21"#,
        );
        assert_page(&books(&[(0, true)]), r#"ORDER BY "id" DESC LIMIT 21"#, r#"ORDER BY "id" DESC LIMIT 21"#);
    }

    #[test]
    fn of_a_composite_key_the_columns_that_are_missing_follow() {
        let sort = vec![Sort { column: &BOOK_TAGS.columns[1], descending: true }];
        assert_sql(
            |dialect| page(&ListQuery { sort: sort.clone(), ..ListQuery::new(&BOOK_TAGS) }, dialect),
            r#"SELECT "book_id", "tag_name" FROM "book_tags" ORDER BY "tag_name" DESC, "book_id" DESC LIMIT 21"#,
            r#"SELECT "book_id", "tag_name" FROM "book_tags" ORDER BY "tag_name" DESC, "book_id" DESC LIMIT 21"#,
        );
    }

    #[test]
    fn null_counts_as_the_largest_value() {
        assert_page(
            &books(&[(4, true), (6, false)]),
            r#"ORDER BY "price" COLLATE couplet_decimal DESC NULLS FIRST, "published_year" ASC NULLS LAST, "id" ASC LIMIT 21"#,
            r#"ORDER BY "price" DESC, "published_year" ASC, "id" ASC LIMIT 21"#,
        );
    }

    #[test]
    fn only_the_columns_that_are_needed_are_selected() {
        let fields = Some(Fields { columns: vec![1, 4], computed: Vec::new() });
        assert_sql(
            |dialect| page(&ListQuery { fields: fields.clone(), ..books(&[(3, true)]) }, dialect),
            r#"SELECT "id", "title", "rating", "price" FROM "books" ORDER BY "rating" DESC, "id" DESC LIMIT 21"#,
            r#"SELECT "id", "title", "rating", "price" FROM "books" ORDER BY "rating" DESC, "id" DESC LIMIT 21"#,
        );
        assert_sql(
            |dialect| row(&BOOKS, &[Value::I64(7)], &Filter::everything(), Deleted::Exclude, Some(&[0, 1]), dialect),
            r#"SELECT "id", "title" FROM "books" WHERE "id" = ?"#,
            r#"SELECT "id", "title" FROM "books" WHERE "id" = $1"#,
        );
    }

    #[test]
    fn later_pages_skip_rows_and_never_overflow() {
        let far = |page| ListQuery { page: Page { page, per_page: 10 }, ..books(&[]) };
        assert_page(&far(3), r#"ORDER BY "id" ASC LIMIT 11 OFFSET ?"#, r#"ORDER BY "id" ASC LIMIT $1 OFFSET $2"#);
        let values = |number| page(&far(number), Dialect::Postgres).values.0;
        assert_eq!(values(3), [Bound::BigUnsigned(Some(11)), Bound::BigUnsigned(Some(20))]);
        assert_eq!(values(u64::MAX), [Bound::BigUnsigned(Some(11)), Bound::BigUnsigned(Some(i64::MAX.unsigned_abs()))]);
    }

    #[test]
    fn what_is_skipped_carries_no_tokens() {
        let table = KnownTable { shape: "1".to_owned(), partitioned: false, columns: Vec::new() };
        let known = Known { tables: HashMap::from([(BOOKS.name, table)]) };
        let sql = |number, dialect| {
            let query = ListQuery { page: Page { page: number, per_page: 100 }, ..books(&[(3, true)]) };
            let footprint = Footprint::of_count(&query, &known, dialect);
            page_with(&query, footprint.as_ref(), dialect).sql
        };
        let far = sql(11, Dialect::Postgres);
        let page = format!(r#"FROM (SELECT {COLUMNS} ORDER BY "rating" DESC, "id" DESC LIMIT $1 OFFSET $2) AS "page""#);
        assert!(far.ends_with(&format!(r#""epoch") {page} ORDER BY "rating" DESC, "id" DESC"#)), "{far}");
        assert!(!sql(10, Dialect::Postgres).contains("(SELECT \"id\""));
        assert!(!sql(11, Dialect::Sqlite).contains("(SELECT \"id\""));
    }

    #[test]
    fn a_row_is_found_by_all_columns_of_its_key() {
        let key = [Value::I64(1), Value::Text("sf".to_owned())];
        assert_sql(
            |dialect| by_key(&BOOK_TAGS, &key, &Filter::everything(), Deleted::Exclude, false, dialect),
            r#"SELECT "book_id", "tag_name" FROM "book_tags" WHERE "book_id" = ? AND "tag_name" = ?"#,
            r#"SELECT "book_id", "tag_name" FROM "book_tags" WHERE "book_id" = $1 AND "tag_name" = $2"#,
        );
        let short = by_key(&BOOK_TAGS, &key[..1], &Filter::everything(), Deleted::Exclude, false, Dialect::Sqlite);
        assert!(short.sql.ends_with("WHERE FALSE"));
    }

    #[test]
    fn a_locked_row_must_meet_the_filter() {
        let filter = Filter::compare(&TAGS.columns[0], Operator::Ne, vec![Value::Text("x".to_owned())]);
        assert_sql(
            |dialect| by_key(&TAGS, &[Value::Text("sf".to_owned())], &filter, Deleted::Exclude, true, dialect),
            r#"SELECT "name" FROM "tags" WHERE "name" <> ? AND "name" = ?"#,
            r#"SELECT "name" FROM "tags" WHERE "name" <> $1 AND "name" = $2 FOR UPDATE"#,
        );
    }
}
