//! The command `tokens`.

use clap::{Arg, ArgMatches, Command};

use super::App;
use crate::db::tokens::{self, Status};
use crate::error::Result;
use crate::sql::Dialect;

pub(super) fn command(dialect: Arg) -> Command {
    Command::new("tokens")
        .about("The triggers by which the database says what has changed")
        .subcommand_required(true)
        .subcommand(Command::new("status").about("Say of each table whether its counts are cached, and why not"))
        .subcommand(Command::new("sql").about("Print the statements that make them").arg(dialect))
        .subcommand(Command::new("loosen").about("Let other tools change columns; the next start ties them again"))
        .subcommand(Command::new("remove").about("Remove them; the next start makes them again"))
}

/// What the command prints. The database is connected to and otherwise as it is.
pub(super) async fn run(app: &App, arguments: &ArgMatches, dialect: impl Fn(&ArgMatches) -> Dialect) -> Result<String> {
    let name = match arguments.subcommand() {
        Some(("sql", arguments)) => {
            let statements = tokens::ddl(app.catalog.models(), dialect(arguments));
            return Ok(statements.iter().map(|statement| format!("{statement};\n")).collect());
        }
        Some((name, _)) => name,
        None => "status",
    };
    let database = app.connect(app.metrics()?).await?;
    let outcome = match name {
        "loosen" => tokens::loosen(&database).await.map(|tables| changed("loosened", &tables)),
        "remove" => tokens::remove(&database).await.map(|tables| changed("removed", &tables)),
        _ => tokens::status(&database, app.catalog.models()).await.map(|status| described(&status)),
    };
    database.close().await;
    outcome
}

fn changed(what: &str, tables: &[String]) -> String {
    match tables {
        [] => format!("there was nothing to be {what}\n"),
        tables => format!("{what}: {}\n", tables.join(", ")),
    }
}

fn described(status: &[Status]) -> String {
    let line = |Status { table, columns, reason }: &Status| match reason {
        Some(reason) => format!("{table}: not cached, {reason}\n"),
        None => format!("{table}: cached, by its rows and {}\n", columns.join(", ")),
    };
    status.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_has_a_line() {
        let cached = Status { table: "books".to_owned(), columns: vec!["id", "rating"], reason: None };
        let reason = Some("it is a view".to_owned());
        let not = Status { table: "titles".to_owned(), columns: Vec::new(), reason };
        let expected = "books: cached, by its rows and id, rating\ntitles: not cached, it is a view\n";
        assert_eq!(described(&[cached, not]), expected);
    }

    #[test]
    fn what_was_changed_is_named() {
        assert_eq!(changed("loosened", &[]), "there was nothing to be loosened\n");
        assert_eq!(changed("removed", &["a".to_owned(), "b".to_owned()]), "removed: a, b\n");
    }
}
