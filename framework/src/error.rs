//! Everything that can go wrong; no HTTP here.

use std::fmt;

/// A result with an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong. Its text says what to do and is safe to log; what a client may see is decided in `http`.
#[derive(thiserror::Error)]
pub enum Error {
    /// The settings cannot be used; lists every mistake.
    #[error("{0}")]
    Configuration(String),
    /// The app cannot start: a port in use, a database that does not match the models.
    #[error("{0}")]
    Startup(String),
    /// Parameters of a query that cannot be read, all of them.
    #[error("{}", Listed(.0))]
    Parameters(Vec<InputError>),
    /// Values of a body that cannot be accepted, all of them.
    #[error("{}", Listed(.0))]
    Invalid(Vec<InputError>),
    /// A unique or foreign key that would be violated.
    #[error("{}", Listed(.0))]
    Conflict(Vec<InputError>),
    /// The caller may not do this, as a hook says; the text is for the client.
    #[error("{0}")]
    Forbidden(String),
    /// There is no such row.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// Of many rows that are changed together some are not there, all of which are named.
    #[error("{}", Listed(.0))]
    Missing(Vec<InputError>),
    /// A row has another version than the one that a change is meant for, since it was changed in between.
    #[error("{}", Listed(.0))]
    Stale(Vec<InputError>),
    /// A relation is read that was not included.
    #[error("the relation to {model} was not loaded; add it to the query with `.include(..)`")]
    NotLoaded {
        /// The related model.
        model: &'static str,
    },
    /// The number of related rows is read and was not asked for.
    #[error("the rows of the relation to {model} were not counted; add it to the query with `.include_count(..)`")]
    NotCounted {
        /// The related model.
        model: &'static str,
    },
    /// A value that the database holds but the field's type does not.
    #[error("a row of {model} cannot be read: {source}")]
    Decode {
        /// The model of the row.
        model: &'static str,
        /// Which column, and why.
        source: DecodeError,
    },
    /// The database or its pool cannot be had right now. Try again.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// Two transactions stood in each other's way. Try again.
    #[error("the transaction was rolled back by the database: {0}")]
    Serialization(String),
    /// The time for the request or the statement is over.
    #[error("the deadline has passed")]
    DeadlineExceeded,
    /// More statements than the query budget allows, in the development profile.
    #[error("{0}")]
    BudgetExceeded(String),
    /// Anything else that the database says.
    #[error("the database refused a statement: {0}")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Anything else.
    #[error(transparent)]
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// Wraps any other error, as a hook or a command of the app's own has them.
    pub fn other(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Other(error.into())
    }

    /// Whether the same transaction may well succeed when it is tried again at once.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Serialization(_))
    }
}

/// One line, so that `fn main() -> couplet::Result<()>` ends with a message instead of a dump.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::Other(Box::new(error))
    }
}

/// A value that the database holds but the field's type does not.
#[derive(Debug, thiserror::Error)]
#[error("column {index}: {reason}")]
pub struct DecodeError {
    /// The column's index in the row.
    pub index: usize,
    /// What is wrong with the value; for the log, never for a client.
    pub reason: String,
}

impl DecodeError {
    /// A value that cannot be read, with the reason.
    #[must_use]
    pub fn new(index: usize, reason: impl ToString) -> Self {
        Self { index, reason: reason.to_string() }
    }

    /// The same with the column's name before the reason.
    #[must_use]
    pub fn of_column(self, name: &str) -> Self {
        if name.is_empty() { self } else { Self { reason: format!("\"{name}\" {}", self.reason), ..self } }
    }

    /// A NULL in a field that is no `Option`.
    #[must_use]
    pub fn null(index: usize) -> Self {
        Self::new(index, "is NULL, and the field is not an Option")
    }
}

/// One mistake in a client's input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputError {
    /// Where it is.
    pub at: Location,
    /// A stable name for programs, such as `unknown_parameter`.
    pub code: &'static str,
    /// A sentence for people that says what would be accepted.
    pub detail: String,
}

/// Where in a client's input a mistake is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A query parameter's name.
    Parameter(String),
    /// A JSON pointer (RFC 6901) into the body.
    Pointer(String),
    /// The request as a whole.
    Request,
}

impl InputError {
    /// A mistake in the query parameter `name`.
    pub fn parameter(name: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self { at: Location::Parameter(name.into()), code, detail: detail.into() }
    }

    /// A mistake in the body's member `name`.
    pub fn field(name: &str, code: &'static str, detail: impl Into<String>) -> Self {
        let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        Self { at: Location::Pointer(pointer), code, detail: detail.into() }
    }

    /// The same mistake inside of the body's member `name`, or of the item at `index` of that member.
    #[must_use]
    pub(crate) fn within(self, name: &str, index: Option<usize>) -> Self {
        let mut outside = Self::field(name, self.code, self.detail);
        if let Some(index) = index {
            outside = outside.item(index);
        }
        if let (Location::Pointer(outside), Location::Pointer(inside)) = (&mut outside.at, self.at) {
            outside.push_str(&inside);
        }
        outside
    }

    /// The same mistake in the item at `index` of the array that it names.
    #[must_use]
    pub fn item(mut self, index: usize) -> Self {
        if let Location::Pointer(pointer) = &mut self.at {
            *pointer = format!("{pointer}/{index}");
        }
        self
    }

    /// The same mistake in an item of the body's list `items`.
    #[must_use]
    pub fn of_item(self, index: usize) -> Self {
        self.within("items", Some(index))
    }

    /// A mistake that is in no single place.
    pub fn request(code: &'static str, detail: impl Into<String>) -> Self {
        Self { at: Location::Request, code, detail: detail.into() }
    }
}

struct Listed<'a>(&'a [InputError]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            match &error.at {
                Location::Parameter(name) => write!(f, "{name}: {}", error.detail)?,
                Location::Pointer(pointer) => write!(f, "{pointer}: {}", error.detail)?,
                Location::Request => f.write_str(&error.detail)?,
            }
        }
        Ok(())
    }
}
