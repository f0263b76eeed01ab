//! Tables from structs.
//!
//! SQLite has no schemas: a model with the schema `sales` and the table `books` is the table `sales_books` there. Views are
//! left out everywhere: they are the user's own.

mod alter;
mod expression;
mod full_text;
mod index;
mod names;
mod unique;

pub use alter::{alter_nullability, alter_type, missing_column};
pub use expression::{alter_default, alter_generated, same_expression};
pub(crate) use full_text::{SEARCH_COLUMN, row_number};
pub use full_text::{create_full_text, drop_full_text, full_text_table, full_text_triggers, has_full_text, has_stems};
pub use index::sort_index;
pub use unique::missing_unique;

use std::fmt::Write;

use super::{Dialect, table};
use crate::model::{ColumnMeta, ColumnType, Generated, Link, ModelMeta, OnDelete, RelationKind, RelationMeta};
use crate::sql::quote::quoted;
use names::constraint_name;

/// The statements that make the tables of `models`: schemas first, then tables with their keys, then indexes, those of
/// words last. `all` are the models of the app, whose relations say by which columns rows are looked up.
#[must_use]
pub fn create(models: &[&'static ModelMeta], all: &[&'static ModelMeta], dialect: Dialect) -> Vec<String> {
    let tables: Vec<&'static ModelMeta> = models.iter().copied().filter(|model| model.creates_table()).collect();
    let mut statements = Vec::new();
    if dialect == Dialect::Postgres {
        let mut schemas: Vec<&str> = tables.iter().filter_map(|model| model.schema).collect();
        schemas.sort_unstable();
        schemas.dedup();
        statements.extend(schemas.into_iter().map(|schema| format!("CREATE SCHEMA IF NOT EXISTS {}", quoted(schema))));
    }
    statements.extend(tables.iter().map(|model| create_table(model, dialect)));
    // Before foreign keys, which may point to them.
    statements.extend(tables.iter().flat_map(|model| unique::indexes(model, dialect)));
    if dialect == Dialect::Postgres {
        // Only now do all tables exist that keys may point to.
        statements.extend(tables.iter().flat_map(|model| {
            let table = table_name(model, dialect);
            foreign_keys(model, dialect).map(move |key| format!("ALTER TABLE {table} ADD {key}"))
        }));
    }
    statements.extend(tables.iter().flat_map(|model| indexes(model, all, dialect)));
    statements.extend(tables.iter().flat_map(|model| create_full_text(model, dialect)));
    statements
}

/// The type that a column has in DDL, as in `timestamp with time zone`.
#[must_use]
pub fn column_type(column: &ColumnMeta, dialect: Dialect) -> &'static str {
    match (column.ty, dialect) {
        (ColumnType::Bool, Dialect::Postgres) => "boolean",
        (ColumnType::I16, Dialect::Postgres) => "smallint",
        (ColumnType::I32, Dialect::Postgres) => "integer",
        (ColumnType::I64, Dialect::Postgres) => "bigint",
        (ColumnType::F64, Dialect::Postgres) => "double precision",
        (ColumnType::Text | ColumnType::Enum(_), Dialect::Postgres) => "text",
        (ColumnType::Bytes, Dialect::Postgres) => "bytea",
        (ColumnType::Uuid, Dialect::Postgres) => "uuid",
        (ColumnType::Timestamp, Dialect::Postgres) => "timestamp with time zone",
        (ColumnType::Date, Dialect::Postgres) => "date",
        (ColumnType::Decimal, Dialect::Postgres) => "numeric",
        (ColumnType::Json, Dialect::Postgres) => "jsonb",
        (ColumnType::Bool, Dialect::Sqlite) => "BOOLEAN",
        (ColumnType::I16 | ColumnType::I32 | ColumnType::I64, Dialect::Sqlite) => "INTEGER",
        (ColumnType::F64, Dialect::Sqlite) => "REAL",
        (ColumnType::Bytes | ColumnType::Uuid, Dialect::Sqlite) => "BLOB",
        (
            ColumnType::Text
            | ColumnType::Enum(_)
            | ColumnType::Timestamp
            | ColumnType::Date
            | ColumnType::Decimal
            | ColumnType::Json,
            Dialect::Sqlite,
        ) => "TEXT",
    }
}

/// The collation by which decimals compare in SQLite, where they are text. Every connection registers it.
pub const DECIMAL_COLLATION: &str = "couplet_decimal";

/// The table of a model, quoted, with its schema where the dialect has schemas.
#[must_use]
pub fn table_name(model: &ModelMeta, dialect: Dialect) -> String {
    match table::parts(model, dialect) {
        (Some(schema), table) => format!("{}.{}", quoted(schema), quoted(&table)),
        (None, table) => quoted(&table),
    }
}

fn create_table(model: &'static ModelMeta, dialect: Dialect) -> String {
    let (_, table) = table::parts(model, dialect);
    let counted = dialect == Dialect::Sqlite && database_key(model).is_some();

    let mut parts: Vec<String> = model.columns.iter().map(|column| definition(model, column, dialect)).collect();
    if !counted {
        let columns = list(model.key_columns());
        parts.push(format!("CONSTRAINT {} PRIMARY KEY ({columns})", constraint_name(&table, &[], "pkey")));
    }
    parts.extend(unique::constraints(model, dialect));
    if dialect == Dialect::Sqlite {
        parts.extend(foreign_keys(model, dialect));
    }
    format!("CREATE TABLE {} (\n    {}\n)", table_name(model, dialect), parts.join(",\n    "))
}

fn definition(model: &ModelMeta, column: &'static ColumnMeta, dialect: Dialect) -> String {
    let mut definition = format!("{} {}", quoted(column.name), column_type(column, dialect));
    let counted = database_key(model).is_some_and(|key| key.name == column.name);
    match dialect {
        Dialect::Sqlite if counted => definition.push_str(" PRIMARY KEY AUTOINCREMENT"),
        Dialect::Sqlite if column.ty == ColumnType::Decimal => {
            write!(definition, " COLLATE {DECIMAL_COLLATION}").expect("writing to a String cannot fail");
        }
        _ => {}
    }
    if !column.nullable {
        definition.push_str(" NOT NULL");
    }
    if dialect == Dialect::Postgres && column.generated == Some(Generated::Database) {
        definition.push_str(" GENERATED BY DEFAULT AS IDENTITY");
    }
    definition.push_str(&expression::clause(column, dialect));
    definition
}

/// The one key column whose values the database counts up.
fn database_key(model: &ModelMeta) -> Option<&'static ColumnMeta> {
    let [key] = model.key else { return None };
    let column = &model.columns[*key];
    (column.generated == Some(Generated::Database)).then_some(column)
}

fn foreign_keys(model: &'static ModelMeta, dialect: Dialect) -> impl Iterator<Item = String> {
    let (_, table) = table::parts(model, dialect);
    belongs_to(model).map(move |relation| foreign_key(model, &table, relation, dialect))
}

fn foreign_key(model: &'static ModelMeta, table: &str, relation: &RelationMeta, dialect: Dialect) -> String {
    let columns = at(model, relation.link.local());
    let name = constraint_name(table, &names_of(&columns), "fkey");
    let columns = list(columns.into_iter());
    format!("CONSTRAINT {name} FOREIGN KEY ({columns}) {}", references(relation, dialect))
}

fn references(relation: &RelationMeta, dialect: Dialect) -> String {
    let target = (relation.target)();
    let foreign = list(at(target, relation.link.foreign()).into_iter());
    let on_delete = match relation.on_delete {
        OnDelete::Restrict => "RESTRICT",
        OnDelete::Cascade => "CASCADE",
        OnDelete::SetNull => "SET NULL",
    };
    format!("REFERENCES {} ({foreign}) ON DELETE {on_delete}", table_name(target, dialect))
}

/// The relations whose key lies in this table; no key may point to a view.
fn belongs_to(model: &'static ModelMeta) -> impl Iterator<Item = &'static RelationMeta> {
    let mut seen = Vec::new();
    model.relations.iter().filter(move |relation| match relation.link {
        Link::Local { local, .. } if relation.kind == RelationKind::BelongsTo && !(relation.target)().view => {
            // Two relations may read one key.
            let new = !seen.contains(&local);
            seen.push(local);
            new
        }
        _ => false,
    })
}

/// An index for each column that asks for one and for each by which a relation finds rows, unless a key or a unique
/// constraint begins with it.
fn indexes(model: &'static ModelMeta, all: &[&'static ModelMeta], dialect: Dialect) -> Vec<String> {
    let (_, table) = table::parts(model, dialect);
    let keys: Vec<Vec<usize>> =
        belongs_to(model).map(|relation| relation.link.local().to_vec()).chain(looked_up(model, all)).collect();
    let wanted = |index: usize| model.columns[index].index || keys.contains(&vec![index]);
    let single = (0..model.columns.len()).filter(|index| wanted(*index)).map(|index| vec![index]);
    let mut several: Vec<Vec<usize>> = Vec::new();
    for key in keys.iter().filter(|key| key.len() > 1) {
        if !several.contains(key) {
            several.push(key.clone());
        }
    }
    single
        .chain(several)
        .filter(|columns| !is_served(model, columns))
        .map(|columns| {
            let columns = at(model, &columns);
            let name = constraint_name(&table, &names_of(&columns), "idx");
            let columns = list(columns.into_iter());
            format!("CREATE INDEX IF NOT EXISTS {name} ON {} ({columns})", table_name(model, dialect))
        })
        .collect()
}

/// The columns of `model` that relations of others look into: foreign keys, whether or not the model says so by a
/// belongs-to. A join model is looked into from both sides.
fn looked_up(model: &'static ModelMeta, all: &[&'static ModelMeta]) -> Vec<Vec<usize>> {
    let mut columns = Vec::new();
    for relation in all.iter().flat_map(|other| other.relations) {
        match relation.link {
            Link::Foreign { foreign, .. } if std::ptr::eq((relation.target)(), model) => columns.push(foreign.to_vec()),
            Link::Through { model: join, through_local, through_foreign, .. } if std::ptr::eq(join(), model) => {
                columns.extend([through_local.to_vec(), through_foreign.to_vec()]);
            }
            _ => {}
        }
    }
    columns
}

/// Whether the primary key or a unique key begins with the columns, in whatever order, or one of them is unique by itself.
fn is_served(model: &ModelMeta, columns: &[usize]) -> bool {
    let begins =
        |key: &[usize]| key.get(..columns.len()).is_some_and(|key| columns.iter().all(|index| key.contains(index)));
    // A unique index of a table that keeps its deleted rows does not have them.
    let is_whole = model.deleted_at().is_none();
    let is_unique =
        || columns.iter().any(|index| model.columns[*index].unique) || model.unique.iter().any(|key| begins(key));
    begins(model.key) || is_whole && is_unique()
}

fn at(model: &'static ModelMeta, indexes: &[usize]) -> Vec<&'static ColumnMeta> {
    indexes.iter().map(|index| &model.columns[*index]).collect()
}

fn names_of(columns: &[&'static ColumnMeta]) -> Vec<&'static str> {
    columns.iter().map(|column| column.name).collect()
}

fn list(columns: impl Iterator<Item = &'static ColumnMeta>) -> String {
    columns.map(|column| quoted(column.name)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
