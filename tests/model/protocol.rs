//! The steps that writers and readers take, and what each of them does.

use stateright::{Model, Property};

use super::database::{CLASSES, Database, Tokens, Writers};
use super::mutant::Mutant;
use super::scenario::{Request, Scenario};
use super::state::{Entry, Key, Reader, State, Step, Vector, Writer, Wrong};

/// The protocol in a scenario, with a mistake or without.
#[derive(Debug, Clone)]
pub(crate) struct Protocol {
    scenario: Scenario,
    mutant: Option<Mutant>,
    /// What each writer's transaction does, one step after the other.
    transactions: Vec<Vec<Write>>,
}

/// A step of a writer's transaction. The rows themselves are written before the trigger fires; nobody sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    /// The shared lock of a class. A filler holds its own no longer than the one step in which it is granted them.
    Lock(usize),
    Nextval(usize),
    /// The commit becomes visible.
    Commit,
    /// The locks end; then the client hears of the commit.
    Unlock,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Write(u8, Write),
    Abort(u8),
    Read(u8, Read),
    /// The standby replays all that is committed; only a mutant has one.
    Replay,
    Crash,
}

/// A step of a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    /// A request begins. Its first token is read in the same step: any later makes the promise easier to keep.
    Begin,
    /// Tokens are read before the request begins; only a mutant does.
    Inherit,
    Token,
    /// An entry is found and answered at once: any later makes the promise easier to keep. An entry that was stored may as
    /// well be missed.
    Hit(Writers),
    /// Waits for another reader's answer.
    Join(u8),
    Snapshot,
    TryLocks,
    Reread,
    /// COUNT, and storing: whoever stores later does what a cache does that misses until then.
    Count,
    Answer,
}

/// The name of the first property.
pub(crate) const PROMISE: &str = "a total is the count at some moment between the request's begin and its answer";
/// The name of the second property.
pub(crate) const ACKNOWLEDGED: &str = "a write that was acknowledged before the request began is included";

impl Protocol {
    pub(crate) fn new(scenario: Scenario, mutant: Option<Mutant>) -> Self {
        let transactions = scenario.writers.iter().map(|classes| transaction(classes, mutant)).collect();
        Self { scenario, mutant, transactions }
    }

    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// What the reader asks for now; `None` when it has asked for everything.
    fn request(&self, state: &State, reader: usize) -> Option<&Request> {
        self.scenario.readers[reader].get(usize::from(state.readers[reader].round))
    }

    fn token(&self, database: &Database, class: usize) -> u8 {
        let how = match self.mutant {
            Some(Mutant::FreshSequence) => Tokens::Fresh,
            Some(Mutant::TokensOfStandby) => Tokens::LoggedAhead,
            _ => Tokens::Advanced,
        };
        database.token(class, how)
    }

    fn epoch(&self, database: &Database) -> u8 {
        if self.is(Mutant::NoEpoch) { 0 } else { database.epoch() }
    }

    /// All tokens at once, for the mutants that read them at an odd time.
    fn vector(&self, database: &Database, request: &Request) -> Vector {
        let mut tokens = [0; CLASSES];
        request.footprint.iter().for_each(|class| tokens[*class] = self.token(database, *class));
        Vector { epoch: self.epoch(database), tokens }
    }

    fn key(&self, request: &Request, vector: Vector) -> Key {
        Key { list: request.list, scope: if self.is(Mutant::NoScope) { 0 } else { request.scope }, vector }
    }

    /// Whether there is an entry for the reader.
    fn finds(&self, state: &State, reader: usize) -> bool {
        let Reader { step, vector, .. } = state.readers[reader];
        let request = self.request(state, reader).filter(|_| step == Step::Looking);
        request.is_some_and(|request| state.entries.iter().any(|entry| entry.key == self.key(request, vector)))
    }

    /// The key of what the reader fills, while others may join.
    fn flight(&self, state: &State, reader: usize) -> Option<Key> {
        let open = match state.readers[reader].step {
            Step::Granted(_) | Step::Reread | Step::Refused => true,
            // Its count may be older than who joins now, and no token says so: the writer that refused it may have ended.
            Step::Counted { stored, .. } => stored || self.is(Mutant::LateJoinOfRefused),
            _ => false,
        };
        let request = self.request(state, reader).filter(|_| open)?;
        Some(self.flight_key(request, state.readers[reader].vector))
    }

    fn flight_key(&self, request: &Request, vector: Vector) -> Key {
        self.key(request, if self.is(Mutant::FlightWithoutTokens) { Vector::default() } else { vector })
    }

    /// Whether a writer holds the lock of the class.
    fn locked(&self, state: &State, class: usize) -> bool {
        self.transactions.iter().zip(&state.writers).any(|(steps, writer)| {
            let done = &steps[..usize::from(writer.done)];
            !writer.aborted && done.contains(&Write::Lock(class)) && !done.contains(&Write::Unlock)
        })
    }

    fn ended(&self, writer: usize, state: &State) -> bool {
        state.writers[writer].aborted || usize::from(state.writers[writer].done) == self.transactions[writer].len()
    }

    /// Whose commits their clients have heard of.
    fn acknowledged(&self, state: &State) -> Writers {
        let ended = (0..state.writers.len()).filter(|writer| self.ended(*writer, state));
        ended.fold(0, |set, writer| set | 1 << writer) & state.database.committed
    }

    fn count(&self, state: &State, request: &Request) -> Writers {
        let database = &state.database;
        let rows = if self.is(Mutant::CountOnStandby) { database.replayed } else { database.committed };
        rows & request.counts
    }

    fn writer_actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (number, (writer, steps)) in (0..).zip(state.writers.iter().zip(&self.transactions)) {
            if writer.aborted {
                continue;
            }
            let done = usize::from(writer.done);
            actions.extend(steps.get(done).map(|step| Action::Write(number, *step)));
            if done > 0 && !steps[..done].contains(&Write::Commit) {
                actions.push(Action::Abort(number));
            }
        }
    }

    fn reader_actions(&self, state: &State, number: u8, actions: &mut Vec<Action>) {
        let this = usize::from(number);
        let Some(request) = self.request(state, this) else { return };
        let Reader { step, vector, .. } = state.readers[this];
        let mut push = |read| actions.push(Action::Read(number, read));
        match step {
            Step::Idle if self.is(Mutant::TokenBeforeRequest) => push(Read::Inherit),
            Step::Idle | Step::Inherited => push(Read::Begin),
            Step::Reading(_) => push(Read::Token),
            Step::Looking => {
                let key = self.key(request, vector);
                let found = state.entries.iter().filter(|entry| entry.key == key);
                found.for_each(|entry| push(Read::Hit(entry.total)));
                let flight = Some(self.flight_key(request, vector));
                let leaders = (0..).take(state.readers.len()).filter(|other| *other != number);
                let joined = leaders.filter(|leader| self.flight(state, usize::from(*leader)) == flight);
                joined.for_each(|leader| push(Read::Join(leader)));
                push(if self.is(Mutant::SnapshotBeforeLock) { Read::Snapshot } else { Read::TryLocks });
            }
            Step::Snapped(_) => push(Read::TryLocks),
            Step::Granted(_) if self.is(Mutant::TokenAfterLock) => push(Read::Reread),
            Step::Granted(_) | Step::Reread | Step::Refused => push(Read::Count),
            Step::Counted { .. } => push(Read::Answer),
            Step::Waiting(_) => {}
        }
    }

    fn write(&self, state: &mut State, writer: usize, write: Write) {
        state.writers[writer].done += 1;
        match write {
            Write::Lock(_) | Write::Unlock => {}
            Write::Nextval(class) => state.database.nextval(class),
            Write::Commit => {
                state.database.commit(writer);
                let moment = moment(state);
                let asking = state.readers.iter_mut().filter(|reader| reader.moments > 0);
                asking.for_each(|reader| reader.moments |= moment);
            }
        }
        if !self.is(Mutant::CountOnStandby) {
            state.database.replayed = state.database.committed;
        }
    }

    fn read_step(&self, state: &mut State, this: usize, request: &Request, step: Read) {
        let vector = self.vector(&state.database, request);
        let count = self.count(state, request);
        let reader = &mut state.readers[this];
        match (step, reader.step) {
            (Read::Inherit, _) => (reader.step, reader.vector) = (Step::Inherited, vector),
            (Read::Begin, _) => self.begin(state, this, request),
            (Read::Token, Step::Reading(read)) => self.read(state, this, request, read),
            (Read::Hit(total), _) | (Read::Answer, Step::Counted { total, .. }) => self.answer(state, this, total),
            (Read::Join(leader), _) => reader.step = Step::Waiting(leader),
            (Read::Snapshot, _) => reader.step = Step::Snapped(count),
            (Read::TryLocks, _) => self.try_locks(state, this, request),
            (Read::Reread, _) => (reader.step, reader.vector) = (Step::Reread, vector),
            (Read::Count, _) => self.count_and_store(state, this, request),
            (Read::Token | Read::Answer, step) => unreachable!("offered at {step:?}"),
        }
    }

    fn begin(&self, state: &mut State, this: usize, request: &Request) {
        let acknowledged = self.acknowledged(state) & request.counts;
        let moments = moment(state);
        let reader = &mut state.readers[this];
        (reader.acknowledged, reader.moments) = (acknowledged, moments);
        if reader.step == Step::Inherited {
            reader.step = Step::Looking;
        } else {
            reader.vector.epoch = self.epoch(&state.database);
            self.read(state, this, request, 0);
        }
    }

    /// Reads one token. Sequences know no snapshots, so each subquery of a statement reads at a moment of its own.
    fn read(&self, state: &mut State, this: usize, request: &Request, read: u8) {
        let all = usize::from(read) + 1 >= request.footprint.len();
        let reader = &mut state.readers[this];
        if let Some(class) = request.footprint.get(usize::from(read)) {
            reader.vector.tokens[*class] = self.token(&state.database, *class);
        }
        reader.step = if all { Step::Looking } else { Step::Reading(read + 1) };
    }

    fn try_locks(&self, state: &mut State, this: usize, request: &Request) {
        let refused = request.footprint.iter().any(|class| self.locked(state, *class));
        let reader = &mut state.readers[this];
        reader.step = match reader.step {
            _ if refused && !self.is(Mutant::NoLock) => Step::Refused,
            Step::Snapped(total) => Step::Granted(Some(total)),
            _ => Step::Granted(None),
        };
    }

    fn count_and_store(&self, state: &mut State, this: usize, request: &Request) {
        let Reader { step, vector, .. } = state.readers[this];
        let total = match step {
            Step::Granted(Some(total)) => total,
            _ => self.count(state, request),
        };
        let stored = step != Step::Refused;
        state.readers[this].step = Step::Counted { total, stored };
        let entry = Entry { key: self.key(request, vector), total };
        if stored && let Err(place) = state.entries.binary_search(&entry) {
            state.entries.insert(place, entry);
        }
    }

    /// Answers the reader and those who wait for it.
    fn answer(&self, state: &mut State, this: usize, total: Writers) {
        let waits = Step::Waiting(u8::try_from(this).unwrap());
        for number in 0..state.readers.len() {
            let reader = state.readers[number];
            if number != this && reader.step != waits {
                continue;
            }
            let counts = self.request(state, number).map_or(0, |request| request.counts);
            let at_no_moment = !moments(reader.moments).any(|moment| moment & counts == total);
            let forgotten = reader.acknowledged & !total != 0;
            if at_no_moment || forgotten {
                state.wrong = Some(Wrong { at_no_moment, forgotten });
            }
            state.readers[number] = Reader { round: reader.round + 1, ..Reader::default() };
        }
    }

    /// The server is gone and back: what was not committed is undone, statements that ran fail with their requests. A
    /// request that is between two statements goes on with another connection.
    fn crash(&self, state: &mut State) {
        state.crashes += 1;
        state.database.crash();
        for (writer, steps) in state.writers.iter_mut().zip(&self.transactions) {
            let done = usize::from(writer.done);
            if steps[..done].contains(&Write::Commit) {
                writer.done = u8::try_from(steps.len()).unwrap();
            } else {
                writer.aborted = done > 0;
            }
        }
        for reader in &mut state.readers {
            if matches!(reader.step, Step::Reading(_)) {
                *reader = Reader { round: reader.round + 1, ..Reader::default() };
            }
        }
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            database: Database::new(),
            writers: vec![Writer::default(); self.scenario.writers.len()],
            readers: vec![Reader::default(); self.scenario.readers.len()],
            entries: Vec::new(),
            crashes: 0,
            wrong: None,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let asking = (0..state.readers.len()).any(|reader| self.request(state, reader).is_some());
        if state.wrong.is_some() || !asking {
            return;
        }
        self.writer_actions(state, actions);
        (0..).take(state.readers.len()).for_each(|number| self.reader_actions(state, number, actions));
        if state.database.replayed != state.database.committed {
            actions.push(Action::Replay);
        }
        if state.crashes < self.scenario.crashes {
            actions.push(Action::Crash);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut next = last.clone();
        match action {
            Action::Write(writer, write) => self.write(&mut next, usize::from(writer), write),
            Action::Abort(writer) => next.writers[usize::from(writer)].aborted = true,
            Action::Replay => next.database.replayed = next.database.committed,
            Action::Crash => self.crash(&mut next),
            Action::Read(number, step) => {
                let this = usize::from(number);
                self.read_step(&mut next, this, self.request(last, this)?, step);
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::always(PROMISE, |_, state: &State| !state.wrong.is_some_and(|wrong| wrong.at_no_moment)),
            Property::always(ACKNOWLEDGED, |_, state: &State| !state.wrong.is_some_and(|wrong| wrong.forgotten)),
            // What makes the protocol hard has to come about, else nothing was shown.
            Property::sometimes("an entry is found", |this: &Self, state: &State| {
                (0..state.readers.len()).any(|reader| this.finds(state, reader))
            }),
            Property::sometimes("a filler is refused", |_, state: &State| {
                state.readers.iter().any(|reader| reader.step == Step::Refused)
            }),
        ];
        if self.scenario.shared() {
            properties.push(Property::sometimes("a count is waited for", |_, state: &State| {
                state.readers.iter().any(|reader| matches!(reader.step, Step::Waiting(_)))
            }));
        }
        properties
    }
}

fn transaction(classes: &[usize], mutant: Option<Mutant>) -> Vec<Write> {
    let trigger = classes.iter().flat_map(|class| match mutant {
        Some(Mutant::NextvalBeforeLock) => [Write::Nextval(*class), Write::Lock(*class)],
        _ => [Write::Lock(*class), Write::Nextval(*class)],
    });
    let end = match mutant {
        Some(Mutant::UnlockBeforeVisible) => [Write::Unlock, Write::Commit],
        _ => [Write::Commit, Write::Unlock],
    };
    trigger.chain(end).collect()
}

/// What is committed now, as one of the bits of [`Reader::moments`].
fn moment(state: &State) -> u8 {
    1 << state.database.committed
}

fn moments(of: u8) -> impl Iterator<Item = Writers> {
    (0..8).filter(move |moment| of & (1 << moment) != 0)
}
