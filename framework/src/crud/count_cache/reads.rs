//! What totals depend on, found out once for all lists that are narrowed by the same columns.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::{ColumnMeta, ModelMeta};
use crate::query::{Deleted, Filter, ListQuery};
use crate::sql::token::{Footprint, Known};

/// Sets of columns that are remembered of one model; clients choose them.
const REMEMBERED: usize = 1_000;

/// What a total depends on.
pub(crate) struct Read {
    pub(super) known: Arc<Known>,
    pub(super) footprint: Footprint,
}

/// A model's columns, a bit for each.
type Columns = u64;

/// What the totals of one model depend on.
#[derive(Default)]
pub(super) struct Reads(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    /// The look at the tables that it holds for.
    known: Option<Arc<Known>>,
    by_columns: HashMap<Columns, Arc<Read>>,
}

impl Reads {
    /// What the total of a list depends on, as `find` says it where it is not remembered; `None` where a table has no tokens.
    pub(super) fn read(
        &self,
        query: &ListQuery,
        known: Arc<Known>,
        find: impl FnOnce(&Known) -> Option<Footprint>,
    ) -> Option<Arc<Read>> {
        let read = |known: Arc<Known>| find(&known).map(|footprint| Arc::new(Read { known, footprint }));
        let Some(columns) = columns(query) else { return read(known) };
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !remembered.known.as_ref().is_some_and(|last| Arc::ptr_eq(last, &known)) {
            *remembered = Remembered { known: Some(Arc::clone(&known)), ..Remembered::default() };
        }
        if let Some(read) = remembered.by_columns.get(&columns) {
            return Some(Arc::clone(read));
        }
        let read = read(known)?;
        if remembered.by_columns.len() >= REMEMBERED {
            remembered.by_columns.clear();
        }
        remembered.by_columns.insert(columns, Arc::clone(&read));
        Some(read)
    }
}

/// The columns that say which rows are listed; `None` where they are not all of the rows themselves, or more than there are bits.
fn columns(query: &ListQuery) -> Option<Columns> {
    let shown = if query.deleted == Deleted::Include { None } else { query.model.deleted_at() };
    Some(of_filter(query.model, &query.filter)? | all(query.model, shown)?)
}

fn of_filter(model: &ModelMeta, filter: &Filter) -> Option<Columns> {
    match filter {
        Filter::All(filters) | Filter::Any(filters) => {
            filters.iter().try_fold(0, |columns, filter| Some(columns | of_filter(model, filter)?))
        }
        Filter::Not(filter) => of_filter(model, filter),
        Filter::Compare(comparison) => all(model, [comparison.column]),
        Filter::Search(columns, _) => all(model, columns.iter().copied().chain(model.search_columns())),
        Filter::Related(..) | Filter::LinkedTo(..) => None,
    }
}

fn all<'a>(model: &ModelMeta, columns: impl IntoIterator<Item = &'a ColumnMeta>) -> Option<Columns> {
    columns.into_iter().try_fold(0, |all, column| {
        let index = model.columns.iter().position(|of_model| of_model.name == column.name)?;
        Some(all | 1_u64.checked_shl(u32::try_from(index).ok()?)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::BOOKS;
    use crate::model::{Operator, Value};
    use crate::sql::Dialect;
    use crate::sql::token::KnownTable;

    fn known() -> Arc<Known> {
        let names = BOOKS.columns.iter().map(|column| column.name).collect();
        let table = KnownTable { shape: "1".to_owned(), partitioned: false, columns: names };
        Arc::new(Known { tables: HashMap::from([(BOOKS.name, table)]) })
    }

    fn compare(column: usize, value: i64) -> Filter {
        Filter::compare(&BOOKS.columns[column], Operator::Eq, vec![Value::I64(value)])
    }

    fn list(filter: Filter) -> ListQuery {
        ListQuery { filter, ..ListQuery::new(&BOOKS) }
    }

    fn read(reads: &Reads, filter: Filter, known: &Arc<Known>) -> Arc<Read> {
        let query = list(filter);
        let find = |known: &Known| Footprint::of_count(&query, known, Dialect::Sqlite);
        reads.read(&query, Arc::clone(known), find).expect("the table is known")
    }

    #[test]
    fn lists_that_are_narrowed_by_the_same_columns_depend_on_the_same() {
        let (reads, known) = (Reads::default(), known());
        let one = read(&reads, compare(1, 1).and(compare(3, 2)), &known);
        assert!(Arc::ptr_eq(&one, &read(&reads, Filter::Not(Box::new(compare(3, 5).or(compare(1, 9)))), &known)));
        for filter in [Filter::everything(), compare(1, 1), compare(1, 1).and(compare(3, 2)).and(compare(0, 1))] {
            let query = list(filter.clone());
            let other = read(&reads, filter, &known);
            assert_ne!(one.footprint, other.footprint);
            assert_eq!(Some(&other.footprint), Footprint::of_count(&query, &known, Dialect::Sqlite).as_ref());
        }
    }

    #[test]
    fn nothing_is_remembered_beyond_a_look_at_the_tables() {
        let (reads, first) = (Reads::default(), known());
        let one = read(&reads, Filter::everything(), &first);
        let again = known();
        let other = read(&reads, Filter::everything(), &again);
        assert!(!Arc::ptr_eq(&one, &other) && Arc::ptr_eq(&other.known, &again));
    }

    #[test]
    fn what_depends_on_other_tables_is_found_out_each_time() {
        let related = Filter::Related(&BOOKS.relations[0], Box::new(Filter::everything()));
        assert_eq!(columns(&list(compare(1, 1).and(related))), None);
        let search = Filter::Search(Vec::new(), "text".to_owned());
        let searched = BOOKS.search_columns().fold(0, |all, column| {
            all | 1 << BOOKS.columns.iter().position(|of_model| of_model.name == column.name).expect("a column")
        });
        assert_eq!(columns(&list(search)), Some(searched));
    }
}
