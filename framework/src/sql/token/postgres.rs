//! The sequences, functions and triggers that keep the tokens of PostgreSQL.
//!
//! A class is a sequence in the schema `_couplet`. Each function advances the classes that its name says: it takes the locks of all of
//! them first, so that a token which has moved always has a writer behind it until what it wrote is visible. Triggers run the
//! functions after each statement.

use super::class::Class;
use super::expression::{SHAPE_OF, sequence};
use super::tracked::{Tracked, trigger_name};
use crate::sql::quote::{literal, quoted};

/// A function of the schema `_couplet`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// What PostgreSQL keeps as its source.
    pub body: String,
    /// Whether it says what a table looks like, and is no trigger's.
    is_shape: bool,
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
        Self { name: name.into(), body, is_shape: false }
    }

    /// Says what `table`, a quoted name, looks like. PL/pgSQL keeps the plan of what is returned, and with it the shape, until the
    /// table that it names is another one: in a statement that is planned each time, the shape is not looked at each time.
    fn shape(name: impl Into<String>, table: &str) -> Self {
        let body = format!("\nBEGIN\n    RETURN _couplet.shape({}::pg_catalog.regclass);\nEND\n", literal(table));
        Self { name: name.into(), body, is_shape: true }
    }

    /// Makes it, or makes it anew under the triggers that run it.
    #[must_use]
    pub fn create(&self) -> Vec<String> {
        let name = sequence(&self.name);
        if self.is_shape {
            return vec![format!(
                "CREATE OR REPLACE FUNCTION {name}() RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS \
                 $couplet${}$couplet$",
                self.body
            )];
        }
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
    format!("DROP TRIGGER IF EXISTS {} ON {table}", quoted(name))
}

/// Makes the sequence of a class. What is made again begins later than what was there before; and only from the second value on
/// can it be seen that a sequence moves.
#[must_use]
pub fn create_sequence(class: &Class, microseconds: i64) -> Vec<String> {
    let name = sequence(class.name());
    vec![
        format!("CREATE SEQUENCE IF NOT EXISTS {name} START WITH {microseconds}"),
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

    /// The function that says what the table looks like, whose quoted name is `table`. A partitioned table has none.
    #[must_use]
    pub fn shape(&self, table: &str) -> Function {
        Function::shape(Class::of(self.table(), SHAPE_OF).name(), table)
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

/// Removes all functions and sequences, once no trigger runs them.
#[must_use]
pub fn drop_objects() -> Vec<String> {
    let each = |kind: &str, call: &str, name: &str, from: &str| {
        format!(
            "DO $couplet$ DECLARE found record; BEGIN FOR found IN SELECT {name} AS name FROM {from} LOOP EXECUTE \
             format('DROP {kind} _couplet.%I{call}', found.name); END LOOP; END $couplet$"
        )
    };
    let schema = "'_couplet'::regnamespace";
    vec![
        each("FUNCTION", "()", "proname", &format!("pg_proc WHERE pronamespace = {schema} AND pronargs = 0")),
        each("SEQUENCE", "", "relname", &format!("pg_class WHERE relnamespace = {schema} AND relkind = 'S'")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tracked() -> Tracked {
        Tracked::new("books", ["rating".to_owned()])
    }

    fn triggers(apart: bool, leaf: bool) -> String {
        let triggers = tracked().triggers(apart, leaf);
        triggers.iter().flat_map(|trigger| trigger.create("\"books\"")).map(|statement| statement + ";\n").collect()
    }

    #[test]
    fn a_function_takes_every_lock_before_it_advances_a_class() {
        let [rows, any, all, column] = &tracked().functions()[..] else { panic!("four functions") };
        let classes = tracked().classes();
        let locks = [0, 2].map(|index: usize| classes[index].lock());
        let expected = format!(
            r#"CREATE OR REPLACE FUNCTION "_couplet"."books rows"() RETURNS pg_catalog.trigger LANGUAGE plpgsql SECURITY DEFINER AS $couplet$
BEGIN
    IF pg_catalog.pg_advisory_xact_lock_shared({}) IS NULL THEN END IF;
    IF pg_catalog.pg_advisory_xact_lock_shared({}) IS NULL THEN END IF;
    IF pg_catalog.nextval('"_couplet"."books rows"'::pg_catalog.regclass) IS NULL THEN END IF;
    IF pg_catalog.nextval('"_couplet"."books any"'::pg_catalog.regclass) IS NULL THEN END IF;
    RETURN NULL;
END
$couplet$"#,
            locks[1], locks[0]
        );
        assert_eq!(
            rows.create(),
            [expected, r#"REVOKE ALL ON FUNCTION "_couplet"."books rows"() FROM PUBLIC"#.to_owned()]
        );
        assert_eq!([&any.name, &all.name, &column.name], ["books any", "books all", "books column rating"]);
        assert!(classes.iter().all(|class| all.body.contains(&advances(class))), "{}", all.body);
        assert_eq!(column.body.matches("nextval").count(), 1, "{}", column.body);
    }

    #[test]
    fn the_function_of_a_shape_names_the_table() {
        let expected = r#"CREATE OR REPLACE FUNCTION "_couplet"."books shape"() RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $couplet$
BEGIN
    RETURN _couplet.shape('"books"'::pg_catalog.regclass);
END
$couplet$"#;
        assert_eq!(tracked().shape("\"books\"").create(), [expected]);
    }

    #[test]
    fn a_table_has_a_trigger_for_each_kind_of_statement() {
        let expected = r#"CREATE TRIGGER "_couplet_books rows" AFTER INSERT OR DELETE OR TRUNCATE ON "books" FOR EACH STATEMENT EXECUTE FUNCTION "_couplet"."books rows"();
ALTER TABLE "books" ENABLE ALWAYS TRIGGER "_couplet_books rows";
CREATE TRIGGER "_couplet_books any" AFTER UPDATE ON "books" FOR EACH STATEMENT EXECUTE FUNCTION "_couplet"."books any"();
ALTER TABLE "books" ENABLE ALWAYS TRIGGER "_couplet_books any";
CREATE TRIGGER "_couplet_books column rating" AFTER UPDATE OF "rating" ON "books" FOR EACH STATEMENT EXECUTE FUNCTION "_couplet"."books column rating"();
ALTER TABLE "books" ENABLE ALWAYS TRIGGER "_couplet_books column rating";
CREATE TRIGGER "_couplet_books replicated" AFTER INSERT OR DELETE OR UPDATE ON "books" FOR EACH ROW EXECUTE FUNCTION "_couplet"."books all"();
ALTER TABLE "books" ENABLE REPLICA TRIGGER "_couplet_books replicated";
"#;
        assert_eq!(triggers(true, true), expected);
    }

    #[test]
    fn loosened_no_trigger_names_a_column() {
        let loose = triggers(false, false);
        assert!(loose.contains(r#"CREATE TRIGGER "_couplet_books all" AFTER UPDATE ON "books" "#), "{loose}");
        assert!(!loose.contains("UPDATE OF") && !loose.contains("replicated"), "{loose}");
    }

    #[test]
    fn a_sequence_begins_with_the_time_and_moves_at_once() {
        let made = create_sequence(&tracked().classes()[0], 1_700_000_000_000_000);
        let name = r#""_couplet"."books any""#;
        assert_eq!(made[0], format!("CREATE SEQUENCE IF NOT EXISTS {name} START WITH 1700000000000000"));
        assert_eq!(made[1], format!("SELECT pg_catalog.nextval('{name}'::pg_catalog.regclass)"));
    }
}
