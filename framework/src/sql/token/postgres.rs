//! The sequences, functions and triggers that keep the tokens of PostgreSQL.
//!
//! A class is a sequence in the schema `_couplet`. Each function advances the classes that its name says: it takes the locks of all of
//! them first, so that a token which has moved always has a writer behind it until what it wrote is visible. Triggers run the
//! functions after each statement.

use super::class::Class;
use super::expression::{literal, quoted, sequence};
use super::tracked::{Tracked, trigger_name};

/// A function of the schema `_couplet`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// What PostgreSQL keeps as its source.
    pub body: String,
}

impl Function {
    fn new(name: impl Into<String>, classes: &[Class]) -> Self {
        let mut body = "\nBEGIN\n".to_owned();
        // As a condition an expression is evaluated without a query around it, in a fifth of the time.
        for class in classes {
            body.push_str(&format!(
                "    IF pg_catalog.pg_advisory_xact_lock_shared({}) IS NULL THEN END IF;\n",
                class.lock()
            ));
        }
        for class in classes {
            body.push_str(&advances(class));
        }
        body.push_str("    RETURN NULL;\nEND\n");
        Self { name: name.into(), body }
    }

    /// Makes it, or makes it anew under the triggers that run it.
    #[must_use]
    pub fn create(&self) -> Vec<String> {
        let name = sequence(&self.name);
        vec![
            format!(
                "CREATE OR REPLACE FUNCTION {name}() RETURNS pg_catalog.trigger LANGUAGE plpgsql SECURITY DEFINER AS \
                 $couplet${}$couplet$",
                self.body
            ),
            format!("REVOKE ALL ON FUNCTION {name}() FROM PUBLIC"),
        ]
    }
}

/// The line of a function that advances a class.
#[must_use]
pub fn advances(class: &Class) -> String {
    let sequence = literal(&sequence(class.name()));
    format!("    IF pg_catalog.nextval({sequence}::pg_catalog.regclass) IS NULL THEN END IF;\n")
}

/// A trigger of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// The function that it runs.
    pub function: String,
    event: Event,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Event {
    Rows,
    Update,
    UpdateOf(String),
    /// A row that logical replication applies, which runs no triggers of statements.
    Replicated,
}

impl Trigger {
    fn new(what: &str, function: &str, event: Event) -> Self {
        Self { name: trigger_name(what), function: function.to_owned(), event }
    }

    /// Makes it on `table`, a quoted name.
    #[must_use]
    pub fn create(&self, table: &str) -> Vec<String> {
        let (name, function) = (quoted(&self.name), sequence(&self.function));
        let (event, each) = match &self.event {
            Event::Rows => ("INSERT OR DELETE OR TRUNCATE".to_owned(), "STATEMENT"),
            Event::Update => ("UPDATE".to_owned(), "STATEMENT"),
            Event::UpdateOf(column) => (format!("UPDATE OF {}", quoted(column)), "STATEMENT"),
            Event::Replicated => ("INSERT OR DELETE OR UPDATE".to_owned(), "ROW"),
        };
        let enable = if self.event == Event::Replicated { "REPLICA" } else { "ALWAYS" };
        vec![
            format!("CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH {each} EXECUTE FUNCTION {function}()"),
            format!("ALTER TABLE {table} ENABLE {enable} TRIGGER {name}"),
        ]
    }

    /// What tells it from another one of that name: the bits of `tgtype`, the column, when it is enabled, and the function.
    #[must_use]
    pub fn signature(&self) -> String {
        let (bits, column) = match &self.event {
            Event::Rows => (44, ""),
            Event::Update => (16, ""),
            Event::UpdateOf(column) => (16, column.as_str()),
            Event::Replicated => (29, ""),
        };
        let enabled = if self.event == Event::Replicated { 'R' } else { 'A' };
        format!("{bits} {enabled} {} {column}", self.function)
    }
}

/// Removes a trigger.
#[must_use]
pub fn drop_trigger(name: &str, table: &str) -> String {
    format!("DROP TRIGGER {} ON {table}", quoted(name))
}

/// Makes the sequence of a class. What is made again begins later than what was there before; and only from the second value on
/// can it be seen that a sequence moves.
#[must_use]
pub fn create_sequence(class: &Class, microseconds: i64) -> Vec<String> {
    let name = sequence(class.name());
    vec![
        format!("CREATE SEQUENCE {name} START WITH {microseconds}"),
        format!("SELECT pg_catalog.nextval({}::pg_catalog.regclass)", literal(&name)),
    ]
}

impl Tracked {
    /// The functions that the triggers run.
    #[must_use]
    pub fn functions(&self) -> Vec<Function> {
        let (rows, any) = (self.rows(), self.any());
        let columns = self.columns().map(|column| self.column(column));
        let columns = columns.map(|class| Function::new(class.name(), std::slice::from_ref(&class)));
        let first = [
            Function::new(rows.name(), &[rows.clone(), any.clone()]),
            Function::new(any.name(), std::slice::from_ref(&any)),
            Function::new(self.all(), &self.classes()),
        ];
        first.into_iter().chain(columns).collect()
    }

    /// The triggers of the table, or of a part of it. `apart`: an update changes the columns that its statement names; else, and while
    /// migrations run, every column. `leaf`: rows are stored in it.
    #[must_use]
    pub fn triggers(&self, apart: bool, leaf: bool) -> Vec<Trigger> {
        let (rows, any) = (self.rows(), self.any());
        let mut triggers = vec![Trigger::new(rows.name(), rows.name(), Event::Rows)];
        if apart {
            triggers.push(Trigger::new(any.name(), any.name(), Event::Update));
            triggers.extend(self.columns().map(|column| {
                let class = self.column(column);
                Trigger::new(class.name(), class.name(), Event::UpdateOf(column.to_owned()))
            }));
        } else {
            triggers.push(self.together());
        }
        if leaf {
            triggers.push(self.replicated());
        }
        triggers
    }

    /// After any update: all classes.
    #[must_use]
    pub fn together(&self) -> Trigger {
        together(&self.all())
    }

    fn replicated(&self) -> Trigger {
        let all = self.all();
        Trigger::new(Class::of(self.table(), "replicated").name(), &all, Event::Replicated)
    }
}

/// The trigger that runs the function of that name, which changes all classes, after any update.
#[must_use]
pub fn together(function: &str) -> Trigger {
    Trigger::new(function, function, Event::Update)
}
