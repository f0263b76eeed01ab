//! The index that `q` looks for words in.
//!
//! SQLite: a virtual table of FTS5 beside the table, which reads the texts from it and is kept up to date by triggers.
//! PostgreSQL: a generated column, since ranking reads the words of every row that is found, and taking a text apart costs
//! a hundred times what reading them costs; and a GIN index on it.

use super::names::constraint_name;
use super::table_name;
use crate::model::{ColumnMeta, ColumnType, ModelMeta};
use crate::sql::quote::{literal, quoted};
use crate::sql::{Dialect, table};

/// The generated column on PostgreSQL. No model of a full-text index has a column of that name.
pub(crate) const SEARCH_COLUMN: &str = "_search";

/// Characters of a row's texts that PostgreSQL's index holds. A longer text might have more words than its type takes, and
/// the row could not be written.
const INDEXED: usize = 200_000;

/// All that parts words and is ASCII, as a regular expression. Left to itself, PostgreSQL takes `example.org` or `3.14` for
/// one word and keeps `x-ray` beside its parts.
const PUNCTUATION: &str = "[!-/:-@[-`{-~]+";

/// Whether words of the model's rows are looked for in an index. On SQLite its rows are numbered by an integer key.
#[must_use]
pub fn has_full_text(model: &ModelMeta, dialect: Dialect) -> bool {
    model.full_text.is_some() && !model.view && (dialect == Dialect::Postgres || row_number(model).is_some())
}

/// The statements that make the index over the rows that are there, the last of them without the texts; none where the model
/// has no index.
#[must_use]
pub fn create_full_text(model: &'static ModelMeta, dialect: Dialect) -> Vec<String> {
    let Some(configuration) = model.full_text.filter(|_| has_full_text(model, dialect)) else { return Vec::new() };
    match (dialect, row_number(model)) {
        (Dialect::Postgres, _) => postgres(model, configuration),
        (Dialect::Sqlite, Some(key)) => sqlite(model, key, configuration),
        (Dialect::Sqlite, None) => Vec::new(),
    }
}

/// The statements that remove what there is of an index.
#[must_use]
pub fn drop_full_text(model: &'static ModelMeta, dialect: Dialect) -> Vec<String> {
    match dialect {
        Dialect::Postgres => {
            vec![format!("ALTER TABLE {} DROP COLUMN IF EXISTS {}", table_name(model, dialect), quoted(SEARCH_COLUMN))]
        }
        Dialect::Sqlite => {
            let triggers = full_text_triggers(model).map(|name| format!("DROP TRIGGER IF EXISTS {}", quoted(&name)));
            let table = format!("DROP TABLE IF EXISTS {}", quoted(&full_text_table(model)));
            triggers.into_iter().chain([table]).collect()
        }
    }
}

/// The name of the virtual table on SQLite.
#[must_use]
pub fn full_text_table(model: &ModelMeta) -> String {
    format!("{}_fts", table::parts(model, Dialect::Sqlite).1)
}

/// The names of the triggers on SQLite.
#[must_use]
pub fn full_text_triggers(model: &ModelMeta) -> [String; 3] {
    ["insert", "update", "delete"].map(|event| format!("{}_{event}", full_text_table(model)))
}

/// Whether the words of a configuration are cut to their stems on SQLite, which knows those of English only.
#[must_use]
pub fn has_stems(configuration: &str) -> bool {
    configuration == "english"
}

/// The column by which SQLite's index numbers the rows.
pub(crate) fn row_number(model: &ModelMeta) -> Option<&'static ColumnMeta> {
    let [key] = model.key else { return None };
    let column = &model.columns[*key];
    matches!(column.ty, ColumnType::I16 | ColumnType::I32 | ColumnType::I64).then_some(column)
}

fn postgres(model: &'static ModelMeta, configuration: &str) -> Vec<String> {
    let (table, column) = (table_name(model, Dialect::Postgres), quoted(SEARCH_COLUMN));
    let texts: Vec<String> = model.search_columns().map(|it| format!("coalesce({}, '')", quoted(it.name))).collect();
    let text = format!("regexp_replace(left({}, {INDEXED}), '{PUNCTUATION}', ' ', 'g')", texts.join(" || ' ' || "));
    let name = constraint_name(&table::parts(model, Dialect::Postgres).1, &[SEARCH_COLUMN], "idx");
    vec![
        format!(
            "ALTER TABLE {table} ADD COLUMN {column} tsvector\n    \
             GENERATED ALWAYS AS (to_tsvector('{configuration}'::regconfig, {text})) STORED"
        ),
        format!("CREATE INDEX {name} ON {table} USING gin ({column})"),
    ]
}

fn sqlite(model: &'static ModelMeta, key: &ColumnMeta, configuration: &str) -> Vec<String> {
    let (name, table, key) = (full_text_table(model), table_name(model, Dialect::Sqlite), quoted(key.name));
    let columns: Vec<String> = model.search_columns().map(|column| quoted(column.name)).collect();
    let list = columns.join(", ");
    let of = |row: &str| columns.iter().map(|column| format!("{row}.{column}")).collect::<Vec<_>>().join(", ");
    let fts = quoted(&name);
    let [on_insert, on_update, on_delete] = full_text_triggers(model).map(|name| quoted(&name));
    let stems = if has_stems(configuration) { "porter " } else { "" };
    let add = format!("    INSERT INTO {fts} (rowid, {list}) VALUES (new.{key}, {});\n", of("new"));
    // The index keeps no texts: it is told those by which it finds what to remove.
    let remove = format!("    INSERT INTO {fts} ({fts}, rowid, {list}) VALUES ('delete', old.{key}, {});\n", of("old"));
    vec![
        format!(
            "CREATE VIRTUAL TABLE {fts} USING fts5 (\n    {list},\n    content = {},\n    content_rowid = {},\n    \
             tokenize = '{stems}unicode61 remove_diacritics 0'\n)",
            literal(&table::parts(model, Dialect::Sqlite).1),
            literal(key.trim_matches('"')),
        ),
        format!("CREATE TRIGGER {on_insert} AFTER INSERT ON {table} BEGIN\n{add}END"),
        format!("CREATE TRIGGER {on_update} AFTER UPDATE OF {key}, {list} ON {table} BEGIN\n{remove}{add}END"),
        format!("CREATE TRIGGER {on_delete} AFTER DELETE ON {table} BEGIN\n{remove}END"),
        format!("INSERT INTO {fts} ({fts}) VALUES ('rebuild')"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{BOOKS, ENGLISH_PAPERS, PAPERS, SERIES, TAGS, TEXT_PAPERS};

    #[test]
    fn sqlite_has_a_table_of_words_that_triggers_keep() {
        assert_eq!(
            create_full_text(&PAPERS, Dialect::Sqlite),
            [
                r#"CREATE VIRTUAL TABLE "library_papers_fts" USING fts5 (
    "title", "abstract",
    content = 'library_papers',
    content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 0'
)"#,
                r#"CREATE TRIGGER "library_papers_fts_insert" AFTER INSERT ON "library_papers" BEGIN
    INSERT INTO "library_papers_fts" (rowid, "title", "abstract") VALUES (new."id", new."title", new."abstract");
END"#,
                r#"CREATE TRIGGER "library_papers_fts_update" AFTER UPDATE OF "id", "title", "abstract" ON "library_papers" BEGIN
    INSERT INTO "library_papers_fts" ("library_papers_fts", rowid, "title", "abstract") VALUES ('delete', old."id", old."title", old."abstract");
    INSERT INTO "library_papers_fts" (rowid, "title", "abstract") VALUES (new."id", new."title", new."abstract");
END"#,
                r#"CREATE TRIGGER "library_papers_fts_delete" AFTER DELETE ON "library_papers" BEGIN
    INSERT INTO "library_papers_fts" ("library_papers_fts", rowid, "title", "abstract") VALUES ('delete', old."id", old."title", old."abstract");
END"#,
                r#"INSERT INTO "library_papers_fts" ("library_papers_fts") VALUES ('rebuild')"#,
            ]
        );
        assert_eq!(drop_full_text(&PAPERS, Dialect::Sqlite).len(), 4);
    }

    #[test]
    fn postgres_has_a_generated_column_of_words() {
        assert_eq!(
            create_full_text(&PAPERS, Dialect::Postgres),
            [
                r#"ALTER TABLE "library"."papers" ADD COLUMN "_search" tsvector
    GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, regexp_replace(left(coalesce("title", '') || ' ' || coalesce("abstract", ''), 200000), '[!-/:-@[-`{-~]+', ' ', 'g'))) STORED"#,
                r#"CREATE INDEX "papers__search_idx" ON "library"."papers" USING gin ("_search")"#,
            ]
        );
        assert_eq!(
            drop_full_text(&PAPERS, Dialect::Postgres),
            [r#"ALTER TABLE "library"."papers" DROP COLUMN IF EXISTS "_search""#]
        );
    }

    #[test]
    fn english_words_are_cut_to_their_stems() {
        assert!(create_full_text(&ENGLISH_PAPERS, Dialect::Sqlite)[0].contains("tokenize = 'porter unicode61"));
        assert!(create_full_text(&ENGLISH_PAPERS, Dialect::Postgres)[0].contains("to_tsvector('english'::regconfig"));
    }

    #[test]
    fn an_index_is_for_models_that_ask_for_one() {
        for dialect in [Dialect::Sqlite, Dialect::Postgres] {
            assert_eq!(create_full_text(&BOOKS, dialect), [""; 0]);
            assert!(!has_full_text(&SERIES, dialect));
        }
        assert!(!has_full_text(&TEXT_PAPERS, Dialect::Sqlite), "SQLite's rows have numbers");
        assert!(has_full_text(&TEXT_PAPERS, Dialect::Postgres));
        assert!(row_number(&TAGS).is_none());
    }
}
