//! What is logged of a Redis that does not serve: one line now and then, not one a request.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustis::{Error, ErrorKind};
use tokio::time::Instant;

/// Time between two lines.
const INTERVAL: Duration = Duration::from_secs(10);

/// Counts errors and says so once in [`INTERVAL`].
#[derive(Default)]
pub(super) struct Log(Mutex<State>);

#[derive(Default)]
struct State {
    last: Option<Instant>,
    errors: u64,
    /// Whether the last word was that Redis does not serve.
    is_gone: bool,
}

impl Log {
    /// A command failed.
    pub(super) fn failed(&self, error: &Error) {
        if let Some(errors) = self.count(false) {
            tracing::warn!(
                error = shown(error),
                errors,
                "a command to Redis failed; its request is answered without it"
            );
        }
    }

    /// The server does not answer, or there is no connection to it.
    pub(super) fn gone(&self, error: &str) {
        if let Some(errors) = self.count(true) {
            tracing::warn!(error, errors, "Redis does not serve; requests are answered without it");
        }
    }

    /// The server answers.
    pub(super) fn is_back(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut state.is_gone) {
            tracing::info!("Redis is back");
        }
    }

    /// How many errors there were since the last line, if it is time for another.
    fn count(&self, is_gone: bool) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.errors += 1;
        if state.last.is_some_and(|last| last.elapsed() < INTERVAL) {
            return None;
        }
        state.last = Some(Instant::now());
        state.is_gone |= is_gone;
        Some(std::mem::take(&mut state.errors))
    }
}

/// An error without what the server repeats of keys and values, which it puts in quotes.
pub(super) fn shown(error: &Error) -> String {
    let text = match error.kind() {
        ErrorKind::Redis(refused) => refused.to_string(),
        other => other.to_string(),
    };
    text.split(['\'', '`', '"']).next().unwrap_or_default().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn errors_are_counted_and_told_once_in_a_while() {
        let log = Log::default();
        assert_eq!(log.count(false), Some(1));
        for _ in 0..41 {
            assert_eq!(log.count(false), None);
        }
        tokio::time::advance(INTERVAL).await;
        assert_eq!(log.count(false), Some(42));
    }

    #[test]
    fn what_the_server_repeats_is_not_logged() {
        let refused = rustis::RedisError::try_from(&b"ERR unknown command 'hunter2', with args"[..]).expect("an error");
        assert_eq!(shown(&Error::from(refused)), "ERR unknown command");
    }
}
