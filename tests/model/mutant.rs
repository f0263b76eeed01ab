//! The protocol with one mistake each.

/// A mistake in the protocol. The model must catch every one of them, else it proves nothing about the protocol without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// The filler does not try the locks.
    NoLock,
    /// The filler stores under tokens that it reads after the locks were released.
    TokenAfterLock,
    /// A filler's tokens, or those of a request that shares another one's, are older than the request.
    TokenBeforeRequest,
    /// The trigger calls `nextval` before it takes the lock.
    NextvalBeforeLock,
    /// COUNT and locks are one statement, so the snapshot is older than the locks.
    SnapshotBeforeLock,
    /// The writer's locks end before its commit is visible, as those of a session would that are released by hand.
    UnlockBeforeVisible,
    /// The key does not say for whom the rows were counted.
    NoScope,
    /// The footprint holds the classes of the list's own table only.
    NoJoinedClasses,
    /// Who asks for the same list joins a flight, whatever the tokens.
    FlightWithoutTokens,
    /// A filler that was refused shares its count with requests that join after it was counted.
    LateJoinOfRefused,
    /// Sequences are not advanced when they are made.
    FreshSequence,
    /// Tokens are read on a standby.
    TokensOfStandby,
    /// Rows are counted on a standby that has not replayed everything.
    CountOnStandby,
    /// The key does not hold the epoch.
    NoEpoch,
}
