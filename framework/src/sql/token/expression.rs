//! Tokens in SQL.
//!
//! A vector is read as one text: the epoch, then what each table's triggers look like, then the token of each class, with commas
//! between them. As soon as one of them is not there, the text is NULL or has a part less.

use sea_query::{Expr, Query, Values};

use super::class::{Class, table_of};
use super::footprint::Footprint;
use crate::model::ModelMeta;
use crate::sql::quote::{literal, quoted};
use crate::sql::{Dialect, Statement, Verb, schema};

/// The vector of a footprint, as a scalar that a statement evaluates once; the statement reads every table of the footprint.
pub(in crate::sql) fn tokens(footprint: &Footprint, dialect: Dialect) -> Expr {
    Expr::cust(footprint.planned(|| vector(footprint, "", dialect)).to_owned())
}

/// `joined` stands behind the table of the epoch.
fn vector(footprint: &Footprint, joined: &str, dialect: Dialect) -> String {
    let shapes = footprint.tables().map(|table| shape(table.model, table.partitioned, dialect));
    match dialect {
        Dialect::Sqlite => {
            let token = |class: &Class| {
                format!("(SELECT hex(\"nonce\") FROM \"_couplet_tokens\" WHERE \"class\" = {})", literal(class.name()))
            };
            // The tokens are random, and none comes twice: there is no need of an epoch.
            let parts = std::iter::once("''".to_owned()).chain(shapes).chain(footprint.classes().map(token));
            format!("(SELECT {})", parts.collect::<Vec<_>>().join(" || ',' || "))
        }
        // One scan and one call: PostgreSQL plans the statement of a page with values each time, and each subquery and operator
        // with it.
        Dialect::Postgres => {
            let token =
                |class: &Class| format!("pg_catalog.pg_sequence_last_value({})", literal(&sequence(class.name())));
            let parts = std::iter::once(EPOCH.to_owned()).chain(shapes).chain(footprint.classes().map(token));
            let parts = parts.collect::<Vec<_>>().join(", ");
            format!("(SELECT pg_catalog.concat_ws(',', {parts}) FROM \"_couplet\".\"epoch\"{joined})")
        }
    }
}

/// The vector alone, as a text in one row.
#[must_use]
pub fn read(footprint: &Footprint, dialect: Dialect) -> Statement {
    // The plan is kept for as long as the tables that it names are what they are, and no row of them is read.
    let names = footprint.tables().filter(|table| dialect == Dialect::Postgres && !table.partitioned);
    let names = names.map(|table| schema::table_name(table.model, dialect)).enumerate();
    let joined: String = names.map(|(place, name)| format!(" LEFT JOIN {name} AS t{place} ON FALSE")).collect();
    let mut statement = Query::select();
    statement.expr(Expr::cust(vector(footprint, &joined, dialect)));
    Statement::build(Verb::Select, footprint.model(), &statement, dialect)
}

/// Asks whether no writer is under way that has changed a class of the footprint and is not yet seen: a boolean in one row, which
/// has to be read outside of a transaction, so that the locks are gone with the statement. `None` where a database has other
/// means: on SQLite a count and its tokens are one statement.
#[must_use]
pub fn fence(footprint: &Footprint, dialect: Dialect) -> Option<Statement> {
    if dialect == Dialect::Sqlite {
        return None;
    }
    let locks: Vec<String> = footprint.classes().map(|class| class.lock().to_string()).collect();
    let sql = format!(
        "SELECT bool_and(pg_catalog.pg_try_advisory_xact_lock(\"key\")) FROM unnest(ARRAY[{}]::bigint[]) AS \"key\"",
        locks.join(", ")
    );
    Some(Statement { sql, values: Values(Vec::new()), verb: Verb::Select, model: footprint.model().name })
}

/// What tells the tokens of one life of the database from those of another. A crash may take back a token that was never
/// committed and yet seen, and it empties the unlogged table that this is read from, as a failover does.
const EPOCH: &str = "\"epoch\".tableoid::text || \"epoch\".nonce";

/// A scalar text that is another one once the triggers of the table or its columns are others, or of another table of that name, or
/// a trigger is switched off; NULL once other rows than its own are read with it, or only some of them.
///
/// On PostgreSQL in a statement that names the table, by a function of the table's own, which is evaluated when the statement is
/// planned: of a plan that is kept, the shape costs nothing. Parts of parts are no matter of the plan.
fn shape(model: &ModelMeta, partitioned: bool, dialect: Dialect) -> String {
    match (dialect, partitioned) {
        // Whatever changed in the file's schema.
        (Dialect::Sqlite, _) => "(SELECT \"schema_version\" FROM pragma_schema_version)".to_owned(),
        (Dialect::Postgres, false) => {
            format!("{}()", sequence(Class::of(&table_of(model, dialect), SHAPE_OF).name()))
        }
        (Dialect::Postgres, true) => shape_of(&number(model), partitioned),
    }
}

/// The number of the model's table on PostgreSQL.
fn number(model: &ModelMeta) -> String {
    format!("{}::regclass", literal(&schema::table_name(model, Dialect::Postgres)))
}

/// What the function that says the shape of a table is called, behind the table's name.
pub(super) const SHAPE_OF: &str = "shape";

/// Makes the functions of the shape of a table that is not partitioned, as `shape_of` says it.
///
/// `shape` says to be immutable, so that it is evaluated when a statement is planned. Whatever makes a shape another one sends word
/// that plans which name the table are void. A statement takes its snapshot before it waits for the table, and by then the shape
/// may be another one; hence `seen_shape`, which is volatile and so looks with a snapshot of its own.
pub const SHAPES: &str = "CREATE OR REPLACE FUNCTION _couplet.seen_shape(oid) RETURNS text LANGUAGE plpgsql VOLATILE AS $couplet$ BEGIN \
     RETURN (SELECT t.oid::text || ' ' || ((SELECT sum(oid::bigint # xmin::text::bigint) FROM pg_catalog.pg_trigger WHERE tgrelid = t.oid AND NOT \
     tgisinternal AND tgenabled <> 'D') + (SELECT sum(xmin::text::bigint) FROM pg_catalog.pg_attribute WHERE attrelid = t.oid AND \
     attnum > 0))::text FROM pg_catalog.pg_class AS t WHERE t.oid = $1 AND NOT t.relrowsecurity AND NOT t.relhassubclass AND NOT \
     t.relispartition); END $couplet$; \
     CREATE OR REPLACE FUNCTION _couplet.shape(oid) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $couplet$ BEGIN \
     RETURN _couplet.seen_shape($1); END $couplet$";

/// The same of a table whose number is `oid` on PostgreSQL.
///
/// Any trigger of the user's may be one that changes more columns than a statement names. A column may be renamed to what another one
/// was, or get another type and with it other values, and no trigger tells of it.
pub(crate) fn shape_of(oid: &str, partitioned: bool) -> String {
    let parts = |table: &str| {
        format!(
            "(SELECT sum(oid::bigint # xmin::text::bigint) FROM pg_catalog.pg_trigger WHERE tgrelid = {table} AND NOT tgisinternal AND \
             tgenabled <> 'D') + (SELECT sum(xmin::text::bigint) FROM pg_catalog.pg_attribute WHERE attrelid = {table} AND attnum > 0)"
        )
    };
    match partitioned {
        false => format!(
            "(SELECT t.oid::text || ' ' || ({})::text FROM pg_catalog.pg_class AS t WHERE t.oid = {oid} AND NOT t.relrowsecurity AND NOT t.relhassubclass AND \
             NOT t.relispartition)",
            parts("t.oid")
        ),
        true => format!(
            "(SELECT {oid}::oid::text || ' ' || CASE WHEN bool_and(shape IS NOT NULL) THEN sum(shape)::text END FROM (SELECT {} AS shape FROM \
             pg_catalog.pg_partition_tree({oid}) AS t) AS parts)",
            parts("t.relid")
        ),
    }
}

/// The name of a class's sequence, as SQL writes it.
pub(in crate::sql) fn sequence(class: &str) -> String {
    format!("\"_couplet\".{}", quoted(class))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::fixtures::BOOKS;
    use crate::model::Operator;
    use crate::query::{Filter, ListQuery};
    use crate::sql::statement::assert_sql;
    use crate::sql::token::{Known, KnownTable};
    use crate::sql::{count, select};

    fn query() -> ListQuery {
        let filter = Filter::compare(&BOOKS.columns[3], Operator::IsNull, vec![crate::model::Value::Bool(true)]);
        ListQuery { filter, ..ListQuery::new(&BOOKS) }
    }

    fn footprint(partitioned: bool, dialect: Dialect) -> Footprint {
        let table = KnownTable { shape: "1".to_owned(), partitioned, columns: vec!["rating"] };
        let known = Known { tables: HashMap::from([(BOOKS.name, table)]) };
        Footprint::of_count(&query(), &known, dialect).expect("known")
    }

    const SQLITE: &str = r#"(SELECT '' || ',' || (SELECT "schema_version" FROM pragma_schema_version) || ',' || (SELECT hex("nonce") FROM "_couplet_tokens" WHERE "class" = 'books column rating') || ',' || (SELECT hex("nonce") FROM "_couplet_tokens" WHERE "class" = 'books rows'))"#;
    const POSTGRES: &str = r#"(SELECT pg_catalog.concat_ws(',', "epoch".tableoid::text || "epoch".nonce, "_couplet"."books shape"(), pg_catalog.pg_sequence_last_value('"_couplet"."books column rating"'), pg_catalog.pg_sequence_last_value('"_couplet"."books rows"')) FROM "_couplet"."epoch")"#;

    #[test]
    fn tokens_are_one_text() {
        let named = POSTGRES.replace(r#""epoch")"#, r#""epoch" LEFT JOIN "books" AS t0 ON FALSE)"#);
        assert_sql(
            |dialect| read(&footprint(false, dialect), dialect),
            &format!("SELECT {SQLITE}"),
            &format!("SELECT {named}"),
        );
    }

    #[test]
    fn a_page_carries_them_behind_its_columns() {
        let columns = r#""id", "title", "isbn", "rating", "price", "series_id", "published_year", "in_print""#;
        let rest = r#"FROM "books" WHERE "rating" IS NULL ORDER BY "id" ASC LIMIT"#;
        assert_sql(
            |dialect| select::page_with(&query(), Some(&footprint(false, dialect)), dialect),
            &format!("SELECT {columns}, {SQLITE} {rest} 21"),
            &format!("SELECT {columns}, {POSTGRES} {rest} 21"),
        );
    }

    #[test]
    fn the_function_of_a_shape_says_what_the_expression_says() {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let expression = words(&shape_of("$1", false));
        assert!(words(SHAPES).contains(&format!("RETURN {expression};")), "{SHAPES}\n{expression}");
    }

    #[test]
    fn a_count_on_sqlite_carries_them_too() {
        let statement = count::exact_with(&query(), &footprint(false, Dialect::Sqlite), Dialect::Sqlite);
        assert_eq!(statement.sql, format!(r#"SELECT COUNT(*), {SQLITE} FROM "books" WHERE "rating" IS NULL"#));
    }

    #[test]
    fn a_fence_tries_the_lock_of_each_class() {
        assert_eq!(fence(&footprint(false, Dialect::Sqlite), Dialect::Sqlite), None);
        let footprint = footprint(false, Dialect::Postgres);
        let locks: Vec<String> = footprint.classes().map(|class| class.lock().to_string()).collect();
        let expected = format!(
            r#"SELECT bool_and(pg_catalog.pg_try_advisory_xact_lock("key")) FROM unnest(ARRAY[{}]::bigint[]) AS "key""#,
            locks.join(", ")
        );
        assert_eq!(fence(&footprint, Dialect::Postgres).expect("a fence").sql, expected);
    }

    #[test]
    fn of_a_partitioned_table_each_part_is_looked_at() {
        let shape = shape(&BOOKS, true, Dialect::Postgres);
        assert!(shape.contains("pg_partition_tree('\"books\"'::regclass)"), "{shape}");
    }

    #[test]
    fn a_sequence_is_named_with_its_schema() {
        assert_eq!(sequence("a\"b rows"), "\"_couplet\".\"a\"\"b rows\"");
    }
}
