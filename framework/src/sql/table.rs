//! Tables and columns as a statement names them.

use sea_query::{
    Alias, ColumnName, DeleteStatement, Expr, ExprTrait, InsertStatement, IntoIden, Query, ReturningClause, SchemaName,
    SelectStatement, TableName, TableRef, UpdateStatement,
};

use super::Dialect;
use super::quote::{push_quoted, quoted};
use crate::model::{ColumnMeta, ColumnType, ModelMeta};
use crate::query::Deleted;

/// A model's table in a statement, perhaps under another name. Nothing else names a table, and every way to name it leaves
/// out the rows that are not shown: no statement can forget that a row is deleted.
#[derive(Clone)]
pub(super) struct Table {
    pub(super) model: &'static ModelMeta,
    name: TableName,
    alias: Option<Alias>,
    deleted: Deleted,
}

impl Table {
    pub(super) fn new(model: &'static ModelMeta, dialect: Dialect) -> Self {
        let (schema, table) = parts(model, dialect);
        let schema = schema.map(|schema| SchemaName(None, schema.into_iden()));
        Self { model, name: TableName(schema, table.into_iden()), alias: None, deleted: Deleted::Exclude }
    }

    /// The table under another name, for a statement in which it may occur twice.
    pub(super) fn aliased(model: &'static ModelMeta, alias: impl Into<String>, dialect: Dialect) -> Self {
        Self { alias: Some(Alias::new(alias)), ..Self::new(model, dialect) }
    }

    /// The same table with other rows of it shown than those that are not deleted.
    pub(super) fn showing(self, deleted: Deleted) -> Self {
        Self { deleted, ..self }
    }

    fn reference(&self) -> TableRef {
        TableRef::Table(self.name.clone(), self.alias.clone().map(IntoIden::into_iden))
    }

    /// The condition that a row is shown; None where every row is.
    pub(super) fn shown(&self) -> Option<Expr> {
        let deleted_at = self.column(self.model.deleted_at()?);
        match self.deleted {
            Deleted::Exclude => Some(deleted_at.is_null()),
            Deleted::Only => Some(deleted_at.is_not_null()),
            Deleted::Include => None,
        }
    }

    /// Reads from the table.
    pub(super) fn read(&self) -> SelectStatement {
        let mut rows = Query::select();
        rows.from(self.reference()).and_where_option(self.shown());
        rows
    }

    /// Joins the table to a statement that reads.
    pub(super) fn join(&self, rows: &mut SelectStatement, on: Expr) {
        rows.inner_join(self.reference(), on).and_where_option(self.shown());
    }

    /// Puts every row of the table beside every row of a statement that reads.
    pub(super) fn cross_join(&self, rows: &mut SelectStatement) {
        rows.cross_join(self.reference()).and_where_option(self.shown());
    }

    /// Inserts into the table.
    pub(super) fn insert(&self) -> InsertStatement {
        Query::insert().into_table(self.reference()).to_owned()
    }

    /// Changes rows of the table.
    pub(super) fn update(&self) -> UpdateStatement {
        let mut statement = Query::update();
        statement.table(self.reference()).and_where_option(self.shown());
        statement
    }

    /// Removes rows of the table.
    pub(super) fn delete(&self) -> DeleteStatement {
        let mut statement = Query::delete();
        statement.from_table(self.reference()).and_where_option(self.shown());
        statement
    }

    /// A column, with the table's name only where the table has another one: elsewhere the innermost table is meant.
    pub(super) fn column(&self, column: &ColumnMeta) -> Expr {
        self.named(column.name)
    }

    /// As [`column`](Table::column), by name: one that the model does not know.
    pub(super) fn named(&self, name: &'static str) -> Expr {
        match &self.alias {
            Some(alias) => Expr::col(ColumnName(Some(TableName(None, alias.clone().into_iden())), name.into_iden())),
            None => Expr::col(name),
        }
    }

    /// A column with the table's name, as a statement inside this one names it.
    pub(super) fn qualified(&self, column: &ColumnMeta) -> Expr {
        let table = match &self.alias {
            Some(alias) => TableName(None, alias.clone().into_iden()),
            None => self.name.clone(),
        };
        Expr::col(ColumnName(Some(table), column.name.into_iden()))
    }

    /// The columns at `indexes`.
    pub(super) fn at<'a>(&'a self, indexes: &'a [usize]) -> impl Iterator<Item = Expr> + 'a {
        indexes.iter().map(|index| self.column(&self.model.columns[*index]))
    }

    /// All columns in their order.
    pub(super) fn columns(&self) -> impl Iterator<Item = Expr> {
        self.model.columns.iter().map(|column| self.column(column))
    }

    /// The columns at `indexes`, or all, as one text, which for all of a table is written in a tenth of the time.
    pub(super) fn listed(&self, indexes: Option<&[usize]>) -> Expr {
        let alias = self.alias.as_ref().map(|alias| format!("{}.", quoted(&alias.0))).unwrap_or_default();
        let mut text = String::with_capacity(32 * self.model.columns.len());
        for (index, column) in self.model.columns.iter().enumerate() {
            if indexes.is_some_and(|indexes| !indexes.contains(&index)) {
                continue;
            }
            if !text.is_empty() {
                text.push_str(", ");
            }
            text.push_str(&alias);
            push_quoted(column.name, &mut text);
        }
        Expr::cust(text)
    }

    /// All columns of the rows that a statement changed.
    pub(super) fn returning(&self) -> ReturningClause {
        Query::returning().exprs(self.columns())
    }

    /// The columns of the primary key.
    pub(super) fn key(&self) -> impl Iterator<Item = Expr> {
        self.model.key_columns().map(|column| self.column(column))
    }
}

/// Schema and name. SQLite has no schemas: `books` of the schema `sales` is the table `sales_books` there.
pub(super) fn parts(model: &ModelMeta, dialect: Dialect) -> (Option<&'static str>, String) {
    match (model.schema, dialect) {
        (Some(schema), Dialect::Sqlite) => (None, format!("{schema}_{}", model.table)),
        (schema, _) => (schema, model.table.to_owned()),
    }
}

/// Writes the name of a model's table where a statement is written word by word: an INSERT, which shows no rows.
pub(super) fn push_name(model: &ModelMeta, dialect: Dialect, sql: &mut String) {
    let (schema, table) = parts(model, dialect);
    if let Some(schema) = schema {
        push_quoted(schema, sql);
        sql.push('.');
    }
    push_quoted(&table, sql);
}

/// Whether the key is the number under which SQLite keeps the row.
pub(super) fn is_row_number(model: &ModelMeta) -> bool {
    let mut key = model.key_columns();
    let is_integer = |column: &ColumnMeta| matches!(column.ty, ColumnType::I16 | ColumnType::I32 | ColumnType::I64);
    key.next().is_some_and(is_integer) && key.next().is_none()
}
