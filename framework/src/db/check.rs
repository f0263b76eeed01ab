//! Whether the database fits the models.

use std::fmt::Write;

use super::database::Database;
use super::full_text::{self, Lack};
use super::inspect::{self, Found, Tables};
use super::unique::{self, UniqueKeys};
use crate::error::{Error, Result};
use crate::model::{Catalog, ColumnMeta, ColumnType, Generated, ModelMeta};
use crate::sql::{Dialect, schema};

/// Compares every model with its table, so that a mistake is found when the app starts and not by its users.
///
/// # Errors
///
/// [`Error::Startup`] with every missing table, column, unique key and full-text index, wrong type, nullability and default,
/// and the SQL that mends each.
pub async fn check(database: &Database, catalog: &Catalog) -> Result<()> {
    let tables = inspect::tables(&mut database.session(), catalog.models()).await?;
    let keys = unique::keys(&mut database.session(), catalog.models()).await?;
    let lacks = full_text::lacks(&mut database.session(), catalog.models()).await?;
    let mut report = Report { dialect: database.dialect(), text: String::new() };
    report.missing_tables(catalog, &tables);
    for model in catalog.models() {
        if let Some(found) = tables.of(model) {
            report.columns(model, found);
            report.unique_keys(model, found, &keys);
        }
    }
    lacks.iter().filter(|lack| tables.of(lack.model).is_some()).for_each(|lack| report.full_text(lack));
    if report.text.is_empty() {
        return Ok(());
    }
    Err(Error::Startup(format!("the database does not fit the models:{}", report.text)))
}

struct Report {
    dialect: Dialect,
    text: String,
}

impl Report {
    fn mistake(&mut self, what: &str, mend: &str) {
        write!(self.text, "\n- {what}; to mend it:").expect("writing to a String cannot fail");
        for line in mend.lines() {
            write!(self.text, "\n    {line}").expect("writing to a String cannot fail");
        }
    }

    fn missing_tables(&mut self, catalog: &Catalog, tables: &Tables) {
        let missing = catalog.models().iter().copied().filter(|model| tables.of(model).is_none());
        let (missing, others): (Vec<_>, Vec<_>) = missing.partition(|model| model.creates_table());
        for shared in others.iter().filter(|model| model.shared) {
            let name = schema::table_name(shared, self.dialect);
            let what = format!("the table {name} that {} shares is missing", shared.name);
            self.mistake(&what, &format!("add the model that creates {name} to the app, or write a migration"));
        }
        for view in others.iter().filter(|model| model.view) {
            let name = schema::table_name(view, self.dialect);
            self.mistake(
                &format!("the view {name} of {} is missing", view.name),
                &format!("CREATE VIEW {name} AS ..."),
            );
        }
        if missing.is_empty() {
            return;
        }
        let names: Vec<_> = missing
            .iter()
            .map(|model| format!("{} of {}", schema::table_name(model, self.dialect), model.name))
            .collect();
        let mend = schema::create(&missing, catalog.models(), self.dialect).join(";\n") + ";";
        self.mistake(&format!("missing tables: {}", names.join(", ")), &mend);
    }

    fn columns(&mut self, model: &'static ModelMeta, found: &[Found]) {
        for column in model.columns {
            match found.iter().find(|found| self.same(&found.name, column.name)) {
                Some(found) => self.column(model, column, found),
                None => self.mistake(
                    &format!("{} has no column for {}.{}", self.table(model), model.name, column.field),
                    &schema::missing_column(model, column, self.dialect),
                ),
            }
        }
        // A model that shares its table need not know all of it.
        if !model.creates_table() {
            return;
        }
        let unknown = |found: &&Found| !model.columns.iter().any(|column| self.same(&found.name, column.name));
        let unknown: Vec<&Found> = found.iter().filter(unknown).collect();
        for found in unknown.into_iter().filter(|found| !found.takes_null && !found.has_default) {
            self.unknown_column(model, found);
        }
    }

    fn full_text(&mut self, lack: &Lack) {
        let what = format!("{} of {} {}", self.table(lack.model), lack.model.name, lack.what);
        self.mistake(&what, &(lack.mend.join(";\n") + ";"));
    }

    fn column(&mut self, model: &'static ModelMeta, column: &'static ColumnMeta, found: &Found) {
        let place = format!("{}.{} of {}.{}", self.table(model), found.name, model.name, column.field);
        if !accepts(column.ty, found, self.dialect) {
            let wanted = schema::column_type(column, self.dialect);
            let what = format!("{place} is {}, and the field wants {wanted}", found.ty);
            self.mistake(&what, &schema::alter_type(model, column, self.dialect));
        }
        // A database does not know which columns of a view may be NULL, nor who sets them.
        if model.view {
            return;
        }
        if found.takes_null != column.nullable {
            let what = match found.takes_null {
                true => format!("{place} may be NULL, and the field is no Option"),
                false => format!("{place} may not be NULL, and the field is an Option"),
            };
            self.mistake(&what, &schema::alter_nullability(model, column, self.dialect));
        }
        self.expression(model, column, found, &place);
        if column.generated == Some(Generated::Database) && !found.has_default {
            let what = format!("{place} is to be set by the database, which does not");
            let table = self.table(model);
            let mend = match self.dialect {
                Dialect::Postgres => {
                    format!("ALTER TABLE {table} ALTER COLUMN \"{}\" ADD GENERATED BY DEFAULT AS IDENTITY", found.name)
                }
                Dialect::Sqlite => rebuild(&table, &format!("\"{}\" INTEGER PRIMARY KEY", found.name)),
            };
            self.mistake(&what, &mend);
        }
    }

    /// Whether the database computes the column, or has a default for it, as the field says.
    fn expression(&mut self, model: &'static ModelMeta, column: &'static ColumnMeta, found: &Found, place: &str) {
        let mend = || schema::alter_generated(model, column, self.dialect);
        match (column.generated, found.is_computed) {
            (Some(Generated::Expression(_)), false) => {
                self.mistake(&format!("{place} is to be computed by the database, and holds what is written"), &mend());
            }
            (Some(Generated::Expression(_)), true) => {}
            (_, true) => {
                let what = format!("{place} is computed by the database, and the field is no `generated` one");
                self.mistake(&what, &mend());
            }
            (_, false) => self.database_default(model, column, found, place),
        }
    }

    fn database_default(&mut self, model: &'static ModelMeta, column: &'static ColumnMeta, found: &Found, place: &str) {
        let Some(wanted) = column.database_default.map(|default| default.of(self.dialect)) else { return };
        let what = match &found.default {
            _ if !found.has_default => format!("{place} has no default in the database, and the field says {wanted}"),
            // PostgreSQL keeps a default in words of its own, which cannot be compared.
            Some(default) if !schema::same_expression(default, wanted) => {
                format!("{place} has the default {default}, and the field says {wanted}")
            }
            _ => return,
        };
        self.mistake(&what, &schema::alter_default(model, column, self.dialect));
    }

    fn unique_keys(&mut self, model: &'static ModelMeta, found: &[Found], keys: &UniqueKeys) {
        for key in unique::declared(model) {
            let columns: Vec<&str> = key.iter().map(|index| model.columns[*index].name).collect();
            let is_there = |name: &str| found.iter().any(|found| self.same(&found.name, name));
            // The SQL that adds a column makes its index too.
            let is_mended = matches!(columns[..], [column] if !is_there(column));
            if !is_mended && !keys.has(model, |name, column| self.same(name, column), &columns) {
                let (table, names) = (self.table(model), columns.join(", "));
                let what = format!("{table} has no unique key of {names}, which {} declares", model.name);
                self.mistake(&what, &schema::missing_unique(model, &key, self.dialect));
            }
        }
    }

    fn unknown_column(&mut self, model: &'static ModelMeta, found: &Found) {
        let (table, name) = (self.table(model), &found.name);
        let what = format!(
            "{table}.{name} takes no NULL and has no default, and {} does not know it: creates would fail",
            model.name
        );
        let mend = match self.dialect {
            Dialect::Postgres => format!("ALTER TABLE {table} ALTER COLUMN \"{name}\" DROP NOT NULL"),
            Dialect::Sqlite => rebuild(&table, &format!("\"{name}\" without NOT NULL")),
        };
        self.mistake(&what, &mend);
    }

    fn table(&self, model: &ModelMeta) -> String {
        schema::table_name(model, self.dialect)
    }

    fn same(&self, left: &str, right: &str) -> bool {
        match self.dialect {
            Dialect::Sqlite => left.eq_ignore_ascii_case(right),
            Dialect::Postgres => left == right,
        }
    }
}

fn rebuild(table: &str, column: &str) -> String {
    format!("-- SQLite cannot alter a column: create a new table with {column}, copy the rows, drop {table}, rename it")
}

/// Whether values of `ty` can be written to and read from the column.
fn accepts(ty: ColumnType, found: &Found, dialect: Dialect) -> bool {
    match dialect {
        Dialect::Sqlite => found.base.is_empty() || affinities(ty).contains(&Affinity::of(&found.base)),
        Dialect::Postgres => postgres_types(ty).contains(&found.base.as_str()),
    }
}

fn postgres_types(ty: ColumnType) -> &'static [&'static str] {
    match ty {
        ColumnType::Bool => &["bool"],
        ColumnType::I16 => &["int2"],
        ColumnType::I32 => &["int4"],
        ColumnType::I64 => &["int8"],
        ColumnType::F64 => &["float8"],
        ColumnType::Text | ColumnType::Enum(_) => &["text", "varchar", "bpchar", "citext"],
        ColumnType::Bytes => &["bytea"],
        ColumnType::Uuid => &["uuid"],
        ColumnType::Timestamp => &["timestamptz"],
        ColumnType::Date => &["date"],
        ColumnType::Decimal => &["numeric"],
        ColumnType::Json => &["jsonb", "json"],
    }
}

/// What SQLite makes of a declared type, <https://sqlite.org/datatype3.html#determination_of_column_affinity>.
#[derive(Debug, PartialEq, Eq)]
enum Affinity {
    Integer,
    Text,
    Blob,
    Real,
    Numeric,
}

impl Affinity {
    fn of(declared: &str) -> Self {
        let declared = declared.to_ascii_uppercase();
        let has = |parts: &[&str]| parts.iter().any(|part| declared.contains(part));
        if has(&["INT"]) {
            Self::Integer
        } else if has(&["CHAR", "CLOB", "TEXT"]) {
            Self::Text
        } else if has(&["BLOB"]) {
            Self::Blob
        } else if has(&["REAL", "FLOA", "DOUB"]) {
            Self::Real
        } else {
            Self::Numeric
        }
    }
}

fn affinities(ty: ColumnType) -> &'static [Affinity] {
    match ty {
        ColumnType::Bool | ColumnType::I16 | ColumnType::I32 | ColumnType::I64 => {
            &[Affinity::Integer, Affinity::Numeric]
        }
        ColumnType::F64 => &[Affinity::Real, Affinity::Numeric],
        // Text that looks like a number would become one in a column of another affinity.
        ColumnType::Text | ColumnType::Enum(_) | ColumnType::Decimal | ColumnType::Json => &[Affinity::Text],
        ColumnType::Bytes | ColumnType::Uuid => &[Affinity::Blob],
        ColumnType::Timestamp | ColumnType::Date => &[Affinity::Text, Affinity::Numeric],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn affinities_follow_the_rules_of_sqlite() {
        assert_eq!(Affinity::of("BIGINT"), Affinity::Integer);
        assert_eq!(Affinity::of("varchar(20)"), Affinity::Text);
        assert_eq!(Affinity::of("BLOB"), Affinity::Blob);
        assert_eq!(Affinity::of("double precision"), Affinity::Real);
        assert_eq!(Affinity::of("BOOLEAN"), Affinity::Numeric);
        assert_eq!(Affinity::of("charint"), Affinity::Integer);
    }
}
