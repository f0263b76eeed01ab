//! What people are told of tokens.

use std::time::{SystemTime, UNIX_EPOCH};

use super::look;
use crate::db::database::Database;
use crate::error::Result;
use crate::model::{Generated, ModelMeta};
use crate::sql::quote::literal;
use crate::sql::token::class::table_of;
use crate::sql::token::postgres::{Function, create_sequence, drop_trigger};
use crate::sql::token::sqlite::{self, Stored, create_token};
use crate::sql::token::tracked::is_row_number;
use crate::sql::token::{FORMAT, tracked};
use crate::sql::{Dialect, schema};

/// A table and its tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The table, as in `sales.books`.
    pub table: String,
    /// The columns whose changes are told apart.
    pub columns: Vec<&'static str>,
    /// Why counts of it are not cached; `None` where they are.
    pub reason: Option<String>,
}

/// Looks at the tables of `models` and changes nothing.
///
/// # Errors
///
/// The database cannot be reached, or nothing of the framework's is there.
pub async fn status(database: &Database, models: &[&'static ModelMeta]) -> Result<Vec<Status>> {
    let wanted = tracked(models, database.dialect());
    let verdicts = look(database, &wanted).await?;
    let status = verdicts.into_iter().zip(&wanted).map(|(verdict, (_, tracked))| {
        let missing = || "its triggers are not all there; `migrate` makes them".to_owned();
        let reason = verdict.known.is_none().then(|| verdict.reason.unwrap_or_else(missing));
        let columns = verdict.known.map(|known| known.columns).unwrap_or_default();
        Status { table: tracked.table().to_owned(), columns, reason }
    });
    Ok(status.collect())
}

/// The statements that make the tokens of `models`, for somebody who may. They can be run again.
#[must_use]
pub fn ddl(models: &[&'static ModelMeta], dialect: Dialect) -> Vec<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |time| time.as_micros());
    let now = i64::try_from(now).unwrap_or(1);
    let mut statements = Vec::new();
    for (model, tracked) in tracked(models, dialect) {
        let classes = tracked.classes();
        let record = match dialect {
            Dialect::Sqlite => {
                statements.extend(classes.iter().map(create_token));
                for trigger in tracked.row_triggers(&stored(model)) {
                    statements.extend([sqlite::drop_trigger(&trigger.name), trigger.sql]);
                }
                "_couplet_token_classes"
            }
            Dialect::Postgres => {
                let table = schema::table_name(model, dialect);
                statements.extend(classes.iter().flat_map(|class| create_sequence(class, now)));
                statements.extend(tracked.functions().iter().flat_map(Function::create));
                statements.extend(tracked.shape(&table).create());
                for trigger in tracked.triggers(true, true) {
                    statements.push(drop_trigger(&trigger.name, &table));
                    statements.extend(trigger.create(&table));
                }
                "_couplet.token_classes"
            }
        };
        statements.extend(tracked.columns().map(|column| {
            let (table, column) = (literal(tracked.table()), literal(column));
            format!(
                "INSERT INTO {record} (\"table\", \"column\", format) VALUES ({table}, {column}, {FORMAT}) ON CONFLICT DO NOTHING"
            )
        }));
    }
    statements
}

/// A table as its model makes it.
fn stored(model: &'static ModelMeta) -> Stored {
    let name = |index: &usize| model.columns[*index].name.to_owned();
    let key = model.key.iter().map(name);
    let unique = model.unique.iter().copied().flatten().map(name);
    let single = model.columns.iter().filter(|column| column.unique).map(|column| column.name.to_owned());
    let computed = model.columns.iter().filter(|column| matches!(column.generated, Some(Generated::Expression(_))));
    Stored {
        table: table_of(model, Dialect::Sqlite),
        unique: key.chain(unique).chain(single).collect(),
        computed: computed.map(|column| column.name.to_owned()).collect(),
        row_number: is_row_number(model).then(|| name(&model.key[0])),
    }
}
