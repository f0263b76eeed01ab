//! Columns that the database computes, and its own defaults.

use super::alter::rebuild;
use super::{definition, table_name};
use crate::model::{ColumnMeta, Expression, Generated, ModelMeta};
use crate::sql::Dialect;
use crate::sql::quote::quoted;

impl Expression {
    /// The words of a database.
    #[must_use]
    pub const fn of(&self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::Postgres => self.postgres,
        }
    }
}

/// What a definition says of a column's expression; nothing where it has none.
pub(super) fn clause(column: &ColumnMeta, dialect: Dialect) -> String {
    match (column.generated, column.database_default) {
        (Some(Generated::Expression(expression)), _) => {
            format!(" GENERATED ALWAYS AS ({}) STORED", expression.of(dialect))
        }
        (_, Some(default)) => format!(" DEFAULT ({})", default.of(dialect)),
        _ => String::new(),
    }
}

/// The ALTER TABLE that adds a generated column, with its unique index where it has one.
pub(super) fn missing(model: &'static ModelMeta, column: &'static ColumnMeta, dialect: Dialect) -> String {
    let definition = definition(model, column, dialect);
    let table = table_name(model, dialect);
    let index = if column.unique {
        format!("; {}", super::unique::index(model, &[column.name], dialect))
    } else {
        String::new()
    };
    match dialect {
        Dialect::Postgres => format!("ALTER TABLE {table} ADD COLUMN {definition}{index}"),
        Dialect::Sqlite => {
            let computed = definition.strip_suffix("STORED").unwrap_or(&definition);
            format!(
                "ALTER TABLE {table} ADD COLUMN {computed}VIRTUAL{index}\n-- SQLite adds no STORED column: a VIRTUAL one is \
                 computed when it is read. For a STORED one create a new table, copy the rows, drop {table}, rename the new one"
            )
        }
    }
}

/// What is to be known before a column with a default of the database is added.
pub(super) fn hazard(column: &ColumnMeta, dialect: Dialect) -> &'static str {
    let is_computed = |default: Expression| {
        let text = default.of(dialect).trim_start();
        !text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '\'' | '-' | '+'))
    };
    match (dialect, column.database_default) {
        (Dialect::Sqlite, Some(default)) if is_computed(default) => {
            "\n-- SQLite adds a column whose default is computed to a table without rows only: else create a new table, copy \
             the rows, drop the old one, rename the new one"
        }
        _ => "",
    }
}

/// What makes an ordinary column one that the database computes, or the other way round, as its field is.
#[must_use]
pub fn alter_generated(model: &'static ModelMeta, column: &'static ColumnMeta, dialect: Dialect) -> String {
    let (table, name) = (table_name(model, dialect), quoted(column.name));
    match (dialect, column.generated) {
        (Dialect::Postgres, Some(Generated::Expression(_))) => {
            format!("ALTER TABLE {table} DROP COLUMN {name};\n{}", missing(model, column, dialect))
        }
        (Dialect::Postgres, _) => format!("ALTER TABLE {table} ALTER COLUMN {name} DROP EXPRESSION"),
        (Dialect::Sqlite, _) => rebuild(&table, &definition(model, column, dialect)),
    }
}

/// What gives a column the database's default that its field names.
#[must_use]
pub fn alter_default(model: &'static ModelMeta, column: &'static ColumnMeta, dialect: Dialect) -> String {
    let (table, name) = (table_name(model, dialect), quoted(column.name));
    match (dialect, column.database_default) {
        (Dialect::Postgres, Some(default)) => {
            format!("ALTER TABLE {table} ALTER COLUMN {name} SET DEFAULT ({})", default.postgres)
        }
        _ => rebuild(&table, &definition(model, column, dialect)),
    }
}

/// Whether two texts are one expression, apart from spaces, case and parentheses around the whole.
#[must_use]
pub fn same_expression(left: &str, right: &str) -> bool {
    fn bare(text: &str) -> String {
        let mut text: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
        while let Some(inner) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            if !is_balanced(inner) {
                break;
            }
            text = inner.to_owned();
        }
        text.to_ascii_lowercase()
    }
    bare(left) == bare(right)
}

/// Whether each parenthesis that closes was opened before.
fn is_balanced(text: &str) -> bool {
    let mut depth = 0_u32;
    text.chars().all(|letter| match letter {
        '(' => {
            depth += 1;
            true
        }
        ')' => {
            let was_open = depth > 0;
            depth = depth.saturating_sub(1);
            was_open
        }
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{column, model};
    use crate::model::ColumnType;
    use crate::sql::schema::{create, missing_column};

    static LINES: ModelMeta = model(
        "Line",
        "lines",
        &[
            column("id", ColumnType::Text),
            ColumnMeta {
                generated: Some(Generated::Expression(Expression { sqlite: "price * 2", postgres: "price * 2.0" })),
                unique: true,
                ..column("total", ColumnType::F64)
            },
            ColumnMeta {
                database_default: Some(Expression { sqlite: "lower('X')", postgres: "current_user" }),
                ..column("made_by", ColumnType::Text)
            },
            ColumnMeta {
                database_default: Some(Expression { sqlite: "'new'", postgres: "'new'" }),
                ..column("state", ColumnType::Text)
            },
        ],
    );

    #[test]
    fn a_table_says_what_the_database_computes() {
        assert_eq!(
            create(&[&LINES], &[&LINES], Dialect::Sqlite),
            [r#"CREATE TABLE "lines" (
    "id" TEXT NOT NULL,
    "total" REAL NOT NULL GENERATED ALWAYS AS (price * 2) STORED,
    "made_by" TEXT NOT NULL DEFAULT (lower('X')),
    "state" TEXT NOT NULL DEFAULT ('new'),
    CONSTRAINT "lines_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "lines_total_key" UNIQUE ("total")
)"#]
        );
        let postgres = create(&[&LINES], &[&LINES], Dialect::Postgres).concat();
        assert!(postgres.contains(r#""total" double precision NOT NULL GENERATED ALWAYS AS (price * 2.0) STORED,"#));
        assert!(postgres.contains(r#""made_by" text NOT NULL DEFAULT (current_user),"#));
    }

    #[test]
    fn a_missing_column_is_added_as_far_as_the_database_can() {
        let add = |index: usize, dialect| missing_column(&LINES, &LINES.columns[index], dialect);
        assert_eq!(
            add(1, Dialect::Postgres),
            r#"ALTER TABLE "lines" ADD COLUMN "total" double precision NOT NULL GENERATED ALWAYS AS (price * 2.0) STORED; CREATE UNIQUE INDEX IF NOT EXISTS "lines_total_key" ON "lines" ("total")"#
        );
        let sqlite = add(1, Dialect::Sqlite);
        assert!(
            sqlite.contains(r#""total" REAL NOT NULL GENERATED ALWAYS AS (price * 2) VIRTUAL; CREATE UNIQUE"#),
            "{sqlite}"
        );
        assert!(sqlite.contains("\n-- SQLite adds no STORED column"), "{sqlite}");
        assert!(
            add(2, Dialect::Sqlite).contains("DEFAULT (lower('X'))\n-- SQLite adds a column whose default is computed")
        );
        assert_eq!(add(3, Dialect::Sqlite), r#"ALTER TABLE "lines" ADD COLUMN "state" TEXT NOT NULL DEFAULT ('new')"#);
        assert_eq!(
            add(2, Dialect::Postgres),
            r#"ALTER TABLE "lines" ADD COLUMN "made_by" text NOT NULL DEFAULT (current_user)"#
        );
    }

    #[test]
    fn what_computes_a_column_is_altered_or_explained() {
        let (total, made_by) = (&LINES.columns[1], &LINES.columns[2]);
        assert!(
            alter_generated(&LINES, total, Dialect::Postgres)
                .starts_with(r#"ALTER TABLE "lines" DROP COLUMN "total";"#)
        );
        assert_eq!(
            alter_generated(&LINES, made_by, Dialect::Postgres),
            r#"ALTER TABLE "lines" ALTER COLUMN "made_by" DROP EXPRESSION"#
        );
        assert_eq!(
            alter_default(&LINES, made_by, Dialect::Postgres),
            r#"ALTER TABLE "lines" ALTER COLUMN "made_by" SET DEFAULT (current_user)"#
        );
        assert!(
            alter_default(&LINES, made_by, Dialect::Sqlite)
                .contains(r#"new table with "made_by" TEXT NOT NULL DEFAULT"#)
        );
    }

    #[test]
    fn expressions_are_compared_without_spaces_and_case() {
        assert!(same_expression("( CURRENT_TIMESTAMP )", "current_timestamp"));
        assert!(same_expression("((a)+(b))", "(a) + (b)"));
        assert!(!same_expression("(a) + (b)", "a) + (b"));
        assert!(!same_expression("0", "1"));
    }
}
