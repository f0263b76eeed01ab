//! Which unique keys there are.

use std::collections::HashMap;

use sea_query::Value;

use super::inspect::{bool, statement, text, unquoted};
use super::session::Session;
use crate::error::{Error, Result};
use crate::model::{DecodeError, ModelMeta, Row};
use crate::sql::quote::quoted;
use crate::sql::{Dialect, Statement, schema};

/// The unique keys of tables: those of constraints and of indexes, of a part of the rows too.
pub(super) struct UniqueKeys {
    dialect: Dialect,
    /// By the quoted name of the table and that of the index: the columns.
    keys: HashMap<String, HashMap<String, Vec<String>>>,
}

/// An index on an expression is left out: it guards something else than the values of its columns.
const POSTGRES: &str = "SELECT n.nspname, c.relname, pg_table_is_visible(c.oid), x.relname, a.attname \
     FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid \
     JOIN pg_namespace n ON n.oid = c.relnamespace \
     CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place) \
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number \
     WHERE i.indisunique AND i.indisvalid AND i.indexprs IS NULL AND k.place <= i.indnkeyatts \
     AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY x.oid, k.place";

/// Reads the unique keys of the tables of `models` with one statement; with none where no model declares one.
pub(super) async fn keys(session: &mut Session<'_>, models: &[&'static ModelMeta]) -> Result<UniqueKeys> {
    let dialect = session.dialect();
    let mut found = UniqueKeys { dialect, keys: HashMap::new() };
    if models.iter().all(|model| declared(model).next().is_none()) {
        return Ok(found);
    }
    let statement = match dialect {
        Dialect::Sqlite => sqlite_statement(models),
        Dialect::Postgres => statement(POSTGRES.to_owned(), Vec::new()),
    };
    let rows = session.fetch(&statement).await?;
    for index in 0..rows.len() {
        let row = rows.row(index);
        let read = if dialect == Dialect::Sqlite { found.add_sqlite(row) } else { found.add_postgres(row) };
        read.map_err(|source| Error::Decode { model: statement.model, source })?;
    }
    Ok(found)
}

/// The unique keys that a model declares, apart from its primary key.
pub(super) fn declared(model: &'static ModelMeta) -> impl Iterator<Item = Vec<usize>> {
    let columns = if model.view { &[] } else { model.columns };
    let single = columns.iter().enumerate().filter(|(_, column)| column.unique).map(|(index, _)| vec![index]);
    single.filter(|key| key != model.key).chain(model.unique.iter().map(|key| key.to_vec()))
}

fn sqlite_statement(models: &[&'static ModelMeta]) -> Statement {
    let names = models.iter().map(|model| unquoted(&schema::table_name(model, Dialect::Sqlite)).to_lowercase());
    let values: Vec<Value> = names.map(Value::from).collect();
    let places: Vec<String> = (1..=values.len()).map(|place| format!("?{place}")).collect();
    let sql = format!(
        "SELECT t.name, i.name, c.name FROM sqlite_schema AS t JOIN pragma_index_list(t.name) AS i \
         JOIN pragma_index_info(i.name) AS c WHERE t.type = 'table' AND i.\"unique\" = 1 AND lower(t.name) IN ({}) \
         AND NOT EXISTS (SELECT 1 FROM pragma_index_info(i.name) AS e WHERE e.name IS NULL) ORDER BY i.name, c.seqno",
        places.join(", ")
    );
    statement(sql, values)
}

impl UniqueKeys {
    /// Whether a key of the model's table has exactly these columns, in whatever order. `same` compares names.
    pub(super) fn has(&self, model: &ModelMeta, same: impl Fn(&str, &str) -> bool, columns: &[&str]) -> bool {
        let name = schema::table_name(model, self.dialect);
        let name = if self.dialect == Dialect::Sqlite { name.to_lowercase() } else { name };
        let keys = self.keys.get(&name).into_iter().flat_map(HashMap::values);
        let is_meant = |key: &Vec<String>| {
            key.len() == columns.len() && columns.iter().all(|column| key.iter().any(|name| same(name, column)))
        };
        keys.into_iter().any(is_meant)
    }

    fn add_sqlite(&mut self, row: &dyn Row) -> Result<(), DecodeError> {
        self.add(quoted(text(row, 0)?).to_lowercase(), text(row, 1)?, text(row, 2)?);
        Ok(())
    }

    fn add_postgres(&mut self, row: &dyn Row) -> Result<(), DecodeError> {
        let (schema, table) = (quoted(text(row, 0)?), quoted(text(row, 1)?));
        let (index, column) = (text(row, 3)?, text(row, 4)?);
        if bool(row, 2)? {
            self.add(table.clone(), index, column);
        }
        self.add(format!("{schema}.{table}"), index, column);
        Ok(())
    }

    fn add(&mut self, table: String, index: &str, column: &str) {
        self.keys.entry(table).or_default().entry(index.to_owned()).or_default().push(column.to_owned());
    }
}
