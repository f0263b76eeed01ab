//! Tokens that change without a write.

use sea_query::Values;

use super::class::Class;
use super::sqlite;
use crate::model::ModelMeta;
use crate::sql::quote::literal;
use crate::sql::{Dialect, Statement, Verb};

/// Asks whether there are tokens at all: no row where there are none.
#[must_use]
pub fn exist(dialect: Dialect) -> Statement {
    let sql = match dialect {
        Dialect::Sqlite => "SELECT 1 FROM sqlite_schema WHERE name = '_couplet_tokens'",
        Dialect::Postgres => "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = '_couplet'",
    };
    statement(sql.to_owned(), Verb::Select, "tokens")
}

/// Changes what every read of the table depends on, in the order in which triggers do: locks first. For one transaction.
#[must_use]
pub fn advance(model: &ModelMeta, dialect: Dialect) -> Vec<Statement> {
    // Whatever else it reads, a read of a table reads its rows or the whole.
    let classes = [Class::rows(model, dialect), Class::any(model, dialect)];
    let statements = match dialect {
        Dialect::Sqlite => classes.iter().map(sqlite::change).collect(),
        Dialect::Postgres => {
            let locks = classes.each_ref().map(|class| class.lock().to_string()).join(", ");
            let names = classes.each_ref().map(|class| literal(class.name())).join(", ");
            vec![
                format!(
                    "SELECT pg_catalog.pg_advisory_xact_lock_shared(\"key\") FROM unnest(ARRAY[{locks}]::bigint[]) AS \"key\""
                ),
                format!(
                    "SELECT pg_catalog.nextval(oid) FROM pg_catalog.pg_class WHERE relnamespace = '_couplet'::regnamespace AND \
                     relkind = 'S' AND relname IN ({names})"
                ),
            ]
        }
    };
    statements.into_iter().map(|sql| statement(sql, Verb::Other, model.name)).collect()
}

fn statement(sql: String, verb: Verb, model: &'static str) -> Statement {
    Statement { sql, values: Values(Vec::new()), verb, model }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::BOOKS;

    fn sql(dialect: Dialect) -> Vec<String> {
        advance(&BOOKS, dialect).into_iter().map(|statement| statement.sql).collect()
    }

    #[test]
    fn the_rows_and_the_whole_of_a_table_change() {
        let change = r#"UPDATE "_couplet_tokens" SET "nonce" = randomblob(16) WHERE "class" = "#;
        assert_eq!(sql(Dialect::Sqlite), [format!("{change}'books rows'"), format!("{change}'books any'")]);
        let [locks, values] = &sql(Dialect::Postgres)[..] else { panic!("two statements") };
        assert!(locks.contains(&Class::rows(&BOOKS, Dialect::Postgres).lock().to_string()), "{locks}");
        assert!(values.ends_with("relname IN ('books rows', 'books any')"), "{values}");
    }
}
