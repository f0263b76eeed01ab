//! What those who wait for a load get.

use std::sync::Arc;

use bytes::Bytes;

use super::generations::Noted;
use crate::cache::single_flight::{Lead, SingleFlight};
use crate::error::Error;

/// The value as JSON, or why it could not be loaded.
pub(super) type Answer = Result<Bytes, Arc<Error>>;

/// A key, and the numbers of it and its tags: who asks after an invalidation does not wait for a load from before it.
pub(super) type FlightKey = (String, Noted);

pub(super) type Flights = SingleFlight<FlightKey, Answer>;
pub(super) type Leading = Lead<FlightKey, Answer>;

/// The error again, for each who waited: the same to a client. What cannot be had twice is told by its text.
pub(super) fn shared(error: &Arc<Error>) -> Error {
    match &**error {
        Error::Configuration(text) => Error::Configuration(text.clone()),
        Error::Startup(text) => Error::Startup(text.clone()),
        Error::Parameters(mistakes) => Error::Parameters(mistakes.clone()),
        Error::Invalid(mistakes) => Error::Invalid(mistakes.clone()),
        Error::Conflict(mistakes) => Error::Conflict(mistakes.clone()),
        Error::Forbidden(text) => Error::Forbidden(text.clone()),
        Error::NotFound(what) => Error::NotFound(what),
        Error::Missing(mistakes) => Error::Missing(mistakes.clone()),
        Error::Stale(mistakes) => Error::Stale(mistakes.clone()),
        Error::NotLoaded { model } => Error::NotLoaded { model },
        Error::NotCounted { model } => Error::NotCounted { model },
        Error::Unavailable(text) => Error::Unavailable(text.clone()),
        Error::Serialization(text) => Error::Serialization(text.clone()),
        Error::DeadlineExceeded => Error::DeadlineExceeded,
        Error::BudgetExceeded(text) => Error::BudgetExceeded(text.clone()),
        Error::Decode { .. } | Error::Database(_) | Error::Other(_) => Error::other(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waited_gets_the_same_error() {
        for error in [Error::NotFound("book"), Error::Unavailable("no connection".to_owned()), Error::DeadlineExceeded]
        {
            let error = Arc::new(error);
            let copy = shared(&error);
            assert_eq!(std::mem::discriminant(&copy), std::mem::discriminant(&*error));
            assert_eq!(copy.to_string(), error.to_string());
        }
        assert_eq!(
            shared(&Arc::new(Error::other("the letter shop is closed"))).to_string(),
            "the letter shop is closed"
        );
    }
}
