//! The rows and triggers that keep the tokens of SQLite.
//!
//! A class is a row of `_couplet_tokens` with random bytes, which triggers replace for each row that is written, in the transaction
//! that writes.

use std::collections::BTreeSet;

use super::class::Class;
use super::tracked::{Tracked, trigger_name};
use crate::sql::quote::{literal, quoted};

/// What else a statement may call the number of a row, which may be a column of another name.
const ROW_NUMBER: &str = "rowid, oid, _rowid_";

/// A table as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored {
    /// Its name.
    pub table: String,
    /// The columns that unique keys and indexes are made of: an `UPDATE OR REPLACE` of one may remove another row, of which no
    /// trigger tells.
    pub unique: BTreeSet<String>,
    /// The columns that are computed of others.
    pub computed: BTreeSet<String>,
    /// The column that is the number of the row.
    pub row_number: Option<String>,
}

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// The statement that makes it, which is the text that SQLite keeps.
    pub sql: String,
}

impl Trigger {
    fn new(what: &Class, event: &str, table: &str, classes: &[Class]) -> Self {
        let name = trigger_name(what.name());
        let mut sql = format!("CREATE TRIGGER {} AFTER {event} ON {} BEGIN\n", quoted(&name), quoted(table));
        // A statement for each class takes less time than one for all. No REPLACE: what the statement of the user says of conflicts
        // would count for it too.
        for class in classes {
            sql.push_str(&format!("    {};\n", change(class)));
        }
        sql.push_str("END");
        Self { name, sql }
    }
}

/// Gives a class another token.
#[must_use]
pub fn change(class: &Class) -> String {
    format!("UPDATE \"_couplet_tokens\" SET \"nonce\" = randomblob(16) WHERE \"class\" = {}", literal(class.name()))
}

/// Gives a class its first token.
#[must_use]
pub fn create_token(class: &Class) -> String {
    let class = literal(class.name());
    format!("INSERT OR IGNORE INTO \"_couplet_tokens\" (\"class\", \"nonce\") VALUES ({class}, randomblob(16))")
}

/// Removes a trigger.
#[must_use]
pub fn drop_trigger(name: &str) -> String {
    format!("DROP TRIGGER IF EXISTS {}", quoted(name))
}

impl Tracked {
    /// The triggers of the table on SQLite.
    #[must_use]
    pub fn row_triggers(&self, stored: &Stored) -> Vec<Trigger> {
        let (rows, any) = (self.rows(), self.any());
        let class = |part: &str| Class::of(self.table(), part);
        let trigger = |what: Class, event: &str, classes: &[Class]| Trigger::new(&what, event, &stored.table, classes);
        let [insert, delete] = [("insert", "INSERT"), ("delete", "DELETE")]
            .map(|(what, event)| trigger(class(what), event, &[rows.clone(), any.clone()]));

        // A computed column is never named by an UPDATE.
        let has = |set: &BTreeSet<String>, column: &str| set.iter().any(|name| name.eq_ignore_ascii_case(column));
        let (computed, plain): (Vec<&str>, Vec<&str>) =
            self.columns().partition(|column| has(&stored.computed, column));
        let mut always = vec![any];
        always.extend(computed.into_iter().map(|column| self.column(column)));
        if stored.unique.iter().any(|column| has(&stored.computed, column)) {
            always.push(rows.clone());
        }
        let update = trigger(class("update"), "UPDATE", &always);

        let mut keys: Vec<String> = stored.unique.iter().map(|column| quoted(column)).collect();
        keys.push(ROW_NUMBER.to_owned());
        let replace = trigger(class("replace"), &format!("UPDATE OF {}", keys.join(", ")), &[rows]);
        let columns = plain.into_iter().map(|column| {
            let is_number = stored.row_number.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(column));
            let names = if is_number { format!("{}, {ROW_NUMBER}", quoted(column)) } else { quoted(column) };
            trigger(self.column(column), &format!("UPDATE OF {names}"), &[self.column(column)])
        });
        [insert, delete, update, replace].into_iter().chain(columns).collect()
    }

    /// The triggers while the table is changed: none names a column, and any update changes all classes.
    #[must_use]
    pub fn loose_row_triggers(&self, table: &str) -> Vec<Trigger> {
        let class = |part: &str| Class::of(self.table(), part);
        let [insert, delete] = [("insert", "INSERT"), ("delete", "DELETE")]
            .map(|(what, event)| Trigger::new(&class(what), event, table, &[self.rows(), self.any()]));
        vec![insert, delete, Trigger::new(&class("all"), "UPDATE", table, &self.classes())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn stored() -> Stored {
        Stored {
            table: "books".to_owned(),
            unique: set(&["id", "isbn"]),
            computed: set(&["words"]),
            row_number: Some("id".to_owned()),
        }
    }

    fn tracked() -> Tracked {
        Tracked::new("books", ["id", "rating", "words"].map(str::to_owned))
    }

    fn sql(triggers: &[Trigger]) -> String {
        triggers.iter().map(|trigger| format!("{};\n", trigger.sql)).collect()
    }

    #[test]
    fn a_table_has_a_trigger_for_each_kind_of_write() {
        let expected = r#"CREATE TRIGGER "_couplet_books insert" AFTER INSERT ON "books" BEGIN
    UPDATE "_couplet_tokens" SET "nonce" = randomblob(16) WHERE "class" = 'books rows';
    UPDATE "_couplet_tokens" SET "nonce" = randomblob(16) WHERE "class" = 'books any';
END;
CREATE TRIGGER "_couplet_books delete" AFTER DELETE ON "books" BEGIN
    UPDATE "_couplet_tokens" SET "nonce" = randomblob(16) WHERE "class" = 'books rows';
    UPDATE "_couplet_tokens" SET "nonce" = randomblob(16) WHERE "class" = 'books any';
END;
CREATE TRIGGER "_couplet_books update" AFTER UPDATE ON "books" BEGIN
    UPDATE "_couplet_tokens" SET "nonce" = randomblob(16) WHERE "class" = 'books any';
    UPDATE "_couplet_tokens" SET "nonce" = randomblob(16) WHERE "class" = 'books column words';
END;
CREATE TRIGGER "_couplet_books replace" AFTER UPDATE OF "id", "isbn", rowid, oid, _rowid_ ON "books" BEGIN
    UPDATE "_couplet_tokens" SET "nonce" = randomblob(16) WHERE "class" = 'books rows';
END;
CREATE TRIGGER "_couplet_books column id" AFTER UPDATE OF "id", rowid, oid, _rowid_ ON "books" BEGIN
    UPDATE "_couplet_tokens" SET "nonce" = randomblob(16) WHERE "class" = 'books column id';
END;
CREATE TRIGGER "_couplet_books column rating" AFTER UPDATE OF "rating" ON "books" BEGIN
    UPDATE "_couplet_tokens" SET "nonce" = randomblob(16) WHERE "class" = 'books column rating';
END;
"#;
        assert_eq!(sql(&tracked().row_triggers(&stored())), expected);
    }

    #[test]
    fn loose_triggers_name_no_column() {
        let triggers = tracked().loose_row_triggers("books");
        let expected = r#"CREATE TRIGGER "_couplet_books all" AFTER UPDATE ON "books" BEGIN
    UPDATE "_couplet_tokens" SET "nonce" = randomblob(16) WHERE "class" = 'books any';
    UPDATE "_couplet_tokens" SET "nonce" = randomblob(16) WHERE "class" = 'books column id';
    UPDATE "_couplet_tokens" SET "nonce" = randomblob(16) WHERE "class" = 'books column rating';
    UPDATE "_couplet_tokens" SET "nonce" = randomblob(16) WHERE "class" = 'books column words';
    UPDATE "_couplet_tokens" SET "nonce" = randomblob(16) WHERE "class" = 'books rows';
END;
"#;
        assert_eq!(sql(&triggers[2..]), expected);
        assert_eq!(triggers[..2], tracked().row_triggers(&stored())[..2]);
    }

    #[test]
    fn a_unique_key_of_a_computed_column_is_changed_by_any_update() {
        let stored = Stored { unique: set(&["words"]), ..stored() };
        let update = &tracked().row_triggers(&stored)[2].sql;
        assert!(update.contains("'books rows'"), "{update}");
    }
}
