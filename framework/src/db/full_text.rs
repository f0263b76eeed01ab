//! Whether the full-text indexes of the models are there, and what makes those that are not.

use std::collections::HashMap;

use sea_query::{Value, Values};

use super::session::Session;
use crate::error::{Error, Result};
use crate::model::{DecodeError, ModelMeta, Row};
use crate::sql::quote::quoted;
use crate::sql::schema::{self, SEARCH_COLUMN};
use crate::sql::{Dialect, Statement, Verb};

/// An index that is not as its model wants it.
pub(super) struct Lack {
    pub(super) model: &'static ModelMeta,
    pub(super) what: &'static str,
    /// The statements that make it.
    pub(super) mend: Vec<String>,
}

/// The generated column of each table, whether it has a valid index, and the expression that fills it.
const POSTGRES: &str = "SELECT n.nspname, c.relname, pg_table_is_visible(c.oid), \
     COALESCE(pg_get_expr(d.adbin, d.adrelid), ''), EXISTS (SELECT 1 FROM pg_index i JOIN pg_class x ON \
     x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam WHERE i.indrelid = c.oid AND i.indisvalid AND \
     m.amname = 'gin' AND a.attnum = ANY (i.indkey)) \
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
     LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
     WHERE c.relkind IN ('r', 'p') AND a.attname = $1 AND NOT a.attisdropped";

/// The indexes of `models` that are missing or made for other columns or another configuration. One statement; none where no
/// model has an index.
pub(super) async fn lacks(session: &mut Session<'_>, models: &[&'static ModelMeta]) -> Result<Vec<Lack>> {
    let dialect = session.dialect();
    let indexed: Vec<_> = models.iter().copied().filter(|model| schema::has_full_text(model, dialect)).collect();
    if indexed.is_empty() {
        return Ok(Vec::new());
    }
    let statement = match dialect {
        Dialect::Sqlite => sqlite_statement(&indexed),
        Dialect::Postgres => statement(POSTGRES.to_owned(), vec![SEARCH_COLUMN.into()]),
    };
    let rows = session.fetch(&statement).await?;
    let mut found = Found::default();
    for index in 0..rows.len() {
        let row = rows.row(index);
        let read = if dialect == Dialect::Sqlite { found.add_sqlite(row) } else { found.add_postgres(row) };
        read.map_err(|source| Error::Decode { model: statement.model, source })?;
    }
    let lack = |model| if dialect == Dialect::Sqlite { found.on_sqlite(model) } else { found.on_postgres(model) };
    Ok(indexed.into_iter().filter_map(lack).collect())
}

fn statement(sql: String, values: Vec<Value>) -> Statement {
    Statement { sql, values: Values(values), verb: Verb::Select, model: "schema" }
}

/// The virtual tables with their columns and how they were made, and the names of the triggers.
fn sqlite_statement(models: &[&'static ModelMeta]) -> Statement {
    let names = models.iter().flat_map(|model| {
        let table = std::iter::once(schema::full_text_table(model));
        table.chain(schema::full_text_triggers(model)).map(|name| name.to_lowercase())
    });
    let values: Vec<Value> = names.map(Value::from).collect();
    let places: Vec<String> = (1..=values.len()).map(|place| format!("?{place}")).collect();
    let sql = format!(
        "SELECT lower(t.name), t.sql, c.name FROM sqlite_schema AS t LEFT JOIN pragma_table_xinfo(t.name) AS c ON \
         t.type = 'table' AND c.hidden = 0 WHERE t.type IN ('table', 'trigger') AND lower(t.name) IN ({}) \
         ORDER BY t.name, c.cid",
        places.join(", ")
    );
    statement(sql, values)
}

/// What there is, by name: on SQLite of virtual tables and triggers, on PostgreSQL of tables, quoted.
#[derive(Default)]
struct Found {
    indexes: HashMap<String, Index>,
}

#[derive(Default)]
struct Index {
    /// The text that made the virtual table, or the expression that fills the column.
    made_by: String,
    /// The columns of the virtual table, in lower case.
    columns: Vec<String>,
    /// Whether the column has an index.
    is_indexed: bool,
}

impl Found {
    fn add_sqlite(&mut self, row: &dyn Row) -> Result<(), DecodeError> {
        let index = self.indexes.entry(text(row, 0)?.to_owned()).or_default();
        index.made_by = row.text(1)?.unwrap_or_default().to_lowercase();
        index.columns.extend(row.text(2)?.map(str::to_lowercase));
        Ok(())
    }

    fn add_postgres(&mut self, row: &dyn Row) -> Result<(), DecodeError> {
        let (schema, table) = (quoted(text(row, 0)?), quoted(text(row, 1)?));
        let index = |row: &dyn Row| {
            let is_indexed = row.bool(4)?.unwrap_or_default();
            Ok(Index { made_by: text(row, 3)?.to_owned(), columns: Vec::new(), is_indexed })
        };
        if row.bool(2)?.unwrap_or_default() {
            self.indexes.insert(table.clone(), index(row)?);
        }
        self.indexes.insert(format!("{schema}.{table}"), index(row)?);
        Ok(())
    }

    fn on_sqlite(&self, model: &'static ModelMeta) -> Option<Lack> {
        let has = |name: &String| self.indexes.contains_key(&name.to_lowercase());
        let triggers = schema::full_text_triggers(model);
        let Some(index) = self.indexes.get(&schema::full_text_table(model).to_lowercase()) else {
            return Some(lack(model, Dialect::Sqlite, triggers.iter().any(has)));
        };
        let columns: Vec<String> = model.search_columns().map(|column| column.name.to_lowercase()).collect();
        let has_stems = model.full_text.is_some_and(schema::has_stems);
        let fits = index.columns == columns && index.made_by.contains("porter") == has_stems;
        (!fits || !triggers.iter().all(has)).then(|| lack(model, Dialect::Sqlite, true))
    }

    fn on_postgres(&self, model: &'static ModelMeta) -> Option<Lack> {
        let Some(index) = self.indexes.get(&schema::table_name(model, Dialect::Postgres)) else {
            return Some(lack(model, Dialect::Postgres, false));
        };
        let names = |name: &str| index.made_by.contains(name);
        let configured = model.full_text.is_some_and(|configuration| names(&format!("'{configuration}'::regconfig")));
        let columns = model.search_columns().all(|column| names(&column.name.replace('"', "\"\"")));
        // PostgreSQL writes an expression anew, and this word of it in capitals.
        let as_many = index.made_by.matches("COALESCE(").count() == model.search_columns().count();
        if !configured || !columns || !as_many {
            return Some(lack(model, Dialect::Postgres, true));
        }
        (!index.is_indexed).then(|| {
            let mend = schema::create_full_text(model, Dialect::Postgres).split_off(1);
            Lack { model, what: "has words without an index", mend }
        })
    }
}

fn lack(model: &'static ModelMeta, dialect: Dialect, is_other: bool) -> Lack {
    let create = schema::create_full_text(model, dialect);
    if !is_other {
        return Lack { model, what: "has no full-text index", mend: create };
    }
    let mend = schema::drop_full_text(model, dialect).into_iter().chain(create).collect();
    Lack { model, what: "has a full-text index that is not the struct's", mend }
}

fn text(row: &dyn Row, index: usize) -> Result<&str, DecodeError> {
    row.text(index)?.ok_or_else(|| DecodeError::null(index))
}
