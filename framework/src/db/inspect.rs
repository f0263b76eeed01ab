//! What tables and columns there are.

use std::collections::HashMap;

use sea_query::{Value, Values};

use super::session::Session;
use crate::error::{Error, Result};
use crate::model::{DecodeError, ModelMeta, Row};
use crate::sql::quote::quoted;
use crate::sql::{Dialect, Statement, Verb, schema};

/// The tables and views of some models, as they are.
pub(super) struct Tables {
    dialect: Dialect,
    /// By the quoted name.
    columns: HashMap<String, Vec<Found>>,
}

/// A column, as it is.
pub(super) struct Found {
    pub(super) name: String,
    /// As messages show it.
    pub(super) ty: String,
    /// The type behind a domain on PostgreSQL; on SQLite the same as `ty`.
    pub(super) base: String,
    pub(super) takes_null: bool,
    /// Whether the database sets it where an INSERT does not.
    pub(super) has_default: bool,
    /// Whether the database computes it of other columns.
    pub(super) is_computed: bool,
    /// Its default as it was written, which only SQLite keeps.
    pub(super) default: Option<String>,
}

const POSTGRES: &str = "SELECT n.nspname, c.relname, pg_table_is_visible(c.oid), a.attname, \
     format_type(a.atttypid, a.atttypmod), COALESCE(b.typname, t.typname), a.attnotnull OR t.typnotnull, \
     a.atthasdef OR a.attidentity <> '', a.attgenerated <> '' \
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
     JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type b ON b.oid = t.typbasetype \
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped \
     AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY c.oid, a.attnum";

/// Only for the tables that are asked for: a view that is broken cannot be described.
const SQLITE: &str = "SELECT t.name, c.name, c.type, c.\"notnull\", c.dflt_value IS NOT NULL OR c.hidden <> 0, c.pk, \
     c.hidden IN (2, 3), c.dflt_value FROM \
     sqlite_schema AS t JOIN pragma_table_xinfo(t.name) AS c WHERE t.type IN ('table', 'view') AND lower(t.name) IN ";

/// Reads the tables of `models` with one statement.
pub(super) async fn tables(session: &mut Session<'_>, models: &[&'static ModelMeta]) -> Result<Tables> {
    let dialect = session.dialect();
    let statement = match dialect {
        Dialect::Sqlite => sqlite_statement(SQLITE, models, " ORDER BY t.name, c.cid"),
        Dialect::Postgres => statement(POSTGRES.to_owned(), Vec::new()),
    };
    let rows = session.fetch(&statement).await?;
    let mut tables = Tables { dialect, columns: HashMap::new() };
    for index in 0..rows.len() {
        let row = rows.row(index);
        let read = if dialect == Dialect::Sqlite { tables.add_sqlite(row) } else { tables.add_postgres(row) };
        read.map_err(|source| Error::Decode { model: statement.model, source })?;
    }
    Ok(tables)
}

pub(super) fn statement(sql: String, values: Vec<Value>) -> Statement {
    Statement { sql, values: Values(values), verb: Verb::Select, model: "schema" }
}

/// A statement whose `sql` ends where the names of the models' tables are to be listed.
pub(super) fn sqlite_statement(sql: &str, models: &[&'static ModelMeta], order: &str) -> Statement {
    let names = models.iter().map(|model| unquoted(&schema::table_name(model, Dialect::Sqlite)).to_lowercase());
    let values: Vec<Value> = names.map(Value::from).collect();
    let places: Vec<String> = (1..=values.len()).map(|place| format!("?{place}")).collect();
    statement(format!("{sql}({}){order}", places.join(", ")), values)
}

pub(super) fn unquoted(name: &str) -> String {
    name.trim_matches('"').replace("\"\"", "\"")
}

impl Tables {
    /// The columns of a model's table, or nothing where there is no such table.
    pub(super) fn of(&self, model: &ModelMeta) -> Option<&[Found]> {
        let name = schema::table_name(model, self.dialect);
        let name = if self.dialect == Dialect::Sqlite { name.to_lowercase() } else { name };
        self.columns.get(&name).map(Vec::as_slice)
    }

    fn add_sqlite(&mut self, row: &dyn Row) -> Result<(), DecodeError> {
        let ty = text(row, 2)?.to_owned();
        let in_key = integer(row, 5)? > 0;
        let found = Found {
            name: text(row, 1)?.to_owned(),
            base: ty.clone(),
            takes_null: integer(row, 3)? == 0 && !in_key,
            // An INTEGER PRIMARY KEY is SQLite's row number, which it counts up.
            has_default: integer(row, 4)? != 0 || (in_key && ty.eq_ignore_ascii_case("integer")),
            is_computed: integer(row, 6)? != 0,
            default: row.text(7)?.map(str::to_owned),
            ty,
        };
        let table = quoted(text(row, 0)?).to_lowercase();
        self.columns.entry(table).or_default().push(found);
        Ok(())
    }

    fn add_postgres(&mut self, row: &dyn Row) -> Result<(), DecodeError> {
        let (schema, table) = (quoted(text(row, 0)?), quoted(text(row, 1)?));
        let found = |row: &dyn Row| {
            Ok(Found {
                name: text(row, 3)?.to_owned(),
                ty: text(row, 4)?.to_owned(),
                base: text(row, 5)?.to_owned(),
                takes_null: !bool(row, 6)?,
                has_default: bool(row, 7)?,
                is_computed: bool(row, 8)?,
                default: None,
            })
        };
        if bool(row, 2)? {
            self.columns.entry(table.clone()).or_default().push(found(row)?);
        }
        self.columns.entry(format!("{schema}.{table}")).or_default().push(found(row)?);
        Ok(())
    }
}

pub(super) fn text(row: &dyn Row, index: usize) -> Result<&str, DecodeError> {
    row.text(index)?.ok_or_else(|| DecodeError::null(index))
}

fn integer(row: &dyn Row, index: usize) -> Result<i64, DecodeError> {
    row.i64(index)?.ok_or_else(|| DecodeError::null(index))
}

pub(super) fn bool(row: &dyn Row, index: usize) -> Result<bool, DecodeError> {
    row.bool(index)?.ok_or_else(|| DecodeError::null(index))
}
