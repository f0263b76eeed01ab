//! States that differ only in who is who.

use super::database::Writers;
use super::state::{State, Step};

/// The same state with writers and readers in an order of their own. Only for scenarios in which all writers do the same and
/// all readers ask for the same.
pub(crate) fn representative(state: &State) -> State {
    let mut same = state.clone();
    if !state.writers.is_sorted() {
        let mut order: Vec<usize> = (0..state.writers.len()).collect();
        order.sort_by_key(|writer| state.writers[*writer]);
        same.writers = order.iter().map(|writer| state.writers[*writer]).collect();
        let of = |set: Writers| renamed(set, &order);
        same.database.committed = of(state.database.committed);
        same.database.replayed = of(state.database.replayed);
        same.entries.iter_mut().for_each(|entry| entry.total = of(entry.total));
        same.entries.sort_unstable();
        for reader in &mut same.readers {
            let moments = (0..8).filter(|moment| reader.moments & (1 << moment) != 0);
            reader.moments = moments.fold(0, |moments, moment| moments | 1 << of(moment));
            reader.acknowledged = of(reader.acknowledged);
            reader.step = match reader.step {
                Step::Snapped(total) => Step::Snapped(of(total)),
                Step::Granted(total) => Step::Granted(total.map(of)),
                Step::Counted { total, stored } => Step::Counted { total: of(total), stored },
                step => step,
            };
        }
    }
    if !same.readers.is_sorted() {
        let mut order: Vec<usize> = (0..same.readers.len()).collect();
        order.sort_by_key(|reader| same.readers[*reader]);
        let readers = order.iter().map(|reader| same.readers[*reader]).collect();
        same.readers = readers;
        for reader in &mut same.readers {
            if let Step::Waiting(leader) = &mut reader.step {
                *leader = u8::try_from(order.iter().position(|it| *it == usize::from(*leader)).unwrap()).unwrap();
            }
        }
    }
    same
}

/// The set once each writer has the number of its place in `order`.
fn renamed(set: Writers, order: &[usize]) -> Writers {
    (0..).zip(order).filter(|(_, old)| set & (1 << **old) != 0).fold(0, |set, (new, _): (u8, _)| set | 1 << new)
}
