//! Whether a history can be one of a count that is never wrong.

use std::fmt;
use std::ops::RangeInclusive;

use super::lists::LISTS;
use super::record::{History, Outcome, Read, Write};

/// A total that cannot be right.
pub struct Violation {
    pub read: Read,
    /// What it could have been.
    pub possible: RangeInclusive<i64>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Read { who, list, began, ended, total } = &self.read;
        let (path, possible) = (LISTS[*list].path, &self.possible);
        write!(f, "{who} answered {total} to {path} between {began:?} and {ended:?}, possible were {possible:?}")
    }
}

/// Every total that was below what had been acknowledged before the read began, or above what had been attempted before it
/// ended.
pub fn violations(history: &History) -> Vec<Violation> {
    let writes = history.writes();
    let wrong = |read: Read| {
        let possible = possible(history.base[read.list], &writes, &read);
        (!possible.contains(&read.total)).then_some(Violation { read, possible })
    };
    history.reads().into_iter().filter_map(wrong).collect()
}

fn possible(base: i64, writes: &[Write], read: &Read) -> RangeInclusive<i64> {
    let (mut least, mut most) = (base, base);
    for write in writes {
        let effect = write.effects[read.list];
        let (surely, perhaps) = match write.outcome {
            Outcome::Refused => (false, false),
            Outcome::InDoubt => (false, write.began < read.ended),
            Outcome::Acknowledged(at) => (at < read.began, write.began < read.ended),
        };
        let (low, high) = if surely {
            (effect, effect)
        } else if perhaps {
            (effect.min(0), effect.max(0))
        } else {
            (0, 0)
        };
        (least, most) = (least + low, most + high);
    }
    least..=most
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Effects;

    fn one(effect: i64) -> Effects {
        let mut effects = [0; LISTS.len()];
        effects[0] = effect;
        effects
    }

    /// A history in which ten rows were there, and what `write` did is followed by a read of `total`.
    fn wrong(total: i64, write: impl FnOnce(&History)) -> usize {
        let history = History::new(one(10));
        write(&history);
        history.read("reader".to_owned(), 0, history.now(), total);
        violations(&history).len()
    }

    #[test]
    fn a_stale_total_after_an_acknowledged_insert_is_caught() {
        let insert = |history: &History| history.acknowledge(history.begin(one(1)));
        assert_eq!((wrong(10, insert), wrong(11, insert), wrong(12, insert)), (1, 0, 1));
    }

    #[test]
    fn a_total_that_comes_back_after_a_delete_is_caught() {
        let delete = |history: &History| history.acknowledge(history.begin(one(-1)));
        assert_eq!((wrong(10, delete), wrong(9, delete), wrong(8, delete)), (1, 0, 1));
    }

    #[test]
    fn a_resurrected_total_is_caught_after_inserts_and_deletes() {
        let history = History::new(one(10));
        let read = |total| history.read("reader".to_owned(), 0, history.now(), total);
        history.acknowledge(history.begin(one(3)));
        read(13);
        history.acknowledge(history.begin(one(-1)));
        read(12);
        read(13);
        let wrong = violations(&history);
        assert_eq!(wrong.len(), 1);
        assert_eq!((wrong[0].read.total, wrong[0].possible.clone()), (13, 12..=12));
    }

    #[test]
    fn a_write_in_doubt_may_have_happened_or_not() {
        let doubt = |history: &History| {
            history.begin(one(2));
        };
        assert_eq!((wrong(9, doubt), wrong(10, doubt), wrong(12, doubt), wrong(13, doubt)), (1, 0, 0, 1));
        let refused = |history: &History| history.refuse(history.begin(one(2)));
        assert_eq!((wrong(10, refused), wrong(12, refused)), (0, 1));
    }

    #[test]
    fn a_write_during_the_read_may_be_seen_or_not() {
        let history = History::new(one(10));
        let began = history.now();
        history.acknowledge(history.begin(one(1)));
        for total in [9, 10, 11, 12] {
            history.read("reader".to_owned(), 0, began, total);
        }
        let wrong: Vec<i64> = violations(&history).iter().map(|violation| violation.read.total).collect();
        assert_eq!(wrong, [9, 12]);
    }

    #[test]
    fn a_row_that_moves_is_missed_in_the_list_that_it_came_to() {
        let history = History::new([10; LISTS.len()]);
        let mut moved = one(-1);
        moved[1] = 1;
        history.acknowledge(history.begin(moved));
        for (list, total) in [(0, 9), (1, 11), (0, 10), (1, 10)] {
            history.read("reader".to_owned(), list, history.now(), total);
        }
        let wrong: Vec<usize> = violations(&history).iter().map(|violation| violation.read.list).collect();
        assert_eq!(wrong, [0, 1]);
    }
}
