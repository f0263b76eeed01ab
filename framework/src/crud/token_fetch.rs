//! Reading tokens once for many requests.

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::cache::single_flight::{Flight, SingleFlight};
use crate::error::{Error, Result};

/// The reads of one footprint's tokens: at most one under way, and one that waits for it.
///
/// A request relies on a read only if that was sent after the request began: who comes while one is under way joins the next.
pub(crate) struct TokenFetch<V> {
    state: Mutex<State<V>>,
    rounds: SingleFlight<u64, Result<Option<V>, Failure>>,
    turn: tokio::sync::Mutex<()>,
}

struct State<V> {
    /// The read that is not sent yet; who has seen this number began before it.
    next: u64,
    /// What the last read found, and when it was sent.
    last: Option<(Instant, V)>,
}

/// Why nobody of a round has tokens, for each of them.
#[derive(Clone)]
enum Failure {
    Unavailable(String),
    DeadlineExceeded,
}

impl<V: Clone> TokenFetch<V> {
    pub(crate) fn new() -> Self {
        let state = Mutex::new(State { next: 0, last: None });
        Self { state, rounds: SingleFlight::new(), turn: tokio::sync::Mutex::default() }
    }

    /// The tokens at some moment after this call, or at most `max_staleness` before it. `None` where there is nothing to rely on.
    ///
    /// # Errors
    ///
    /// The database cannot be reached or is too slow. What else goes wrong is a reason to rely on nothing.
    pub(crate) async fn tokens<F>(&self, max_staleness: Duration, fetch: impl FnOnce() -> F) -> Result<Option<V>>
    where
        F: Future<Output = Result<Option<V>>>,
    {
        if let Some(known) = self.recent(max_staleness) {
            return Ok(Some(known));
        }
        loop {
            let round = self.state().next;
            match self.rounds.join_or_lead(round) {
                Flight::Wait(wait) => {
                    if let Some(outcome) = wait.landed().await {
                        return outcome.map_err(Error::from);
                    }
                }
                Flight::Lead(lead) => {
                    let _turn = self.turn.lock().await;
                    let sent = self.close(round);
                    let outcome = fetch().await.or_else(Failure::of);
                    if let Ok(Some(tokens)) = &outcome {
                        self.state().last = Some((sent, tokens.clone()));
                    }
                    return lead.land(outcome).map_err(Error::from);
                }
            }
        }
    }

    /// From now on nobody joins the round.
    fn close(&self, round: u64) -> Instant {
        let mut state = self.state();
        if state.next == round {
            state.next += 1;
        }
        Instant::now()
    }

    fn recent(&self, max_staleness: Duration) -> Option<V> {
        if max_staleness.is_zero() {
            return None;
        }
        let state = self.state();
        let (sent, tokens) = state.last.as_ref()?;
        (sent.elapsed() <= max_staleness).then(|| tokens.clone())
    }

    /// No code of a caller runs under the lock, so that a panic leaves nothing half done.
    fn state(&self) -> MutexGuard<'_, State<V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Failure {
    fn of<V>(error: Error) -> Result<Option<V>, Self> {
        match error {
            Error::Unavailable(reason) => Err(Self::Unavailable(reason)),
            Error::DeadlineExceeded => Err(Self::DeadlineExceeded),
            error => {
                tracing::warn!(%error, "the tokens of tables cannot be read; answers are not cached");
                Ok(None)
            }
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unavailable(reason) => Self::Unavailable(reason),
            Failure::DeadlineExceeded => Self::DeadlineExceeded,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures_util::poll;
    use tokio::sync::oneshot;

    use super::*;

    const STRICT: Duration = Duration::ZERO;

    /// A statement that was sent, and is answered when the test says so.
    async fn sent(answer: oneshot::Receiver<u32>) -> Result<Option<u32>> {
        Ok(answer.await.ok())
    }

    async fn never() -> Result<Option<u32>> {
        unreachable!("another one reads for this request")
    }

    #[tokio::test]
    async fn who_comes_before_a_read_is_sent_shares_it_and_who_comes_later_does_not() {
        let fetch = TokenFetch::new();
        let ((first, of_first), (second, of_second)) = (oneshot::channel(), oneshot::channel());
        let mut one = Box::pin(fetch.tokens(STRICT, || sent(of_first)));
        assert!(poll!(&mut one).is_pending());
        // The first read is under way: these three wait for the next.
        let mut leads = Box::pin(fetch.tokens(STRICT, || sent(of_second)));
        assert!(poll!(&mut leads).is_pending());
        let mut joins = [Box::pin(fetch.tokens(STRICT, never)), Box::pin(fetch.tokens(STRICT, never))];
        for join in &mut joins {
            assert!(poll!(join).is_pending());
        }
        first.send(1).expect("the first read is awaited");
        assert_eq!(one.await.expect("an answer"), Some(1));
        assert!(poll!(&mut joins[0]).is_pending(), "what was sent before it began is none of its business");
        assert!(poll!(&mut leads).is_pending());
        // The second read is sent by now, so this one may not use it.
        let (third, of_third) = oneshot::channel();
        let mut late = Box::pin(fetch.tokens(STRICT, || sent(of_third)));
        assert!(poll!(&mut late).is_pending());
        second.send(2).expect("the second read is awaited");
        assert_eq!(leads.await.expect("an answer"), Some(2));
        for join in joins {
            assert_eq!(join.await.expect("an answer"), Some(2));
        }
        assert!(poll!(&mut late).is_pending());
        third.send(3).expect("the third read is awaited");
        assert_eq!(late.await.expect("an answer"), Some(3));
    }

    #[tokio::test]
    async fn a_request_that_is_cancelled_takes_nobody_with_it() {
        let fetch = TokenFetch::new();
        let (_first, of_first) = oneshot::channel();
        let mut under_way = Box::pin(fetch.tokens(STRICT, || sent(of_first)));
        assert!(poll!(&mut under_way).is_pending());
        let mut leads = Box::pin(fetch.tokens(STRICT, never));
        assert!(poll!(&mut leads).is_pending());
        let mut joins = Box::pin(fetch.tokens(STRICT, || async { Ok(Some(7)) }));
        assert!(poll!(&mut joins).is_pending());
        drop(leads);
        drop(under_way);
        assert_eq!(joins.await.expect("an answer"), Some(7));
    }

    #[tokio::test(start_paused = true)]
    async fn tokens_are_reused_for_as_long_as_was_allowed_and_no_longer() {
        let (fetch, allowed) = (TokenFetch::new(), Duration::from_millis(50));
        let (answer, of_fetch) = oneshot::channel();
        let mut first = Box::pin(fetch.tokens(allowed, || sent(of_fetch)));
        assert!(poll!(&mut first).is_pending());
        // The time counts from when the read was sent, not from when it was answered.
        tokio::time::advance(Duration::from_millis(20)).await;
        answer.send(1).expect("the read is awaited");
        assert_eq!(first.await.expect("an answer"), Some(1));
        tokio::time::advance(Duration::from_millis(30)).await;
        assert_eq!(fetch.tokens(allowed, never).await.expect("an answer"), Some(1));
        assert_eq!(fetch.tokens(STRICT, || async { Ok(Some(2)) }).await.expect("an answer"), Some(2));
        tokio::time::advance(Duration::from_millis(51)).await;
        assert_eq!(fetch.tokens(allowed, || async { Ok(Some(3)) }).await.expect("an answer"), Some(3));
    }

    #[tokio::test]
    async fn a_database_that_is_gone_is_gone_for_all_who_wait() {
        let fetch: TokenFetch<u32> = TokenFetch::new();
        let (failed, reads) = (oneshot::channel::<()>(), AtomicU32::new(0));
        let gone = || async {
            reads.fetch_add(1, Ordering::SeqCst);
            let _ = failed.1.await;
            Err(Error::Unavailable("gone".to_owned()))
        };
        let turn = fetch.turn.lock().await;
        let mut leads = Box::pin(fetch.tokens(STRICT, gone));
        assert!(poll!(&mut leads).is_pending());
        let mut joins = Box::pin(fetch.tokens(STRICT, never));
        assert!(poll!(&mut joins).is_pending());
        drop((turn, failed.0));
        assert!(matches!(leads.await, Err(Error::Unavailable(_))));
        assert!(matches!(joins.await, Err(Error::Unavailable(_))));
        assert_eq!(reads.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn tokens_that_cannot_be_read_are_nothing_to_rely_on() {
        let fetch: TokenFetch<u32> = TokenFetch::new();
        let refused = || async { Err(Error::other("no such table")) };
        assert_eq!(fetch.tokens(Duration::from_secs(1), refused).await.expect("no error"), None);
        // Nor is that remembered.
        assert_eq!(fetch.tokens(Duration::from_secs(1), || async { Ok(Some(1)) }).await.expect("an answer"), Some(1));
    }

    #[tokio::test]
    async fn a_thousand_requests_need_two_reads() {
        let (fetch, reads) = (Arc::new(TokenFetch::new()), Arc::new(AtomicU32::new(0)));
        let mut requests = tokio::task::JoinSet::new();
        for _ in 0..1000 {
            let (fetch, reads) = (Arc::clone(&fetch), Arc::clone(&reads));
            requests.spawn(async move {
                let read = || async {
                    let number = reads.fetch_add(1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                    Ok(Some(number))
                };
                fetch.tokens(STRICT, read).await.expect("an answer")
            });
        }
        requests.join_all().await;
        assert!(reads.load(Ordering::SeqCst) <= 2, "{reads:?}");
    }
}
