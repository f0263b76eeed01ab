//! What a query reads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::class::Class;
use super::known::Known;
use crate::model::{ColumnMeta, Link, ModelMeta, RelationMeta};
use crate::query::{Deleted, Filter, Include, IncludeCount, ListQuery, subset};
use crate::sql::Dialect;

/// The classes that a query reads: if what it answers changes, so does a token of one of them.
#[derive(Debug, Clone)]
pub struct Footprint {
    tables: Vec<TableRead>,
    /// As a page reads it, once it was written.
    planned: OnceLock<String>,
}

impl PartialEq for Footprint {
    fn eq(&self, other: &Self) -> bool {
        self.tables == other.tables
    }
}

impl Eq for Footprint {}

/// A table that is read.
#[derive(Debug, Clone)]
pub struct TableRead {
    /// Its model.
    pub model: &'static ModelMeta,
    /// Whether its rows lie in partitions.
    pub partitioned: bool,
    /// The classes, in the order of their names.
    pub classes: Vec<Class>,
}

impl PartialEq for TableRead {
    fn eq(&self, other: &Self) -> bool {
        (self.model.name, self.partitioned, &self.classes) == (other.model.name, other.partitioned, &other.classes)
    }
}

impl Eq for TableRead {}

impl Footprint {
    fn new(tables: Vec<TableRead>) -> Self {
        Self { tables, planned: OnceLock::new() }
    }

    /// What the number of the rows of a list depends on; `None` where a table has no tokens.
    #[must_use]
    pub fn of_count(query: &ListQuery, known: &Known, dialect: Dialect) -> Option<Self> {
        let mut reads = Reads::default();
        reads.rows(query.model);
        if query.deleted != Deleted::Include {
            reads.shown(query.model);
        }
        reads.filter(query.model, &query.filter);
        reads.resolve(known, dialect)
    }

    /// What a whole answer depends on: the rows of `model` that meet `filter`, and all that is loaded or counted with them.
    #[must_use]
    pub fn of_answer(
        model: &'static ModelMeta,
        filter: &Filter,
        include: &[Include],
        counted: &[IncludeCount],
        known: &Known,
        dialect: Dialect,
    ) -> Option<Self> {
        let mut reads = Reads::default();
        reads.rows(model);
        reads.filter(model, filter);
        reads.includes(model, include);
        counted.iter().for_each(|count| reads.relation(model, count.relation, &count.filter));
        reads.0.values_mut().for_each(|read| read.whole = true);
        reads.resolve(known, dialect)
    }

    /// What two queries depend on that are answered together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let mut tables: BTreeMap<&'static str, TableRead> = BTreeMap::new();
        for read in self.tables.into_iter().chain(other.tables) {
            let known =
                tables.entry(read.model.name).or_insert_with(|| TableRead { classes: Vec::new(), ..read.clone() });
            known.classes.extend(read.classes);
            known.classes.sort_unstable();
            known.classes.dedup();
        }
        Self::new(tables.into_values().collect())
    }

    /// The model whose statement it is, as metrics name it: the first of them.
    #[must_use]
    pub fn model(&self) -> &'static ModelMeta {
        self.tables.first().expect("a query reads a table").model
    }

    /// The tables, in the order of their models' names.
    pub fn tables(&self) -> impl Iterator<Item = &TableRead> {
        self.tables.iter()
    }

    /// The expression that a page reads the vector by, as `write` writes it when it is asked for the first time: many pages have
    /// one footprint.
    pub(super) fn planned(&self, write: impl FnOnce() -> String) -> &str {
        self.planned.get_or_init(write)
    }

    /// The classes of all tables, in their order.
    pub fn classes(&self) -> impl Iterator<Item = &Class> {
        self.tables.iter().flat_map(|table| &table.classes)
    }
}

/// Models that are read, by their names.
#[derive(Default)]
struct Reads(BTreeMap<&'static str, Read>);

struct Read {
    model: &'static ModelMeta,
    columns: BTreeSet<&'static str>,
    /// More than which rows there are and those columns.
    whole: bool,
}

impl Reads {
    fn rows(&mut self, model: &'static ModelMeta) -> &mut Read {
        self.0.entry(model.name).or_insert_with(|| Read { model, columns: BTreeSet::new(), whole: false })
    }

    fn column(&mut self, model: &'static ModelMeta, column: &ColumnMeta) {
        self.rows(model).columns.insert(column.name);
    }

    fn columns(&mut self, model: &'static ModelMeta, indexes: &[usize]) {
        indexes.iter().for_each(|index| self.column(model, &model.columns[*index]));
    }

    /// What the condition that a row is shown reads.
    fn shown(&mut self, model: &'static ModelMeta) {
        if let Some(column) = model.deleted_at() {
            self.column(model, column);
        }
    }

    fn filter(&mut self, model: &'static ModelMeta, filter: &Filter) {
        match filter {
            Filter::All(filters) | Filter::Any(filters) => filters.iter().for_each(|it| self.filter(model, it)),
            Filter::Not(filter) => self.filter(model, filter),
            Filter::Compare(comparison) => self.column(model, comparison.column),
            Filter::Search(columns, _) => {
                // A full-text index is made of all of them.
                columns.iter().copied().chain(model.search_columns()).for_each(|column| self.column(model, column));
            }
            Filter::Related(relation, filter) => self.relation(model, relation, filter),
            Filter::LinkedTo(relation, _) => {
                self.columns(model, relation.link.foreign());
                self.through(relation);
                self.filter(model, &subset::of(relation));
            }
        }
    }

    /// The rows of `relation` of which `filter` holds, found from rows of `model`.
    fn relation(&mut self, model: &'static ModelMeta, relation: &'static RelationMeta, filter: &Filter) {
        let target = (relation.target)();
        self.columns(model, relation.link.local());
        self.columns(target, relation.link.foreign());
        self.rows(target);
        self.shown(target);
        self.through(relation);
        self.filter(target, &subset::of(relation));
        self.filter(target, filter);
    }

    fn through(&mut self, relation: &RelationMeta) {
        if let Link::Through { model, through_local, through_foreign, .. } = relation.link {
            let link = model();
            self.rows(link);
            self.shown(link);
            self.columns(link, through_local);
            self.columns(link, through_foreign);
        }
    }

    fn includes(&mut self, model: &'static ModelMeta, includes: &[Include]) {
        for include in includes {
            self.relation(model, include.relation, &include.filter);
            self.includes((include.relation.target)(), &include.children);
        }
    }

    fn resolve(self, known: &Known, dialect: Dialect) -> Option<Footprint> {
        let resolve = |read: Read| {
            let table = known.tables.get(read.model.name)?;
            let named = |name: &&str| table.columns.contains(name);
            let classes = if read.whole || !read.columns.iter().all(named) {
                vec![Class::any(read.model, dialect)]
            } else {
                let columns = read.model.columns.iter().filter(|column| read.columns.contains(column.name));
                let mut classes: Vec<Class> = columns.map(|it| Class::column(read.model, it, dialect)).collect();
                classes.push(Class::rows(read.model, dialect));
                classes.sort_unstable();
                classes
            };
            Some(TableRead { model: read.model, partitioned: table.partitioned, classes })
        };
        self.0.into_values().map(resolve).collect::<Option<_>>().map(Footprint::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{AUTHORS, BOOKS, CREDITS, REVIEWS};
    use crate::model::{Operator, Value};
    use crate::sql::token::KnownTable;

    fn known(tables: &[(&'static ModelMeta, &[&'static str])]) -> Known {
        let table = |columns: &[&'static str]| KnownTable {
            shape: "1".to_owned(),
            partitioned: false,
            columns: columns.to_vec(),
        };
        Known { tables: tables.iter().map(|(model, columns)| (model.name, table(columns))).collect() }
    }

    fn all() -> Known {
        known(&[
            (&BOOKS, &["id", "title", "rating", "series_id"]),
            (&REVIEWS, &["book_id"]),
            (&AUTHORS, &["id", "status"]),
            (&CREDITS, &["book_id", "author_id"]),
        ])
    }

    fn classes(filter: Filter, known: &Known) -> Option<String> {
        let query = ListQuery { filter, ..ListQuery::new(&BOOKS) };
        let footprint = Footprint::of_count(&query, known, Dialect::Postgres)?;
        Some(footprint.classes().map(Class::name).collect::<Vec<_>>().join(", "))
    }

    fn compare(column: usize) -> Filter {
        Filter::compare(&BOOKS.columns[column], Operator::Eq, vec![Value::Null])
    }

    #[test]
    fn a_count_reads_the_rows_and_the_columns_of_its_conditions() {
        assert_eq!(classes(Filter::everything(), &all()).as_deref(), Some("books rows"));
        let filter = Filter::Not(Box::new(compare(1).or(compare(3))));
        let expected = "books column rating, books column title, books rows";
        assert_eq!(classes(filter, &all()).as_deref(), Some(expected));
    }

    #[test]
    fn a_column_without_a_class_makes_it_the_whole_table() {
        assert_eq!(classes(compare(1).and(compare(4)), &all()).as_deref(), Some("books any"));
    }

    #[test]
    fn a_relation_reads_what_it_joins_by() {
        let active = Filter::compare(&AUTHORS.columns[3], Operator::Eq, vec![Value::Text("active".to_owned())]);
        let filter = Filter::Related(&BOOKS.relations[0], Box::new(active));
        let expected = "authors column id, authors column status, authors rows, books column id, books rows, \
                        credits column author_id, credits column book_id, credits rows";
        assert_eq!(classes(filter, &all()).as_deref(), Some(expected));
    }

    #[test]
    fn a_table_without_tokens_leaves_nothing_to_rely_on() {
        let filter = Filter::Related(&BOOKS.relations[2], Box::new(Filter::everything()));
        assert!(classes(filter.clone(), &all()).is_some());
        assert_eq!(classes(filter, &known(&[(&BOOKS, &["id"])])), None);
        assert_eq!(classes(Filter::everything(), &Known::default()), None);
    }

    #[test]
    fn an_answer_reads_whole_tables() {
        let include = [Include::new(&BOOKS, 0, 100)];
        let counted = count(Filter::everything());
        let footprint =
            Footprint::of_answer(&BOOKS, &Filter::everything(), &include, &counted, &all(), Dialect::Sqlite);
        assert_eq!(names(&footprint.expect("known")), ["authors any", "books any", "credits any", "reviews any"]);
    }

    #[test]
    fn an_answer_reads_what_decides_which_related_rows_are_counted() {
        let shown = Filter::Related(
            &REVIEWS.relations[0],
            Box::new(Filter::Related(&BOOKS.relations[0], Box::new(Filter::everything()))),
        );
        let footprint =
            Footprint::of_answer(&BOOKS, &Filter::everything(), &[], &count(shown), &all(), Dialect::Sqlite);
        assert_eq!(names(&footprint.expect("known")), ["authors any", "books any", "credits any", "reviews any"]);
    }

    #[test]
    fn two_footprints_are_one_with_each_class_once() {
        let of = |model| {
            Footprint::of_answer(model, &Filter::everything(), &[], &[], &all(), Dialect::Sqlite).expect("known")
        };
        let both = of(&REVIEWS).and(of(&BOOKS)).and(of(&REVIEWS));
        assert_eq!(names(&both), ["books any", "reviews any"]);
        let counted = Footprint::of_count(&ListQuery::new(&BOOKS), &all(), Dialect::Sqlite).expect("known");
        assert_eq!(names(&both.and(counted)), ["books any", "books rows", "reviews any"]);
    }

    fn count(filter: Filter) -> [IncludeCount; 1] {
        [IncludeCount { index: 2, relation: &BOOKS.relations[2], filter }]
    }

    fn names(footprint: &Footprint) -> Vec<&str> {
        footprint.classes().map(Class::name).collect()
    }
}
