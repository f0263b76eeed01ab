//! Every interleaving of the protocol that keeps cached counts right, explored with stateright.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic)]

mod database;
mod mutant;
mod protocol;
mod scenario;
mod state;

use std::time::Instant;
use stateright::{Checker, Model};
use protocol::Protocol;
use scenario::{Request, Scenario};
use mutant::Mutant;

fn one_list() -> Scenario {
    let request = Request { list: 0, scope: 0, footprint: vec![0], counts: 0b111 };
    Scenario { name: "one list", writers: vec![vec![0]; 3], readers: vec![vec![request; 2]; 2], crashes: 0 }
}

fn run(s: Scenario, mutant: Option<Mutant>) {
    let t = Instant::now();
    let c = Protocol::new(s.clone(), mutant).checker().threads(2).spawn_bfs().join();
    println!("{} {:?} states {} unique {} depth {} {:?}", s.name, mutant, c.state_count(), c.unique_state_count(), c.max_depth(), t.elapsed());
    for (n, p) in c.discoveries() {
        println!("  {n}: {:?}", p.into_actions());
    }
}

#[test]
fn try_it() {
    run(one_list(), None);
    for m in [Mutant::NoLock, Mutant::TokenAfterLock, Mutant::TokenBeforeRequest, Mutant::NextvalBeforeLock, Mutant::SnapshotBeforeLock, Mutant::UnlockBeforeVisible, Mutant::FlightWithoutTokens, Mutant::LateJoinOfRefused, Mutant::FreshSequence, Mutant::TokensOfStandby, Mutant::CountOnStandby] {
        run(one_list(), Some(m));
    }
}
