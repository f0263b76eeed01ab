//! Which classes of a table are kept.

use std::collections::BTreeSet;

use super::class::{Class, fitting, table_of};
use crate::model::{ColumnMeta, Link, ModelMeta};
use crate::sql::{Dialect, table};

/// The number of the way in which tokens are made. A database in which a higher one is written down is left as it is.
pub const FORMAT: i64 = 1;

/// The classes of a table that triggers change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tracked {
    /// As [`table_of`] says.
    table: String,
    /// The columns that have a class of their own.
    columns: BTreeSet<String>,
}

impl Tracked {
    /// Those of a table that classes call `table`, with these columns.
    #[must_use]
    pub fn new(table: impl Into<String>, columns: impl IntoIterator<Item = String>) -> Self {
        Self { table: table.into(), columns: columns.into_iter().collect() }
    }

    /// How classes call the table.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.table
    }

    /// The columns, in the order of their names.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(String::as_str)
    }

    /// Every class.
    #[must_use]
    pub fn classes(&self) -> Vec<Class> {
        let columns = self.columns.iter().map(|column| self.column(column));
        [self.any()].into_iter().chain(columns).chain([self.rows()]).collect()
    }

    pub(super) fn rows(&self) -> Class {
        Class::of(&self.table, "rows")
    }

    pub(super) fn any(&self) -> Class {
        Class::of(&self.table, "any")
    }

    pub(super) fn column(&self, column: &str) -> Class {
        Class::of(&self.table, &format!("column {column}"))
    }

    /// What changes all classes is called after the table too.
    pub(super) fn all(&self) -> String {
        Class::of(&self.table, "all").name().to_owned()
    }
}

/// The name of the trigger that is about `what`: a class, or another part of a table.
pub(super) fn trigger_name(what: &str) -> String {
    fitting(format!("{PREFIX}{what}"))
}

/// How the names of all triggers begin.
pub const PREFIX: &str = "_couplet_";

/// The columns of each model's table that a condition or a join may read: those that are filtered by and searched, of keys and
/// relations on both sides, and of the time of deletion. Reads of another column depend on the whole table.
#[must_use]
pub fn tracked(models: &[&'static ModelMeta], dialect: Dialect) -> Vec<(&'static ModelMeta, Tracked)> {
    let mut reads: Vec<(&'static ModelMeta, BTreeSet<usize>)> =
        models.iter().filter(|model| !model.view).map(|model| (*model, own(model))).collect();
    let mut add = |model: &'static ModelMeta, indexes: &[usize]| {
        if let Some((_, columns)) = reads.iter_mut().find(|(known, _)| known.name == model.name) {
            columns.extend(indexes);
        }
    };
    for model in models {
        for relation in model.relations {
            add(model, relation.link.local());
            add((relation.target)(), relation.link.foreign());
            if let Link::Through { model, through_local, through_foreign, .. } = relation.link {
                add(model(), through_local);
                add(model(), through_foreign);
            }
        }
    }
    let tracked = |(model, columns): (&'static ModelMeta, BTreeSet<usize>)| {
        let names = columns.into_iter().map(|index| model.columns[index].name.to_owned());
        (model, Tracked::new(table_of(model, dialect), names))
    };
    reads.into_iter().map(tracked).collect()
}

/// Whether the key of the model is the number under which SQLite keeps a row.
#[must_use]
pub fn is_row_number(model: &ModelMeta) -> bool {
    table::is_row_number(model)
}

/// What a model's own conditions read.
fn own(model: &ModelMeta) -> BTreeSet<usize> {
    let deleted_at = model.deleted_at().map(|column| column.name);
    let is_read = |column: &ColumnMeta| !column.filter.is_empty() || column.search || deleted_at == Some(column.name);
    let columns = model.columns.iter().enumerate().filter(|(_, column)| is_read(column)).map(|(index, _)| index);
    columns.chain(model.key.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{AUTHORS, BOOKS, CREDITS};

    fn columns(model: &'static ModelMeta) -> Vec<String> {
        let tracked = tracked(&[&AUTHORS, &BOOKS, &CREDITS], Dialect::Postgres);
        let (_, found) = tracked.iter().find(|(known, _)| known.name == model.name).expect("tracked");
        found.columns().map(str::to_owned).collect()
    }

    #[test]
    fn columns_that_conditions_and_joins_read_have_classes() {
        assert_eq!(columns(&AUTHORS), ["created_at", "id", "name", "secret", "status"]);
        assert_eq!(columns(&CREDITS), ["author_id", "book_id", "id"]);
    }

    #[test]
    fn classes_come_with_the_table() {
        let tracked = Tracked::new("sales.books", ["rating".to_owned()]);
        let names: Vec<String> = tracked.classes().iter().map(|class| class.name().to_owned()).collect();
        assert_eq!(names, ["sales.books any", "sales.books column rating", "sales.books rows"]);
    }
}
