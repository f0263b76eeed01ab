//! What there is of tokens on SQLite, and what is missing.

use std::collections::{BTreeMap, BTreeSet};

use super::verdict::Verdict;
use crate::db::inspect::{statement, text};
use crate::db::session::Session;
use crate::error::{Error, Result};
use crate::model::{DecodeError, ModelMeta, Row};
use crate::sql::quote::literal;
use crate::sql::token::sqlite::{Stored, Trigger, change, create_token, drop_trigger};
use crate::sql::token::{FORMAT, KnownTable, Tracked};

/// Everything in one statement, so that it is all of the version of the schema that it names.
const LOOK: &str = "SELECT 'version', CAST(\"schema_version\" AS TEXT), '', '' FROM pragma_schema_version \
     UNION ALL SELECT 'table', name, type, coalesce(sql, '') FROM sqlite_schema WHERE type IN ('table', 'view') \
     UNION ALL SELECT 'trigger', tbl_name, name, sql FROM sqlite_schema WHERE type = 'trigger' AND name LIKE '\\_couplet\\_%' ESCAPE '\\' \
     UNION ALL SELECT 'column', t.name, c.name, c.hidden || ' ' || c.pk || ' ' || lower(c.type) FROM sqlite_schema AS t JOIN \
     pragma_table_xinfo(t.name) AS c WHERE t.type = 'table' \
     UNION ALL SELECT 'unique', t.name, coalesce(c.name, ''), '' FROM sqlite_schema AS t JOIN pragma_index_list(t.name) AS i JOIN \
     pragma_index_info(i.name) AS c WHERE t.type = 'table' AND i.\"unique\" = 1 \
     UNION ALL SELECT 'index', t.name, x.sql, '' FROM sqlite_schema AS t JOIN pragma_index_list(t.name) AS i JOIN sqlite_schema AS x ON \
     x.type = 'index' AND x.name = i.name WHERE t.type = 'table' AND i.\"unique\" = 1 AND x.sql IS NOT NULL \
     UNION ALL SELECT 'token', class, '', '' FROM _couplet_tokens \
     UNION ALL SELECT 'class', \"table\", \"column\", CAST(format AS TEXT) FROM _couplet_token_classes";

#[derive(Default)]
struct Found {
    version: String,
    /// By their names in lower case.
    tables: BTreeMap<String, Table>,
    /// By their names: the table and the text.
    triggers: BTreeMap<String, (String, String)>,
    tokens: BTreeSet<String>,
    classes: Vec<(String, String, i64)>,
}

#[derive(Default)]
struct Table {
    is_table: bool,
    columns: Vec<String>,
    stored: Stored,
    /// The texts of unique indexes, which may name columns in expressions and conditions.
    indexes: Vec<String>,
    keys: Vec<(String, String)>,
}

/// Looks at what there is.
pub(super) async fn look(session: &mut Session<'_>, wanted: &[(&'static ModelMeta, Tracked)]) -> Result<Vec<Verdict>> {
    let rows = session.fetch_aside(&statement(LOOK.to_owned(), Vec::new())).await?;
    let mut found = Found::default();
    for index in 0..rows.len() {
        found.add(rows.row(index)).map_err(|source| Error::Decode { model: "tokens", source })?;
    }
    found.tables.values_mut().for_each(Table::finish);
    Ok(wanted.iter().map(|(model, own)| found.judge(model, own)).collect())
}

impl Found {
    fn add(&mut self, row: &dyn Row) -> Result<(), DecodeError> {
        let (of, first, second, third) = (text(row, 0)?, text(row, 1)?, text(row, 2)?, text(row, 3)?);
        match of {
            "version" => self.version = first.to_owned(),
            "trigger" => {
                self.triggers.insert(second.to_lowercase(), (first.to_owned(), third.to_owned()));
            }
            "token" => {
                self.tokens.insert(first.to_owned());
            }
            "class" => self.classes.push((first.to_owned(), second.to_owned(), third.parse().unwrap_or(i64::MAX))),
            _ => {
                let table = self.tables.entry(first.to_lowercase()).or_default();
                table.stored.table = first.to_owned();
                table.add(of, second, third);
            }
        }
        Ok(())
    }

    fn judge(&self, model: &'static ModelMeta, own: &Tracked) -> Verdict {
        let Some(table) = self.tables.get(&own.table().to_lowercase()) else {
            return Verdict::for_now(model, "there is no such table");
        };
        if !table.is_table {
            return Verdict::without(model, "it is a view or a virtual table");
        }
        let recorded = || self.classes.iter().filter(|(table, ..)| table == own.table());
        if recorded().any(|(.., format)| *format > FORMAT) {
            return Verdict::without(model, "a newer version of the framework keeps its tokens");
        }
        let has = |name: &&str| table.columns.iter().any(|column| column.eq_ignore_ascii_case(name));
        let columns = own.columns().chain(recorded().map(|(_, column, _)| column.as_str())).filter(has);
        let wanted = Tracked::new(own.table(), columns.map(str::to_owned));
        let (tight, loose) = (wanted.row_triggers(&table.stored), wanted.loose_row_triggers(&table.stored.table));

        let mut mend: Vec<String> =
            wanted.classes().iter().filter(|it| !self.tokens.contains(it.name())).map(create_token).collect();
        for trigger in tight.iter().filter(|trigger| !self.has(trigger)) {
            mend.push(drop_trigger(&trigger.name));
            mend.push(trigger.sql.clone());
        }
        let is_left = |trigger: &&Trigger| !tight.iter().any(|it| it.name == trigger.name) && self.is_there(trigger);
        mend.extend(loose.iter().filter(is_left).map(|trigger| drop_trigger(&trigger.name)));
        let is_new = |column: &&str| !recorded().any(|(_, recorded, _)| recorded == column);
        mend.extend(own.columns().filter(is_new).map(|column| {
            let (table, column) = (literal(own.table()), literal(column));
            format!("INSERT OR IGNORE INTO _couplet_token_classes (\"table\", \"column\", format) VALUES ({table}, {column}, {FORMAT})")
        }));

        let fits = (tight.iter().all(|it| self.has(it)) || loose.iter().all(|it| self.changes(it, &wanted)))
            && wanted.classes().iter().all(|class| self.tokens.contains(class.name()));
        let columns = model.columns.iter().map(|column| column.name);
        let known = KnownTable {
            shape: self.version.clone(),
            partitioned: false,
            columns: columns.filter(|name| own.columns().any(|column| column == *name)).filter(has).collect(),
        };
        Verdict {
            model,
            known: fits.then_some(known),
            mend,
            reason: None,
            is_asked_for: recorded().next().is_some(),
            may_pass: false,
        }
    }

    fn is_there(&self, trigger: &Trigger) -> bool {
        self.triggers.contains_key(&trigger.name.to_lowercase())
    }

    /// Whether a trigger of a loosened table is there; that of all classes may have those of columns that are gone.
    fn changes(&self, trigger: &Trigger, wanted: &Tracked) -> bool {
        let Some((_, sql)) = self.triggers.get(&trigger.name.to_lowercase()) else { return false };
        let begins = trigger.sql.split_once('\n').is_some_and(|(first, _)| sql.starts_with(first));
        *sql == trigger.sql || (begins && wanted.classes().iter().all(|class| sql.contains(&change(class))))
    }

    fn has(&self, trigger: &Trigger) -> bool {
        self.triggers.get(&trigger.name.to_lowercase()).is_some_and(|(_, sql)| *sql == trigger.sql)
    }
}

impl Table {
    fn add(&mut self, of: &str, second: &str, third: &str) {
        match of {
            "table" => self.is_table = second == "table" && !third.to_lowercase().starts_with("create virtual"),
            "unique" => drop(self.stored.unique.insert(second.to_owned())),
            "index" => self.indexes.push(second.to_lowercase()),
            _ => {
                self.columns.push(second.to_owned());
                let mut parts = third.splitn(3, ' ');
                if matches!(parts.next(), Some("2" | "3")) {
                    self.stored.computed.insert(second.to_owned());
                }
                if parts.next().is_some_and(|place| place != "0") {
                    self.keys.push((second.to_owned(), parts.next().unwrap_or_default().to_owned()));
                }
            }
        }
    }

    fn finish(&mut self) {
        self.stored.unique.remove("");
        // An index may use a column in an expression or a condition; its text then has the column's name.
        let is_named = |column: &&String| self.indexes.iter().any(|sql| sql.contains(&column.to_lowercase()));
        let named: Vec<String> = self.columns.iter().filter(is_named).cloned().collect();
        self.stored.unique.extend(named);
        self.stored.unique.extend(self.keys.iter().map(|(column, _)| column.clone()));
        if let [(column, ty)] = &self.keys[..] {
            self.stored.row_number = (ty == "integer").then(|| column.clone());
        }
    }
}
