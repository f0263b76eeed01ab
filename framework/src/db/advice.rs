//! Which of the orders that lists offer no index serves.

use std::collections::HashMap;

use super::database::Database;
use super::inspect;
use crate::error::{Error, Result};
use crate::model::{ColumnMeta, ColumnType, DecodeError, ModelMeta, Row};
use crate::query::parse::sortable;
use crate::sql::quote::quoted;
use crate::sql::schema::{DECIMAL_COLLATION, sort_index, table_name};
use crate::sql::{Dialect, Statement};

/// A sort of a list for which the database reads and sorts the whole table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unserved {
    /// The model of the list.
    pub model: &'static str,
    /// What `sort` calls the column.
    pub sort: &'static str,
    /// The statement that makes an index for it.
    pub statement: String,
}

/// The sorts that the lists of `models` declare and that no index begins with. An index over the column alone is taken for
/// one: where few rows have the same value, it does as well as the one over column and key. So is that of a unique column of the
/// rows that are not deleted, which lists show. Views have no indexes.
///
/// # Errors
///
/// The database cannot be asked.
pub async fn unserved_sorts(database: &Database, models: &[&'static ModelMeta]) -> Result<Vec<Unserved>> {
    let dialect = database.dialect();
    let tables: Vec<&'static ModelMeta> = models.iter().copied().filter(|model| model.creates_table()).collect();
    let indexes = Indexes::read(database, &tables).await?;
    let mut unserved = Vec::new();
    for model in tables {
        let first_of_key = model.key_columns().next().map(|column| column.name);
        let declared = sortable(model).filter(|column| column.sort && first_of_key != Some(column.name));
        let is_unique_of_shown = |column: &ColumnMeta| column.unique && model.deleted_at().is_some();
        for column in declared.filter(|column| !is_unique_of_shown(column) && !indexes.serve(model, column)) {
            let statement = sort_index(model, column, dialect);
            unserved.push(Unserved { model: model.name, sort: column.api_name, statement });
        }
    }
    Ok(unserved)
}

/// The first column of every index that has all rows of its table, with its collation on SQLite.
struct Indexes {
    dialect: Dialect,
    /// By the quoted name of the table.
    first: HashMap<String, Vec<(String, String)>>,
}

/// Only indexes that give the order of ORDER BY: of the column's own order and collation, with NULLs as the largest values.
const POSTGRES: &str = "SELECT n.nspname, c.relname, pg_table_is_visible(c.oid), a.attname, '' \
     FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
     JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam \
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] \
     JOIN pg_opclass o ON o.oid = i.indclass[0] \
     WHERE i.indisvalid AND i.indpred IS NULL AND m.amname = 'btree' AND o.opcdefault \
     AND i.indcollation[0] = a.attcollation AND (a.attnotnull OR i.indoption[0] IN (0, 3))";

const SQLITE: &str = "SELECT t.name, x.name, x.coll FROM sqlite_schema AS t JOIN pragma_index_list(t.name) AS l \
     JOIN pragma_index_xinfo(l.name) AS x \
     WHERE t.type = 'table' AND l.partial = 0 AND x.seqno = 0 AND x.cid >= 0 AND lower(t.name) IN ";

impl Indexes {
    async fn read(database: &Database, models: &[&'static ModelMeta]) -> Result<Self> {
        let dialect = database.dialect();
        let statement: Statement = match dialect {
            Dialect::Sqlite => inspect::sqlite_statement(SQLITE, models, ""),
            Dialect::Postgres => inspect::statement(POSTGRES.to_owned(), Vec::new()),
        };
        let rows = database.session().fetch(&statement).await?;
        let mut indexes = Self { dialect, first: HashMap::new() };
        for index in 0..rows.len() {
            let added = indexes.add(rows.row(index));
            added.map_err(|source| Error::Decode { model: statement.model, source })?;
        }
        Ok(indexes)
    }

    fn add(&mut self, row: &dyn Row) -> Result<(), DecodeError> {
        if self.dialect == Dialect::Sqlite {
            let table = quoted(inspect::text(row, 0)?).to_lowercase();
            let first = (inspect::text(row, 1)?.to_lowercase(), inspect::text(row, 2)?.to_lowercase());
            self.first.entry(table).or_default().push(first);
            return Ok(());
        }
        let (schema, table) = (quoted(inspect::text(row, 0)?), quoted(inspect::text(row, 1)?));
        let first = (inspect::text(row, 3)?.to_owned(), String::new());
        if inspect::bool(row, 2)? {
            self.first.entry(table.clone()).or_default().push(first.clone());
        }
        self.first.entry(format!("{schema}.{table}")).or_default().push(first);
        Ok(())
    }

    fn serve(&self, model: &ModelMeta, column: &ColumnMeta) -> bool {
        let table = table_name(model, self.dialect);
        let (table, name) = match self.dialect {
            Dialect::Sqlite => (table.to_lowercase(), column.name.to_lowercase()),
            Dialect::Postgres => (table, column.name.to_owned()),
        };
        let is_decimal = self.dialect == Dialect::Sqlite && column.ty == ColumnType::Decimal;
        let serves =
            |(first, collation): &(String, String)| *first == name && (!is_decimal || collation == DECIMAL_COLLATION);
        self.first.get(&table).is_some_and(|first| first.iter().any(serves))
    }
}
