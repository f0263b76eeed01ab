//! Every interleaving of the protocol that keeps cached counts right, explored with stateright.
//!
//! Without a mistake no answer may be wrong, in any state. With each of the mistakes of [`Mutant`] one must be, else the model
//! would show nothing.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic)]

mod database;
mod lists;
mod mutant;
mod protocol;
mod scenario;
mod sketches;
mod state;
mod symmetry;

use std::collections::HashMap;
use std::time::Instant;

use couplet::sql::Dialect;
use couplet::sql::token::{Footprint, Vector};
use stateright::{Checker, HasDiscoveries, Model as _};

use lists::{Sketch, books, known};
use mutant::Mutant;
use protocol::{ACKNOWLEDGED, PROMISE, Protocol};
use sketches::{by_author, by_language, crash, one_list, two_scopes};

const THREADS: usize = 2;

/// Explores everything: nothing may be wrong, and what makes the protocol hard must have happened.
fn assert_right(sketch: &Sketch) {
    let began = Instant::now();
    let scenario = sketch.scenario(None);
    let representative = scenario.representative();
    let model = Protocol::new(scenario, None).checker().threads(THREADS).finish_when(HasDiscoveries::AnyFailures);
    let checker = model.symmetry_fn(representative).spawn_dfs().join();
    println!("{}: {} states in {:?}", sketch.name, checker.unique_state_count(), began.elapsed());
    checker.assert_properties();
}

/// Explores until each property is broken, shortest ways first.
fn assert_caught(mutant: Mutant, sketch: &Sketch) {
    let model = Protocol::new(sketch.scenario(Some(mutant)), Some(mutant)).checker();
    let checker = model.threads(THREADS).finish_when(HasDiscoveries::AllFailures).spawn_bfs().join();
    for property in [PROMISE, ACKNOWLEDGED] {
        let way = checker.assert_any_discovery(property).into_actions();
        let states = checker.unique_state_count();
        println!("{mutant:?} is caught in {} steps, {states} states: {property}; {way:?}", way.len());
    }
}

#[test]
fn no_answer_is_wrong() {
    assert_right(&one_list());
}

#[test]
fn no_answer_is_wrong_where_several_tokens_are_read() {
    assert_right(&by_language());
}

#[test]
fn no_answer_is_wrong_where_only_joined_tables_are_written() {
    assert_right(&by_author());
}

#[test]
fn no_answer_is_wrong_where_callers_see_different_rows() {
    assert_right(&two_scopes());
}

#[test]
fn no_answer_is_wrong_after_a_crash() {
    assert_right(&crash());
}

macro_rules! mutants {
    ($($name:ident: $mutant:ident in $sketch:expr;)+) => {$(
        #[test]
        fn $name() {
            assert_caught(Mutant::$mutant, &$sketch);
        }
    )+};
}

mutants! {
    a_filler_takes_no_lock: NoLock in one_list();
    tokens_are_read_after_the_lock_was_released: TokenAfterLock in one_list();
    tokens_are_older_than_the_request: TokenBeforeRequest in one_list();
    the_sequence_moves_before_the_lock: NextvalBeforeLock in one_list();
    lock_and_count_are_one_statement: SnapshotBeforeLock in one_list();
    locks_end_before_the_commit_is_visible: UnlockBeforeVisible in one_list();
    the_key_has_no_scope: NoScope in two_scopes();
    the_footprint_has_no_joined_tables: NoJoinedClasses in by_author();
    flights_have_no_tokens: FlightWithoutTokens in one_list();
    a_refused_count_is_shared_with_whoever_comes_later: LateJoinOfRefused in one_list();
    a_fresh_sequence_is_not_advanced: FreshSequence in one_list();
    tokens_are_of_a_standby: TokensOfStandby in one_list();
    rows_are_counted_on_a_standby: CountOnStandby in one_list();
    the_key_has_no_epoch: NoEpoch in crash();
}

/// The model's vectors are equal where the framework's are.
#[test]
fn a_vector_tells_epochs_and_tokens_apart() {
    let (known, list) = (known(), books(lists::Book::LANGUAGE.eq("eng").into_filter()));
    let footprint = Footprint::of_count(&list, &known, Dialect::Postgres).unwrap();
    let mut seen: HashMap<Vector, [u32; 3]> = HashMap::new();
    for parts in (0..64_000).map(|number| [number / 1600, number / 40 % 40, number % 40]) {
        let [epoch, language, rows] = parts;
        let vector = known.vector(&footprint, Some(&format!("{epoch},1,{language},{rows}"))).unwrap();
        assert_eq!(seen.insert(vector, parts), None);
    }
}
