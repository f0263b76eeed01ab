//! Values that no two rows share, of one column or of several together. In a table that keeps its deleted rows those rows do
//! not count, so that a value is free again once its row is deleted: an index of the other rows takes the place of the
//! constraint. Keys of several columns are indexes everywhere.

use super::names::constraint_name;
use super::table_name;
use crate::model::ModelMeta;
use crate::sql::quote::quoted;
use crate::sql::{Dialect, table};

/// The constraints inside CREATE TABLE.
pub(super) fn constraints(model: &'static ModelMeta, dialect: Dialect) -> Vec<String> {
    if model.deleted_at().is_some() {
        return Vec::new();
    }
    let constraint =
        |column: &str| format!("CONSTRAINT {} UNIQUE ({})", name(model, &[column], dialect), quoted(column));
    columns(model).map(constraint).collect()
}

/// The indexes of keys of several columns, and those that stand in for constraints.
pub(super) fn indexes(model: &'static ModelMeta, dialect: Dialect) -> impl Iterator<Item = String> {
    let stand_in = columns(model).filter(|_| model.deleted_at().is_some()).map(|column| vec![column]);
    stand_in.chain(model.unique.iter().map(move |key| names(model, key))).map(move |key| index(model, &key, dialect))
}

/// The unique index of columns.
pub(super) fn index(model: &ModelMeta, columns: &[&str], dialect: Dialect) -> String {
    let (name, table) = (name(model, columns, dialect), table_name(model, dialect));
    let columns: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
    let shown = model.deleted_at().map_or(String::new(), |at| format!(" WHERE {} IS NULL", quoted(at.name)));
    format!("CREATE UNIQUE INDEX IF NOT EXISTS {name} ON {table} ({}){shown}", columns.join(", "))
}

fn names(model: &'static ModelMeta, key: &[usize]) -> Vec<&'static str> {
    key.iter().map(|index| model.columns[*index].name).collect()
}

/// The CREATE UNIQUE INDEX that makes the columns with these indexes a unique key.
#[must_use]
pub fn missing_unique(model: &'static ModelMeta, key: &[usize], dialect: Dialect) -> String {
    index(model, &names(model, key), dialect)
}

/// What makes indexes of the constraints of a table that begins to keep its deleted rows.
pub(super) fn replaced(model: &'static ModelMeta, dialect: Dialect) -> Vec<String> {
    let table = table_name(model, dialect);
    let drop =
        |column: &str| format!("ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {}", name(model, &[column], dialect));
    let index = |column: &str| index(model, &[column], dialect);
    match dialect {
        Dialect::Postgres => columns(model).flat_map(|column| [drop(column), index(column)]).collect(),
        Dialect::Sqlite => {
            let rebuild =
                format!("-- SQLite cannot drop a constraint: rebuild {table} where it has one of these columns");
            let rebuild = columns(model).next().map(|_| rebuild);
            columns(model).map(index).chain(rebuild).collect()
        }
    }
}

fn columns(model: &ModelMeta) -> impl Iterator<Item = &'static str> {
    model.columns.iter().filter(|column| column.unique).map(|column| column.name)
}

fn name(model: &ModelMeta, columns: &[&str], dialect: Dialect) -> String {
    constraint_name(&table::parts(model, dialect).1, columns, "key")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{AUTHORS, NOTES, REVIEWS, model};
    use crate::model::RelationMeta;
    use crate::sql::schema::{create, missing_column};

    const RELATIONS: &[RelationMeta] = REVIEWS.relations;

    /// One review of each rating for a book.
    static RATINGS: ModelMeta = ModelMeta {
        schema: Some("library"),
        unique: &[&[1, 2], &[2, 3]],
        relations: RELATIONS,
        ..model("Rating", "ratings", REVIEWS.columns)
    };

    #[test]
    fn each_key_is_an_index_before_foreign_keys_and_serves_the_first_column() {
        let sqlite = create(&[&RATINGS], &[&RATINGS], Dialect::Sqlite);
        assert_eq!(
            sqlite[1..],
            [
                r#"CREATE UNIQUE INDEX IF NOT EXISTS "library_ratings_book_id_rating_key" ON "library_ratings" ("book_id", "rating")"#,
                r#"CREATE UNIQUE INDEX IF NOT EXISTS "library_ratings_rating_body_key" ON "library_ratings" ("rating", "body")"#,
            ]
        );
        let postgres = create(&[&RATINGS], &[&RATINGS], Dialect::Postgres);
        assert_eq!(
            postgres[2..4],
            [
                r#"CREATE UNIQUE INDEX IF NOT EXISTS "ratings_book_id_rating_key" ON "library"."ratings" ("book_id", "rating")"#,
                r#"CREATE UNIQUE INDEX IF NOT EXISTS "ratings_rating_body_key" ON "library"."ratings" ("rating", "body")"#,
            ]
        );
        assert!(postgres[4].contains("FOREIGN KEY") && postgres.len() == 5, "{postgres:?}");
    }

    const INDEX: &str =
        r#"CREATE UNIQUE INDEX IF NOT EXISTS "notes_slug_key" ON "notes" ("slug") WHERE "deleted_at" IS NULL"#;

    #[test]
    fn a_value_is_free_again_when_its_row_is_deleted() {
        for dialect in [Dialect::Sqlite, Dialect::Postgres] {
            let statements = create(&[&NOTES], &[&NOTES], dialect);
            assert!(!statements[0].contains("UNIQUE"), "{}", statements[0]);
            assert!(statements.iter().any(|statement| statement == INDEX), "{statements:?}");
            assert!(indexes(&AUTHORS, dialect).next().is_none());
        }
    }

    #[test]
    fn a_table_that_begins_to_keep_rows_changes_its_constraints() {
        let add = |column: usize, dialect| missing_column(&NOTES, &NOTES.columns[column], dialect);
        assert_eq!(
            add(5, Dialect::Postgres),
            format!(
                "ALTER TABLE \"notes\" ADD COLUMN \"deleted_at\" timestamp with time zone; \
                 ALTER TABLE \"notes\" DROP CONSTRAINT IF EXISTS \"notes_slug_key\"; {INDEX}"
            )
        );
        let sqlite = add(5, Dialect::Sqlite);
        assert!(sqlite.contains(&format!("; {INDEX}; -- SQLite cannot drop a constraint: ")), "{sqlite}");
        assert!(add(1, Dialect::Postgres).ends_with(INDEX));
    }
}
