//! Unique keys of several columns, each an index.

use super::names::{constraint_name, quoted};
use super::table_name;
use crate::model::ModelMeta;
use crate::sql::{Dialect, table};

/// The indexes of a model's unique keys of several columns.
pub(super) fn indexes(model: &'static ModelMeta, dialect: Dialect) -> impl Iterator<Item = String> {
    model.unique.iter().map(move |key| index(model, &names(model, key), dialect))
}

pub(super) fn index(model: &'static ModelMeta, columns: &[&str], dialect: Dialect) -> String {
    let name = constraint_name(&table::parts(model, dialect).1, columns, "key");
    let columns: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
    let table = table_name(model, dialect);
    format!("CREATE UNIQUE INDEX IF NOT EXISTS {name} ON {table} ({})", columns.join(", "))
}

fn names(model: &'static ModelMeta, key: &[usize]) -> Vec<&'static str> {
    key.iter().map(|index| model.columns[*index].name).collect()
}

/// The CREATE UNIQUE INDEX that makes the columns with these indexes a unique key.
#[must_use]
pub fn missing_unique(model: &'static ModelMeta, key: &[usize], dialect: Dialect) -> String {
    index(model, &names(model, key), dialect)
}

#[cfg(test)]
mod tests {
    use crate::fixtures::{REVIEWS, model};
    use crate::model::{ModelMeta, RelationMeta};
    use crate::sql::Dialect;
    use crate::sql::schema::create;

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
}
