//! One execution for all who ask for the same thing at the same time.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// Executions under way by key; cheap to clone, all clones are one.
///
/// The first who asks for a key leads, the others wait for what it finds. A leader that is dropped or panics leads no more:
/// one of those who wait takes over, with its own work. Nothing is remembered: once a leader is done, the next one who asks
/// leads again.
pub struct SingleFlight<K, V>(Arc<Mutex<HashMap<K, watch::Sender<State<V>>>>>);

#[derive(Clone)]
enum State<V> {
    Flying,
    Landed(V),
    Abandoned,
}

/// What one is to do.
pub enum Flight<K: Hash + Eq + Clone, V: Clone> {
    /// To find the value and to hand it to [`Lead::land`].
    Lead(Lead<K, V>),
    /// To wait for the one who leads.
    Wait(Wait<V>),
}

impl<K: Hash + Eq + Clone, V: Clone> SingleFlight<K, V> {
    /// With nothing under way.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::default())
    }

    /// The value of `key`: of an execution that is under way, or else of `work`.
    pub async fn run<F: Future<Output = V>>(&self, key: K, work: impl FnOnce() -> F) -> V {
        loop {
            match self.join_or_lead(key.clone()) {
                Flight::Lead(lead) => return lead.land(work().await),
                Flight::Wait(wait) => {
                    if let Some(value) = wait.landed().await {
                        return value;
                    }
                }
            }
        }
    }

    /// Leads or waits; for whoever has to do something else first where it waits, such as giving a connection back.
    pub fn join_or_lead(&self, key: K) -> Flight<K, V> {
        match locked(&self.0).entry(key) {
            Entry::Occupied(flying) => Flight::Wait(Wait(flying.get().subscribe())),
            Entry::Vacant(vacant) => {
                let key = vacant.key().clone();
                vacant.insert(watch::Sender::new(State::Flying));
                Flight::Lead(Lead { flights: self.0.clone(), key: Some(key), closed: None })
            }
        }
    }

    /// How many keys are under way.
    #[must_use]
    pub fn len(&self) -> usize {
        locked(&self.0).len()
    }

    /// Whether nothing is under way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Default for SingleFlight<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, V> Clone for SingleFlight<K, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// The duty to find a value; dropped without one, it passes to one of those who wait.
pub struct Lead<K: Hash + Eq, V> {
    flights: Arc<Mutex<HashMap<K, watch::Sender<State<V>>>>>,
    /// None once nobody joins any more: the key may be under way again by then, led by another.
    key: Option<K>,
    /// Those who joined before it was closed.
    closed: Option<watch::Sender<State<V>>>,
}

impl<K: Hash + Eq, V: Clone> Lead<K, V> {
    /// Lets nobody join from now on: who asks for the key next leads another execution. For a value that is only right for those
    /// who asked before it is looked for.
    pub fn close(&mut self) {
        if let Some(key) = self.key.take() {
            self.closed = locked(&self.flights).remove(&key);
        }
    }

    /// Hands the value to those who wait, and back.
    pub fn land(mut self, value: V) -> V {
        self.end(State::Landed(value.clone()));
        value
    }
}

impl<K: Hash + Eq, V> Lead<K, V> {
    fn end(&mut self, state: State<V>) {
        let flight = self.key.take().and_then(|key| locked(&self.flights).remove(&key));
        if let Some(flight) = flight.or_else(|| self.closed.take()) {
            flight.send_replace(state);
        }
    }
}

impl<K: Hash + Eq, V> Drop for Lead<K, V> {
    fn drop(&mut self) {
        self.end(State::Abandoned);
    }
}

/// A place among those who wait.
pub struct Wait<V>(watch::Receiver<State<V>>);

impl<V: Clone> Wait<V> {
    /// What the leader found; `None` if it gave up, and then it is time to ask again.
    pub async fn landed(mut self) -> Option<V> {
        match self.0.wait_for(|state| !matches!(state, State::Flying)).await.as_deref() {
            Ok(State::Landed(value)) => Some(value.clone()),
            _ => None,
        }
    }
}

/// No code of a caller runs under the lock, so that a panic leaves nothing half done.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::{Notify, oneshot};
    use tokio::task::JoinSet;

    use super::*;

    type Numbers = SingleFlight<&'static str, Result<u32, &'static str>>;

    /// Until so many wait for the only flight.
    async fn until_waiting(flights: &Numbers, wanted: usize) {
        while locked(&flights.0).values().map(watch::Sender::receiver_count).sum::<usize>() < wanted {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_thousand_callers_share_one_execution() {
        let (flights, executions, release) = (Numbers::new(), Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
        let mut callers = JoinSet::new();
        for _ in 0..1000 {
            let (flights, executions, release) = (flights.clone(), executions.clone(), release.clone());
            callers.spawn(async move {
                let work = || async {
                    let number = executions.fetch_add(1, Ordering::SeqCst);
                    release.notified().await;
                    Ok(number)
                };
                flights.run("key", work).await
            });
        }
        until_waiting(&flights, 999).await;
        release.notify_one();
        assert_eq!(callers.join_all().await, vec![Ok(0); 1000]);
        assert_eq!(executions.load(Ordering::SeqCst), 1);
        assert!(flights.is_empty());
    }

    #[tokio::test]
    async fn keys_do_not_wait_for_each_other() {
        let flights = Numbers::new();
        let Flight::Lead(slow) = flights.join_or_lead("slow") else { unreachable!("nobody else leads") };
        assert_eq!(flights.run("fast", async || Ok(1)).await, Ok(1));
        assert_eq!(flights.len(), 1);
        assert_eq!(slow.land(Ok(2)), Ok(2));
    }

    #[tokio::test]
    async fn an_error_is_shared_and_forgotten() {
        let flights = Numbers::new();
        let Flight::Lead(lead) = flights.join_or_lead("key") else { unreachable!("nobody else leads") };
        let Flight::Wait(wait) = flights.join_or_lead("key") else { unreachable!("one leads already") };
        assert_eq!(lead.land(Err("gone")), Err("gone"));
        assert_eq!(wait.landed().await, Some(Err("gone")));
        assert_eq!(flights.run("key", async || Ok(7)).await, Ok(7));
    }

    #[tokio::test]
    async fn one_of_those_who_wait_takes_over_from_a_leader_that_is_cancelled() {
        let (flights, executions) = (Numbers::new(), Arc::new(AtomicU32::new(0)));
        let (led, leads) = oneshot::channel();
        let of_leader = flights.clone();
        let leader = tokio::spawn(async move {
            let work = || async {
                led.send(()).expect("the test listens");
                std::future::pending().await
            };
            of_leader.run("key", work).await
        });
        leads.await.expect("the leader leads");
        let mut callers = JoinSet::new();
        for _ in 0..10 {
            let (flights, executions) = (flights.clone(), executions.clone());
            callers.spawn(async move {
                let work = || async {
                    // The others have to find the new leader, not its value.
                    until_waiting(&flights, 9).await;
                    Ok(executions.fetch_add(1, Ordering::SeqCst))
                };
                flights.run("key", work).await
            });
        }
        until_waiting(&flights, 10).await;
        leader.abort();
        assert_eq!(callers.join_all().await, vec![Ok(0); 10]);
        assert!(flights.is_empty());
    }

    #[tokio::test]
    async fn a_panic_of_the_leader_poisons_nothing() {
        let flights = Numbers::new();
        let of_leader = flights.clone();
        let leader = tokio::spawn(async move { of_leader.run("key", async || unreachable!("on purpose")).await });
        assert!(leader.await.expect_err("it panics").is_panic());
        assert!(flights.is_empty());
        assert_eq!(flights.run("key", async || Ok(3)).await, Ok(3));
    }

    #[tokio::test]
    async fn who_asks_after_a_flight_was_closed_leads_another() {
        let flights = Numbers::new();
        let Flight::Lead(mut first) = flights.join_or_lead("key") else { unreachable!("nobody else leads") };
        let Flight::Wait(early) = flights.join_or_lead("key") else { unreachable!("one leads already") };
        first.close();
        first.close();
        let Flight::Lead(second) = flights.join_or_lead("key") else { unreachable!("the first is closed") };
        let Flight::Wait(late) = flights.join_or_lead("key") else { unreachable!("the second leads") };
        assert_eq!(first.land(Ok(1)), Ok(1));
        assert_eq!(early.landed().await, Some(Ok(1)));
        assert_eq!(flights.len(), 1);
        assert_eq!(second.land(Ok(2)), Ok(2));
        assert_eq!(late.landed().await, Some(Ok(2)));
        let Flight::Lead(mut third) = flights.join_or_lead("key") else { unreachable!("the second has landed") };
        let Flight::Wait(left) = flights.join_or_lead("key") else { unreachable!("the third leads") };
        third.close();
        drop(third);
        assert_eq!(left.landed().await, None, "dropped after it was closed");
    }

    #[tokio::test]
    async fn a_leader_that_has_landed_does_not_end_the_next_flight() {
        let flights = Numbers::new();
        let Flight::Lead(first) = flights.join_or_lead("key") else { unreachable!("nobody else leads") };
        let abandoned = flights.join_or_lead("key");
        drop(first);
        let Flight::Lead(second) = flights.join_or_lead("key") else { unreachable!("the first gave up") };
        let Flight::Wait(old) = abandoned else { unreachable!("the first led") };
        assert_eq!(old.landed().await, None);
        assert_eq!(flights.len(), 1);
        assert_eq!(second.land(Ok(1)), Ok(1));
        assert!(flights.is_empty());
    }
}
