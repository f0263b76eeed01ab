//! Looking for words: the condition that a row has them, and the order of the best match.

use std::mem;

use sea_query::extension::postgres::PgExpr;
use sea_query::extension::sqlite::SqliteExpr;
use sea_query::{Alias, Expr, ExprTrait, Func, Order, Query, SelectStatement};

use super::Dialect;
use super::schema::{SEARCH_COLUMN, full_text_table, has_full_text, row_number};
use super::table::Table;
use crate::query::{Filter, ListQuery};

/// Words of a search at most; what comes behind them is not looked for.
const MAX_WORDS: usize = 100;
/// The words that were found, as a ranked statement names them.
const FOUND: &str = "found";
/// The model's table in a ranked statement on SQLite, where both have columns of the same names.
const TARGET: &str = "target";
/// How `ts_rank_cd` sees a text's length: the rank is divided by 1 + its logarithm, so that a word counts more in a short one.
const BY_LENGTH: i32 = 1;

/// The condition that a row has all words of `text`; `None` where the table has no index of words.
pub(super) fn found(table: &Table, text: &str, dialect: Dialect) -> Option<Expr> {
    let configuration = table.model.full_text.filter(|_| has_full_text(table.model, dialect))?;
    let words = words(text);
    if words.is_empty() {
        return Some(Expr::Constant(false.into()));
    }
    Some(match dialect {
        Dialect::Postgres => PgExpr::matches(table.named(SEARCH_COLUMN), tsquery(configuration, &words)),
        Dialect::Sqlite => {
            let key = table.column(row_number(table.model)?);
            let mut rows = matching(table, &words);
            rows.expr(Expr::col("rowid"));
            key.in_subquery(rows)
        }
    })
}

/// The rows that `query` asks for, ordered by how well they match its search, and the table as the statement names it;
/// `None` where nothing is searched for in an index of words.
pub(super) fn ranked(
    query: &ListQuery,
    rows: impl FnOnce(&Table, &Filter) -> SelectStatement,
    dialect: Dialect,
) -> Option<(SelectStatement, Table)> {
    let model = query.model;
    let configuration = model.full_text.filter(|_| has_full_text(model, dialect))?;
    let mut filter = query.filter.clone();
    let text = search(&mut filter)?;
    let words = words(&text);
    if words.is_empty() {
        return None;
    }
    match dialect {
        Dialect::Postgres => {
            let table = Table::new(model, dialect).showing(query.deleted);
            let mut rows = rows(&table, &query.filter);
            let rank = Func::cust("ts_rank_cd")
                .arg(table.named(SEARCH_COLUMN))
                .arg(tsquery(configuration, &words))
                .arg(Expr::Constant(BY_LENGTH.into()));
            rows.order_by_expr(rank.into(), Order::Desc);
            Some((rows, table))
        }
        Dialect::Sqlite => {
            // The index is read first and once, with the rank of each row; SQLite reads what CROSS JOIN names in its order.
            let table = Table::aliased(model, TARGET, dialect).showing(query.deleted);
            let key = table.column(row_number(model)?);
            let mut found = matching(&table, &words);
            found.expr_as(Expr::col("rowid"), Alias::new("row")).expr(Expr::col("rank"));
            let mut statement = rows(&table, &filter);
            statement.from_clear().from_subquery(found, FOUND);
            table.cross_join(&mut statement);
            statement.and_where(key.eq(Expr::col((FOUND, "row"))));
            // The better the match, the smaller SQLite's rank.
            statement.order_by_expr(Expr::col((FOUND, "rank")), Order::Asc);
            Some((statement, table))
        }
    }
}

/// Takes the first search that every row must meet out of the filter.
fn search(filter: &mut Filter) -> Option<String> {
    match filter {
        Filter::Search(_, text) => {
            let text = mem::take(text);
            *filter = Filter::everything();
            Some(text)
        }
        Filter::All(filters) => filters.iter_mut().find_map(search),
        _ => None,
    }
}

/// The words of a text: all between what is neither a letter nor a digit. Nothing in them means anything to a database.
fn words(text: &str) -> Vec<&str> {
    text.split(|letter| !is_of_word(letter)).filter(|word| !word.is_empty()).take(MAX_WORDS).collect()
}

fn is_of_word(letter: char) -> bool {
    // Accents that are characters of their own belong to the letter before them.
    letter.is_alphanumeric() || matches!(letter, '\u{300}'..='\u{36f}')
}

/// `'desert':* & 'plan':*`
fn tsquery(configuration: &str, words: &[&str]) -> Expr {
    let words: Vec<String> = words.iter().map(|word| format!("'{word}':*")).collect();
    let configuration = Expr::cust(format!("'{configuration}'::regconfig"));
    Func::cust("to_tsquery").arg(configuration).arg(words.join(" & ")).into()
}

/// The rows of SQLite's index that match `"desert"* AND "plan"*`.
fn matching(table: &Table, words: &[&str]) -> SelectStatement {
    let name = full_text_table(table.model);
    let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"*")).collect();
    let mut rows = Query::select();
    rows.from(Alias::new(&name)).and_where(SqliteExpr::matches(Expr::col(Alias::new(&name)), words.join(" AND ")));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{ENGLISH_PAPERS, PAPERS, TEXT_PAPERS};
    use crate::model::{ModelMeta, Operator, Value};
    use crate::query::Sort;
    use crate::sql::statement::assert_sql;
    use crate::sql::{count, select};

    fn searched(model: &'static ModelMeta, text: &str) -> ListQuery {
        let filter = Filter::Search(model.search_columns().collect(), text.to_owned());
        ListQuery { filter, ..ListQuery::new(model) }
    }

    #[test]
    fn the_best_match_comes_first() {
        let title = Filter::compare(&PAPERS.columns[1], Operator::Eq, vec![Value::Text("x".to_owned())]);
        let query = searched(&PAPERS, "Desert plan");
        let query = ListQuery { filter: title.and(query.filter.clone()), ..query };
        assert_sql(
            |dialect| select::page(&query, dialect),
            r#"SELECT "target"."id", "target"."title", "target"."abstract" FROM (SELECT "rowid" AS "row", "rank" FROM "library_papers_fts" WHERE "library_papers_fts" MATCH ?) AS "found" CROSS JOIN "library_papers" AS "target" WHERE "target"."title" = ? AND "target"."id" = "found"."row" ORDER BY "found"."rank" ASC, "target"."id" ASC LIMIT 21"#,
            r#"SELECT "id", "title", "abstract" FROM "library"."papers" WHERE "title" = $1 AND "_search" @@ to_tsquery('simple'::regconfig, $2) ORDER BY ts_rank_cd("_search", to_tsquery('simple'::regconfig, $3), 1) DESC, "id" ASC LIMIT $4"#,
        );
        let words = |dialect, place: usize| select::page(&query, dialect).values.0[place].clone();
        assert_eq!(words(Dialect::Sqlite, 0), r#""Desert"* AND "plan"*"#.into());
        assert_eq!(words(Dialect::Postgres, 1), "'Desert':* & 'plan':*".into());
    }

    #[test]
    fn an_order_that_is_asked_for_holds() {
        let sort = vec![Sort { column: &PAPERS.columns[1], descending: false }];
        let query = ListQuery { sort, ..searched(&PAPERS, "desert") };
        assert_sql(
            |dialect| select::page(&query, dialect),
            r#"SELECT "id", "title", "abstract" FROM "library_papers" WHERE "id" IN (SELECT "rowid" FROM "library_papers_fts" WHERE "library_papers_fts" MATCH ?) ORDER BY "title" ASC, "id" ASC LIMIT 21"#,
            r#"SELECT "id", "title", "abstract" FROM "library"."papers" WHERE "_search" @@ to_tsquery('simple'::regconfig, $1) ORDER BY "title" ASC, "id" ASC LIMIT $2"#,
        );
        assert_sql(
            |dialect| count::exact(&query, dialect),
            r#"SELECT COUNT(*) FROM "library_papers" WHERE "id" IN (SELECT "rowid" FROM "library_papers_fts" WHERE "library_papers_fts" MATCH ?)"#,
            r#"SELECT COUNT(*) FROM "library"."papers" WHERE "_search" @@ to_tsquery('simple'::regconfig, $1)"#,
        );
    }

    #[test]
    fn a_text_without_a_word_finds_nothing() {
        assert_sql(
            |dialect| select::page(&searched(&PAPERS, "?!"), dialect),
            r#"SELECT "id", "title", "abstract" FROM "library_papers" WHERE FALSE ORDER BY "id" ASC LIMIT 21"#,
            r#"SELECT "id", "title", "abstract" FROM "library"."papers" WHERE FALSE ORDER BY "id" ASC LIMIT 21"#,
        );
    }

    #[test]
    fn a_configuration_has_its_own_words() {
        let statement = select::page(&searched(&ENGLISH_PAPERS, "planets"), Dialect::Postgres);
        let sql = statement.sql.as_str();
        assert!(sql.contains(r#"to_tsquery('english'::regconfig, $1)"#), "{sql}");
    }

    #[test]
    fn without_a_number_for_each_row_sqlite_looks_for_the_text() {
        assert_sql(
            |dialect| count::exact(&searched(&TEXT_PAPERS, "a b"), dialect),
            r#"SELECT COUNT(*) FROM "library_papers" WHERE "title" LIKE ? ESCAPE '\' OR "abstract" LIKE ? ESCAPE '\'"#,
            r#"SELECT COUNT(*) FROM "library"."papers" WHERE "_search" @@ to_tsquery('simple'::regconfig, $1)"#,
        );
    }

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        assert_eq!(words("Desert-planet, 2nd ed."), ["Desert", "planet", "2nd", "ed"]);
        assert_eq!(words("ünï_漢字 e\u{301}te\u{301}"), ["ünï", "漢字", "e\u{301}te\u{301}"]);
        assert_eq!(
            words("\"a\"* OR NEAR(b, 1) ^c:d & !e | f <-> g \\ 'h' \0"),
            ["a", "OR", "NEAR", "b", "1", "c", "d", "e", "f", "g", "h"]
        );
        assert_eq!(words("  !?*\"'()🦀 "), [""; 0]);
        assert_eq!(words(&"a ".repeat(1_000)).len(), MAX_WORDS);
    }

    #[test]
    fn the_search_is_taken_from_what_must_hold() {
        let of = |text: &str| Filter::Search(Vec::new(), text.to_owned());
        let mut filter = Filter::All(vec![Filter::everything(), Filter::All(vec![of("a"), of("b")])]);
        assert_eq!(search(&mut filter).as_deref(), Some("a"));
        assert_eq!(search(&mut filter).as_deref(), Some("b"), "the other one stays a condition");
        assert_eq!(search(&mut filter), None);
        assert_eq!(search(&mut Filter::Any(vec![of("a")])), None);
        assert_eq!(search(&mut Filter::Not(Box::new(of("a")))), None);
    }
}
