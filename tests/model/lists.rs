//! Lists and writes of real models: their footprints, fingerprints and classes are the framework's own.

use std::collections::HashMap;

use couplet::model::{Model as _, ModelMeta};
use couplet::prelude::*;
use couplet::query::{Filter, ListQuery, fingerprint};
use couplet::sql::Dialect;
use couplet::sql::token::{Class, Footprint, Known, KnownTable};

use super::database::{CLASSES, Writers};
use super::mutant::Mutant;
use super::scenario::{Request, Scenario};

#[derive(Debug, Model)]
pub struct Author {
    pub id: i64,
    #[field(filter)]
    pub status: String,
    #[relation(through = BookAuthor)]
    pub books: ManyToMany<Book>,
}

#[derive(Debug, Model)]
pub struct Book {
    pub id: i64,
    #[field(filter)]
    pub language: String,
    #[relation(through = BookAuthor)]
    pub authors: ManyToMany<Author>,
}

#[derive(Debug, Model)]
pub struct BookAuthor {
    #[field(key)]
    pub book_id: i64,
    #[field(key)]
    pub author_id: i64,
    #[relation(on_delete = cascade)]
    pub book: BelongsTo<Book>,
    #[relation(on_delete = cascade)]
    pub author: BelongsTo<Author>,
}

/// A statement of a writer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    Insert(&'static ModelMeta),
    Update(&'static ModelMeta, &'static str),
}

/// A scenario in the words of an app.
#[derive(Debug, Clone)]
pub(crate) struct Sketch {
    pub(crate) name: &'static str,
    /// What each writer does in its transaction.
    pub(crate) writers: Vec<Vec<Change>>,
    /// What each reader asks for.
    pub(crate) readers: Vec<Vec<Ask>>,
    pub(crate) crashes: u8,
}

/// A list, for whom it is counted, and whose writes change its number.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) list: ListQuery,
    pub(crate) scope: u8,
    pub(crate) counts: Writers,
}

impl Sketch {
    /// The scenario, with the classes that matter as numbers.
    pub(crate) fn scenario(&self, mutant: Option<Mutant>) -> Scenario {
        let asks = || self.readers.iter().flatten();
        let read: Vec<Class> = asks().flat_map(|ask| footprint(&ask.list, mutant)).collect();
        let written: Vec<Vec<Class>> = self.writers.iter().map(|changes| classes(changes)).collect();
        let mut matter: Vec<&Class> = written.iter().flatten().filter(|class| read.contains(class)).collect();
        matter.sort_unstable();
        matter.dedup();
        assert!(matter.len() <= CLASSES, "more classes than the model has room for: {matter:?}");
        let numbers = |classes: &[Class]| -> Vec<usize> {
            classes.iter().filter_map(|class| matter.iter().position(|it| *it == class)).collect()
        };

        let mut lists: Vec<Vec<u8>> = asks().map(|ask| fingerprint::rows(&ask.list)).collect();
        lists.sort_unstable();
        lists.dedup();
        let request = |ask: &Ask| Request {
            list: u8::try_from(lists.binary_search(&fingerprint::rows(&ask.list)).unwrap()).unwrap(),
            scope: ask.scope,
            footprint: numbers(&footprint(&ask.list, mutant)),
            counts: ask.counts,
        };
        Scenario {
            writers: written.iter().map(|classes| numbers(classes)).collect(),
            readers: self.readers.iter().map(|asks| asks.iter().map(request).collect()).collect(),
            crashes: self.crashes,
        }
    }
}

/// The books that meet `filter`.
pub(crate) fn books(filter: Filter) -> ListQuery {
    ListQuery { filter, ..ListQuery::new(Book::META) }
}

/// All tables with all their columns.
pub(crate) fn known() -> Known {
    let table = |model: &'static ModelMeta| {
        let columns = model.columns.iter().map(|column| column.name).collect();
        (model.name, KnownTable { shape: "1".to_owned(), partitioned: false, columns })
    };
    Known { tables: HashMap::from([Author::META, Book::META, BookAuthor::META].map(table)) }
}

fn footprint(list: &ListQuery, mutant: Option<Mutant>) -> Vec<Class> {
    let footprint = Footprint::of_count(list, &known(), Dialect::Postgres).unwrap();
    let own = |model: &ModelMeta| mutant != Some(Mutant::NoJoinedClasses) || model.name == list.model.name;
    footprint.tables().filter(|table| own(table.model)).flat_map(|table| table.classes.clone()).collect()
}

/// What the triggers advance.
fn classes(changes: &[Change]) -> Vec<Class> {
    let dialect = Dialect::Postgres;
    let of = |change: &Change| match *change {
        Change::Insert(model) => [Class::rows(model, dialect), Class::any(model, dialect)],
        Change::Update(model, column) => {
            let column = model.columns.iter().find(|it| it.name == column).unwrap();
            [Class::column(model, column, dialect), Class::any(model, dialect)]
        }
    };
    changes.iter().flat_map(of).collect()
}
