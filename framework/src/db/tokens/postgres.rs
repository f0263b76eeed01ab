//! What there is of tokens on PostgreSQL, and what is missing.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::verdict::Verdict;
use crate::db::inspect::{bool, statement, text};
use crate::db::session::Session;
use crate::error::{Error, Result};
use crate::model::{ModelMeta, Row};
use crate::sql::quote::literal;
use crate::sql::token::expression::shape_of;
use crate::sql::token::postgres::{Function, Trigger, advances, create_sequence, drop_trigger};
use crate::sql::token::{FORMAT, KnownTable, Tracked};
use crate::sql::{Dialect, schema};

/// A table and its partitions, with the triggers that have our names.
const RELATIONS: &str = "SELECT json_agg(json_build_object( \
     'name', format('%I.%I', n.nspname, p.relname), 'kind', p.relkind, 'owned', pg_has_role(p.relowner, 'USAGE'), \
     'columns', (SELECT coalesce(json_agg(a.attname), '[]') FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = p.oid AND \
     a.attnum > 0 AND NOT a.attisdropped), \
     'triggers', (SELECT coalesce(json_object_agg(t.tgname, concat(t.tgtype, ' ', t.tgenabled, ' ', \
     CASE WHEN f.pronamespace::regnamespace::text = '_couplet' AND t.tgqual IS NULL THEN f.proname END, ' ', \
     (SELECT string_agg(a.attname, ', ') FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = p.oid AND \
     a.attnum = ANY (t.tgattr::int2[])))), '{}') FROM pg_catalog.pg_trigger AS t JOIN pg_catalog.pg_proc AS f ON \
     f.oid = t.tgfoid WHERE t.tgrelid = p.oid AND NOT t.tgisinternal AND t.tgname LIKE '\\_couplet\\_%'), \
     'rewrites', EXISTS (SELECT 1 FROM pg_catalog.pg_trigger AS t WHERE t.tgrelid = p.oid AND NOT t.tgisinternal AND \
     t.tgtype & 19 = 19 AND t.tgenabled <> 'D')) ORDER BY p.oid <> c.oid, p.oid)::text \
     FROM pg_catalog.pg_class AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.relnamespace WHERE p.oid = c.oid OR \
     (c.relkind = 'p' AND p.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree(c.oid)))";

/// What lies in the schema, and what its user may.
const OBJECTS: &str = "SELECT json_build_object( \
     'sequences', (SELECT coalesce(json_object_agg(c.relname, has_sequence_privilege(c.oid, 'SELECT, USAGE')), '{}') FROM \
     pg_catalog.pg_class AS c WHERE c.relnamespace = '_couplet'::regnamespace AND c.relkind = 'S'), \
     'functions', (SELECT coalesce(json_object_agg(p.proname, p.prosrc), '{}') FROM pg_catalog.pg_proc AS p WHERE \
     p.pronamespace = '_couplet'::regnamespace AND p.pronargs = 0 AND (p.prosecdef OR p.provolatile = 'i')), \
     'classes', (SELECT coalesce(json_agg(json_build_object('table', \"table\", 'column', \"column\", 'format', format)), '[]') \
     FROM _couplet.token_classes), 'user', current_user, \
     'owned', (SELECT pg_has_role(nspowner, 'USAGE') FROM pg_catalog.pg_namespace WHERE nspname = '_couplet'), \
     'has_epoch', EXISTS (SELECT 1 FROM _couplet.epoch), \
     'now', (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)::text";

/// Tells one life of the database from another; a crash empties the table.
pub(super) const RENEW_EPOCH: &str = "INSERT INTO _couplet.epoch (nonce) VALUES (replace(gen_random_uuid()::text, '-', '')) \
     ON CONFLICT DO NOTHING";

#[derive(Deserialize)]
struct Relation {
    name: String,
    kind: String,
    owned: bool,
    columns: Vec<String>,
    /// By their names: as [`Trigger::signature`].
    triggers: BTreeMap<String, String>,
    /// Whether a trigger of the user's may change columns that an UPDATE does not name.
    rewrites: bool,
}

#[derive(Deserialize)]
pub(super) struct Objects {
    /// By their names: whether this user may read them.
    sequences: BTreeMap<String, bool>,
    /// By their names: their sources.
    functions: BTreeMap<String, String>,
    classes: Vec<Recorded>,
    user: String,
    owned: bool,
    pub(super) has_epoch: bool,
    now: i64,
}

/// A class that some version of the app has asked for.
#[derive(Deserialize)]
struct Recorded {
    table: String,
    column: String,
    format: i64,
}

/// Looks at what there is, with two statements that lock nothing.
pub(super) async fn look(
    session: &mut Session<'_>,
    wanted: &[(&'static ModelMeta, Tracked)],
) -> Result<(Vec<Verdict>, Objects)> {
    let objects = session.fetch_aside(&statement(OBJECTS.to_owned(), Vec::new())).await?;
    let objects: Objects = json(objects.row(0), 0)?;
    let names = wanted
        .iter()
        .enumerate()
        .map(|(index, (model, _))| format!("({index}, {})", literal(&schema::table_name(model, Dialect::Postgres))));
    let sql = format!(
        "SELECT m.number::bigint, c.relkind::text, c.relrowsecurity, (c.relhassubclass AND c.relkind <> 'p') OR EXISTS (SELECT 1 FROM \
         pg_catalog.pg_inherits AS i WHERE i.inhrelid = c.oid), CASE WHEN c.relkind = 'p' THEN {} ELSE {} END, ({RELATIONS}) FROM \
         (VALUES {}) AS m (number, name) JOIN pg_catalog.pg_class AS c ON c.oid = to_regclass(m.name)",
        shape_of("c.oid", true),
        shape_of("c.oid", false),
        names.collect::<Vec<_>>().join(", ")
    );
    let rows = session.fetch_aside(&statement(sql, Vec::new())).await?;
    let mut tables: BTreeMap<usize, Table> = BTreeMap::new();
    for index in 0..rows.len() {
        let (number, table) = read(rows.row(index))?;
        tables.insert(number, table);
    }
    let verdicts = wanted.iter().enumerate().map(|(index, (model, tracked))| match tables.get(&index) {
        Some(table) => table.judge(model, tracked, &objects),
        None => Verdict::for_now(model, "there is no such table"),
    });
    Ok((verdicts.collect(), objects))
}

fn read(row: &dyn Row) -> Result<(usize, Table)> {
    let parts = || {
        let number = row.i64(0)?.and_then(|number| usize::try_from(number).ok()).unwrap_or_default();
        let table = (text(row, 1)?.to_owned(), bool(row, 2)?, bool(row, 3)?, row.text(4)?.map(str::to_owned));
        Ok((number, table))
    };
    let (number, (kind, is_secured, inherits, shape)) =
        parts().map_err(|source| Error::Decode { model: "tokens", source })?;
    Ok((number, Table { kind, is_secured, inherits, shape, relations: json(row, 5)? }))
}

fn json<T: for<'a> Deserialize<'a>>(row: &dyn Row, index: usize) -> Result<T> {
    let text = text(row, index).map_err(|source| Error::Decode { model: "tokens", source })?;
    serde_json::from_str(text).map_err(Error::other)
}

struct Table {
    kind: String,
    is_secured: bool,
    inherits: bool,
    shape: Option<String>,
    /// Itself, then its partitions.
    relations: Vec<Relation>,
}

impl Table {
    fn judge(&self, model: &'static ModelMeta, own: &Tracked, objects: &Objects) -> Verdict {
        if let Some(reason) = self.unfit(own, objects) {
            return Verdict::without(model, reason);
        }
        let is_off = |relation: &Relation| relation.triggers.values().any(|signature| signature.contains(" D "));
        if self.relations.iter().any(is_off) {
            return Verdict::for_now(model, "its triggers are switched off");
        }
        let wanted = self.wanted(own, objects);
        let mend = self.mend(model, &wanted, own, objects);
        let known = self.known(model, own, &wanted, objects);
        let may = self.relations.iter().all(|relation| relation.owned) && objects.owned;
        let reason = (known.is_none() && !may).then(|| {
            let who = if objects.owned { "the table" } else { "the schema _couplet" };
            format!("\"{}\" does not own {who}; its owner runs what `tokens sql` prints", objects.user)
        });
        Verdict {
            model,
            known,
            mend: if may { mend } else { Vec::new() },
            reason,
            is_asked_for: objects.classes.iter().any(|class| class.table == own.table()),
            may_pass: false,
        }
    }

    /// Why there can be no tokens.
    fn unfit(&self, own: &Tracked, objects: &Objects) -> Option<String> {
        Some(match self.kind.as_str() {
            "r" | "p" if self.is_secured => "row level security decides which rows a query sees".to_owned(),
            "r" | "p" if self.inherits => {
                "it shares rows with another table by inheritance or is a partition".to_owned()
            }
            "r" | "p" if self.relations.iter().any(|part| part.kind == "f") => {
                "a partition is a foreign table".to_owned()
            }
            "r" | "p" if objects.format(own) > FORMAT => "a newer version of the framework keeps its tokens".to_owned(),
            "r" | "p" => return None,
            "f" => "it is a foreign table".to_owned(),
            _ => "it is a view".to_owned(),
        })
    }

    /// The classes of all versions of the app, as far as their columns are there.
    fn wanted(&self, own: &Tracked, objects: &Objects) -> Tracked {
        let columns: BTreeSet<&str> =
            self.relations.first().into_iter().flat_map(|it| &it.columns).map(String::as_str).collect();
        let recorded =
            objects.classes.iter().filter(|class| class.table == own.table()).map(|class| class.column.as_str());
        let kept = own.columns().chain(recorded).filter(|column| columns.contains(column)).map(str::to_owned);
        Tracked::new(own.table(), kept)
    }

    /// Whether an update changes the columns that it names and no others.
    fn apart(&self) -> bool {
        !self.relations.iter().any(|relation| relation.rewrites)
    }

    /// The function that says the shape; that of a partitioned table is asked for otherwise.
    fn shape_function(&self, model: &ModelMeta, wanted: &Tracked) -> Option<Function> {
        (self.kind != "p").then(|| wanted.shape(&schema::table_name(model, Dialect::Postgres)))
    }

    fn mend(&self, model: &ModelMeta, wanted: &Tracked, own: &Tracked, objects: &Objects) -> Vec<String> {
        let mut mend = Vec::new();
        for class in wanted.classes().iter().filter(|class| !objects.sequences.contains_key(class.name())) {
            mend.extend(create_sequence(class, objects.now));
        }
        let functions = wanted.functions();
        let others: Vec<&Function> = functions.iter().filter(|it| !objects.has(it, wanted)).collect();
        mend.extend(others.iter().flat_map(|function| function.create()));
        let shape = self.shape_function(model, wanted).filter(|it| !objects.has(it, wanted));
        mend.extend(shape.iter().flat_map(Function::create));
        for relation in &self.relations {
            mend.extend(relation.mend(wanted, self.apart(), &others));
        }
        let is_recorded =
            |column: &str| objects.classes.iter().any(|it| it.table == own.table() && it.column == column);
        mend.extend(own.columns().filter(|column| !is_recorded(column)).map(|column| {
            let (table, column) = (literal(own.table()), literal(column));
            format!(
                "INSERT INTO _couplet.token_classes (\"table\", \"column\", format) VALUES ({table}, {column}, {FORMAT}) ON CONFLICT DO \
                 NOTHING"
            )
        }));
        mend
    }

    fn known(&self, model: &ModelMeta, own: &Tracked, wanted: &Tracked, objects: &Objects) -> Option<KnownTable> {
        let has = |trigger: &Trigger| {
            self.relations.iter().all(|relation| relation.has(trigger))
                && wanted.functions().iter().any(|it| it.name == trigger.function && objects.has(it, wanted))
        };
        let leaves = || self.relations.iter().filter(|relation| relation.is_leaf());
        let replicated = wanted.triggers(true, true).pop()?;
        let [rows, update, columns @ ..] = &wanted.triggers(true, false)[..] else { return None };
        let together = has(&wanted.together());
        let is_readable = |class: &str| objects.sequences.get(class).copied().unwrap_or_default();
        let classes = wanted.classes();
        let fits = has(rows)
            && self.shape_function(model, wanted).is_none_or(|it| objects.has(&it, wanted))
            && (together || (self.apart() && has(update)))
            && leaves().all(|relation| relation.has(&replicated))
            && [classes.first()?, classes.last()?].iter().all(|class| is_readable(class.name()));
        let is_kept = |column: &str| {
            let trigger =
                columns.iter().zip(wanted.columns()).find(|(_, name)| *name == column).map(|(trigger, _)| trigger);
            trigger.is_some_and(|trigger| is_readable(&trigger.function) && (together || has(trigger)))
        };
        let columns = model.columns.iter().map(|column| column.name);
        let columns = columns.filter(|name| own.columns().any(|own| own == *name) && is_kept(name));
        let table = |shape: &String| KnownTable {
            shape: shape.clone(),
            partitioned: self.kind == "p",
            columns: columns.collect(),
        };
        self.shape.as_ref().filter(|_| fits).map(table)
    }
}

impl Relation {
    /// Whether rows are stored in it.
    fn is_leaf(&self) -> bool {
        self.kind == "r"
    }

    fn has(&self, trigger: &Trigger) -> bool {
        self.triggers.get(&trigger.name) == Some(&trigger.signature())
    }

    /// A trigger whose function is another one is made anew too: that waits for the writers under way, which have run the one before.
    fn mend(&self, wanted: &Tracked, apart: bool, others: &[&Function]) -> Vec<String> {
        let triggers = wanted.triggers(apart, self.is_leaf());
        let mut mend = Vec::new();
        let is_other = |trigger: &Trigger| others.iter().any(|function| function.name == trigger.function);
        for trigger in triggers.iter().filter(|trigger| !self.has(trigger) || is_other(trigger)) {
            if self.triggers.contains_key(&trigger.name) {
                mend.push(drop_trigger(&trigger.name, &self.name));
            }
            mend.extend(trigger.create(&self.name));
        }
        // What the other way of following updates has left, once nothing relies on it.
        let others = wanted.triggers(!apart, self.is_leaf());
        let is_left = |other: &&Trigger| {
            self.triggers.contains_key(&other.name) && !triggers.iter().any(|trigger| trigger.name == other.name)
        };
        mend.extend(others.iter().filter(is_left).map(|other| drop_trigger(&other.name, &self.name)));
        mend
    }
}

impl Objects {
    /// Whether the function is there; that of all classes may have those of columns that are gone.
    fn has(&self, function: &Function, wanted: &Tracked) -> bool {
        let Some(body) = self.functions.get(&function.name) else { return false };
        *body == function.body
            || (function.name == wanted.together().function
                && wanted.classes().iter().all(|class| body.contains(&advances(class))))
    }

    fn format(&self, own: &Tracked) -> i64 {
        let formats = self.classes.iter().filter(|class| class.table == own.table()).map(|class| class.format);
        formats.max().unwrap_or(FORMAT)
    }
}
