//! Who writes what and who asks for which list.

use super::database::Writers;
use super::state::State;
use super::symmetry;

/// Three writers at most, each with one transaction, and readers with some requests each.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    /// The classes that the trigger advances for each writer, in its order.
    pub(crate) writers: Vec<Vec<usize>>,
    /// For each reader what it asks for, one request after the other.
    pub(crate) readers: Vec<Vec<Request>>,
    /// How often the server crashes at most.
    pub(crate) crashes: u8,
}

/// A request for the total of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    /// The list's fingerprint, as a number.
    pub(crate) list: u8,
    /// For whom the rows are counted.
    pub(crate) scope: u8,
    /// The classes whose tokens are read: of the footprint, those that somebody advances.
    pub(crate) footprint: Vec<usize>,
    /// Whose writes it counts.
    pub(crate) counts: Writers,
}

impl Scenario {
    /// How states are found that differ only in who is who.
    pub(crate) fn representative(&self) -> fn(&State) -> State {
        let alike = alike(&self.writers) && alike(&self.readers);
        if alike { symmetry::representative } else { State::clone }
    }

    /// Whether two readers may want one count.
    pub(crate) fn shared(&self) -> bool {
        alike(&self.readers.iter().filter_map(|requests| requests.first()).collect::<Vec<_>>())
    }
}

fn alike<T: PartialEq>(all: &[T]) -> bool {
    all.windows(2).all(|two| two[0] == two[1])
}
