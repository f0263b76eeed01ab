//! The command line.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use clap::{Arg, ArgMatches, Command};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::command::CommandContext;
use super::prepare::Preparation;
use super::{App, log, tokens};
use crate::db::advice::Unserved;
use crate::error::{Error, Result};
use crate::http::Shutdown;
use crate::sql::{Dialect, schema};

/// The name by which the program was called.
pub(super) fn program_name() -> String {
    let path = std::env::args_os().next().unwrap_or_default();
    Path::new(&path).file_stem().map_or_else(|| "app".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Commands that every app has.
pub(super) const BUILT_IN: &[&str] = &["serve", "migrate", "schema", "openapi", "tokens"];

/// Does what `arguments` say.
pub(super) async fn run(mut app: App, arguments: impl IntoIterator<Item = OsString>) -> Result<()> {
    app.check()?;
    let matches = match command_line(&app).try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) if error.use_stderr() => return Err(Error::Startup(one_line(&error))),
        Err(help) => return print(&help.to_string()),
    };
    match matches.subcommand() {
        None | Some(("serve", _)) => serve(app).await,
        Some(("schema", arguments)) => print(&ddl(&app, arguments)),
        Some(("openapi", arguments)) => {
            let metrics = app.metrics()?;
            let database = app.lazy_database(Arc::clone(&metrics))?;
            let (_, specification) = app.assemble(&database, &metrics)?;
            print(if arguments.get_flag("yaml") { &specification.yaml } else { &specification.json })
        }
        Some(("tokens", arguments)) => {
            log::init(&app.config)?;
            print(&tokens::run(&app, arguments, |arguments| dialect_of(&app, arguments)).await?)
        }
        Some((name, arguments)) => {
            log::init(&app.config)?;
            let own = app.commands.iter().position(|own| own.command.get_name() == name);
            let own = own.map(|index| app.commands.swap_remove(index));
            let metrics = app.metrics()?;
            let redis = app.redis(&metrics)?;
            app.with_cache(redis.as_ref(), &metrics);
            let database = app.connect(metrics).await?;
            let preparation = Preparation::of(&mut app);
            preparation.tables(&database).await?;
            let context =
                CommandContext { database: database.clone(), arguments: arguments.clone(), config: app.config };
            let outcome = match own {
                Some(own) => (own.run)(context).await,
                None => print(&migrated(&preparation.unserved_sorts(&database).await?)),
            };
            database.close().await;
            outcome
        }
    }
}

fn command_line(app: &App) -> Command {
    let dialect = Arg::new("dialect")
        .long("dialect")
        .value_parser(["sqlite", "postgres"])
        .help("The database to write for; else that of database.url");
    let yaml = Arg::new("yaml").long("yaml").action(clap::ArgAction::SetTrue).help("Write YAML instead of JSON");
    Command::new(program_name())
        .about(app.info.title.clone())
        .disable_help_subcommand(true)
        .after_help(
            "Settings come from Couplet.toml and the environment: DATABASE_URL, REDIS_URL, BIND, COUPLET_SECTION__KEY.",
        )
        .subcommand(Command::new("serve").about("Serve the API; what happens without a command too"))
        .subcommand(Command::new("migrate").about("Run the migrations that have not run yet"))
        .subcommand(
            Command::new("schema").about("Print the statements that create the models' tables").arg(dialect.clone()),
        )
        .subcommand(tokens::command(dialect))
        .subcommand(Command::new("openapi").about("Print the specification of the API").arg(yaml))
        .subcommands(app.commands.iter().map(|own| own.command.clone()))
}

async fn serve(app: App) -> Result<()> {
    log::init(&app.config)?;
    log::panics();
    let is_development = app.config.is_development();
    // Before the port is open: a signal that comes as soon as the app answers must not end it the hard way.
    let mut signals = Signals::new()?;
    let running = tokio::select! {
        running = app.start() => running?,
        () = signals.next() => {
            tracing::info!("stopped before it was ready");
            return Ok(());
        }
    };
    if is_development {
        print(&format!("{}\n", running.banner()))?;
    }
    tracing::info!("serving on http://{}", running.address());
    tokio::spawn(signals.end(running.shutdown()));
    running.wait().await?;
    tracing::info!("stopped");
    Ok(())
}

/// SIGTERM and SIGINT.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// The first lets requests finish, the second does not.
    async fn end(mut self, shutdown: Shutdown) {
        self.next().await;
        tracing::info!("finishing requests in flight; a second signal ends them");
        shutdown.begin();
        self.next().await;
        std::process::exit(1);
    }
}

fn migrated(unserved: &[Unserved]) -> String {
    let mut text = "the database is up to date\n".to_owned();
    for Unserved { model, sort, statement } in unserved {
        text.push_str(&format!("no index serves sort={sort} of {model}; to add one:\n    {statement};\n"));
    }
    text
}

/// The language that `--dialect` names, or that of the database.
fn dialect_of(app: &App, arguments: &ArgMatches) -> Dialect {
    match arguments.get_one::<String>("dialect").map(String::as_str) {
        Some("postgres") => Dialect::Postgres,
        Some(_) => Dialect::Sqlite,
        None if app.config.database.url.expose().starts_with("postgres") => Dialect::Postgres,
        None => Dialect::Sqlite,
    }
}

fn ddl(app: &App, arguments: &ArgMatches) -> String {
    let dialect = dialect_of(app, arguments);
    let models = app.catalog.models();
    schema::create(models, models, dialect).iter().map(|statement| format!("{statement};\n\n")).collect()
}

/// What clap says without its usage: `unrecognized subcommand 'srve'; a similar subcommand exists: 'serve'`.
fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let is_usage = |line: &&str| line.starts_with("Usage:") || line.starts_with("For more information");
    let lines = text.lines().map(str::trim).take_while(|line| !is_usage(line)).filter(|line| !line.is_empty());
    let parts: Vec<&str> = lines.map(|line| line.trim_start_matches("error: ").trim_start_matches("tip: ")).collect();
    format!("{}; see --help", parts.join("; "))
}

/// A reader that goes away early, such as `head`, is no error.
fn print(text: &str) -> Result<()> {
    match io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrate_says_which_indexes_are_missing() {
        assert_eq!(migrated(&[]), "the database is up to date\n");
        let statement = "CREATE INDEX \"labels_name_idx\" ON \"labels\" (\"name\")".to_owned();
        assert_eq!(
            migrated(&[Unserved { model: "Label", sort: "name", statement }]),
            "the database is up to date\nno index serves sort=name of Label; to add one:\n    \
             CREATE INDEX \"labels_name_idx\" ON \"labels\" (\"name\");\n"
        );
    }
}
