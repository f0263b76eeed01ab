//! The index that serves a sort. The statement is shown to people, never executed on its own.

use super::names::constraint_name;
use super::{DECIMAL_COLLATION, table_name};
use crate::model::{ColumnMeta, ColumnType, ModelMeta};
use crate::sql::quote::quoted;
use crate::sql::{Dialect, table};

/// The CREATE INDEX over a column and the primary key, in which both directions of a sort by the column find the rows of a
/// page side by side. Each index of SQLite has the row's number at its end, which is what an integer key is there; named once
/// more it would not be recognized.
#[must_use]
pub fn sort_index(model: &'static ModelMeta, column: &'static ColumnMeta, dialect: Dialect) -> String {
    let has_key = dialect == Dialect::Sqlite && table::is_row_number(model);
    let key = model.key_columns().filter(|key| !has_key && key.name != column.name);
    let columns: Vec<&ColumnMeta> = std::iter::once(column).chain(key).collect();
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    let terms: Vec<String> = columns.iter().map(|column| term(column, dialect)).collect();
    let (_, table) = table::parts(model, dialect);
    let name = constraint_name(&table, &names, "idx");
    format!("CREATE INDEX {name} ON {} ({})", table_name(model, dialect), terms.join(", "))
}

/// A table that another program has made may have no collation for its decimals.
fn term(column: &ColumnMeta, dialect: Dialect) -> String {
    match (column.ty, dialect) {
        (ColumnType::Decimal, Dialect::Sqlite) => format!("{} COLLATE {DECIMAL_COLLATION}", quoted(column.name)),
        _ => quoted(column.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{BOOK_TAGS, BOOKS, SERIES};

    #[test]
    fn the_column_comes_first_and_the_key_after_it() {
        let index =
            |model: &'static ModelMeta, column: usize, dialect| sort_index(model, &model.columns[column], dialect);
        assert_eq!(
            index(&BOOKS, 6, Dialect::Postgres),
            r#"CREATE INDEX "books_published_year_id_idx" ON "books" ("published_year", "id")"#
        );
        assert_eq!(
            index(&BOOKS, 6, Dialect::Sqlite),
            r#"CREATE INDEX "books_published_year_idx" ON "books" ("published_year")"#
        );
        for dialect in [Dialect::Sqlite, Dialect::Postgres] {
            let expected = r#"CREATE INDEX "book_tags_tag_name_book_id_idx" ON "book_tags" ("tag_name", "book_id")"#;
            assert_eq!(index(&BOOK_TAGS, 1, dialect), expected);
        }
        assert_eq!(
            index(&BOOKS, 4, Dialect::Sqlite),
            r#"CREATE INDEX "books_price_idx" ON "books" ("price" COLLATE couplet_decimal)"#
        );
        assert_eq!(
            index(&SERIES, 1, Dialect::Postgres),
            r#"CREATE INDEX "series_name_id_idx" ON "library"."series" ("name", "id")"#
        );
    }
}
