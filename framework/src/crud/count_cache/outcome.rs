//! What comes of counting, for all who wait for it.

use std::sync::Arc;

use crate::error::Error;

/// What came of counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    /// The total is right.
    Total(u64),
    /// It was, some time ago.
    Earlier(u64),
    /// It took too long, so there is none.
    TooLong,
}

/// The same, to be handed to others.
#[derive(Clone)]
pub(super) enum Outcome {
    /// It was kept already.
    Kept(u64),
    /// It was counted now.
    Counted(u64),
    TooLong,
    Failed(Arc<Error>),
}

/// An error that was another one's, for each of those who waited for him.
pub(super) fn shared(error: &Arc<Error>) -> Error {
    match &**error {
        Error::Unavailable(text) => Error::Unavailable(text.clone()),
        Error::Serialization(text) => Error::Serialization(text.clone()),
        Error::DeadlineExceeded => Error::DeadlineExceeded,
        Error::Database(_) => Error::Database(Box::new(Shared(Arc::clone(error)))),
        _ => Error::Other(Box::new(Shared(Arc::clone(error)))),
    }
}

#[derive(Debug)]
struct Shared(Arc<Error>);

impl std::fmt::Display for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &*self.0 {
            Error::Database(error) => error.fmt(f),
            error => error.fmt(f),
        }
    }
}

impl std::error::Error for Shared {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_error_says_what_the_first_one_said() {
        for error in [
            Error::Unavailable("gone".to_owned()),
            Error::Serialization("again".to_owned()),
            Error::DeadlineExceeded,
            Error::Database("42P01".into()),
            Error::other("anything"),
        ] {
            let error = Arc::new(error);
            let again = shared(&error);
            assert_eq!(again.to_string(), error.to_string());
            assert_eq!(std::mem::discriminant(&again), std::mem::discriminant(&*error));
        }
    }
}
