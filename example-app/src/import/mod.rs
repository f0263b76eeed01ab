//! Real books from files: the command `import`.

pub(crate) mod goodbooks;
pub(crate) mod isbn;
mod load;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use couplet::app::CommandContext;
use couplet::app::clap::{Arg, Command, value_parser};
use couplet::prelude::*;
use load::Load;

/// The file of the data set that has the books.
const BOOKS: &str = "books.csv";

/// `import --goodbooks DIR`
pub(crate) fn command() -> Command {
    let goodbooks = Arg::new("goodbooks")
        .long("goodbooks")
        .value_name("DIR")
        .required(true)
        .value_parser(value_parser!(PathBuf))
        .help("The folder of the goodbooks-10k data set, or its books.csv");
    Command::new("import").about("Import real books; those that are there already stay as they are").arg(goodbooks)
}

/// Imports every row that can be read, all at once, and then says what became of the others.
pub(crate) async fn run(context: CommandContext) -> Result<()> {
    let path = context.arguments.get_one::<PathBuf>("goodbooks").map(PathBuf::as_path).unwrap_or(Path::new("."));
    let path = if path.is_dir() { path.join(BOOKS) } else { path.to_owned() };
    let cannot_be_read =
        |error: &dyn std::fmt::Display| Error::Startup(format!("{} cannot be read: {error}", path.display()));
    let file = File::open(&path).map_err(|error| cannot_be_read(&error))?;
    let mut load = Load::default();
    for row in goodbooks::read(file).map_err(|error| cannot_be_read(&error))? {
        load.add(row);
    }
    let report = load.run(&context.database).await?;
    Ok(write!(std::io::stdout(), "{report}")?)
}
