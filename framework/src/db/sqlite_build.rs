//! What the build of SQLite costs connections that read at the same time.

use super::database::Database;
use super::inspect;
use crate::error::{Error, Result};
use crate::sql::Dialect;

/// A flag of SQLite's build without which all connections of a process share a lock.
struct Flag {
    flag: &'static str,
    option: &'static str,
    /// Whether the flag gives the option, or takes it away.
    gives: bool,
}

const FLAGS: [Flag; 2] = [
    // Else each allocation is counted, those for each value of each row too.
    Flag { flag: "-DSQLITE_DEFAULT_MEMSTATUS=0", option: "DEFAULT_MEMSTATUS=0", gives: true },
    // Else each look at a page in memory is one into a cache of all connections.
    Flag { flag: "-USQLITE_ENABLE_MEMORY_MANAGEMENT", option: "ENABLE_MEMORY_MANAGEMENT", gives: false },
];

/// The flags that SQLite was built without and that keep readers from waiting for each other, as `LIBSQLITE3_FLAGS` takes them; none
/// on PostgreSQL.
///
/// # Errors
///
/// The database cannot be asked.
pub async fn missing_flags(database: &Database) -> Result<Vec<&'static str>> {
    if database.dialect() != Dialect::Sqlite {
        return Ok(Vec::new());
    }
    let statement = inspect::statement("SELECT compile_options FROM pragma_compile_options".to_owned(), Vec::new());
    let rows = database.session().fetch(&statement).await?;
    let options = (0..rows.len()).map(|index| inspect::text(rows.row(index), 0));
    let options = options.collect::<std::result::Result<Vec<_>, _>>();
    Ok(missing(&options.map_err(|source| Error::Decode { model: statement.model, source })?))
}

fn missing(options: &[&str]) -> Vec<&'static str> {
    FLAGS.iter().filter(|it| options.contains(&it.option) != it.gives).map(|it| it.flag).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_flags_lacks_both() {
        let usual = ["COMPILER=gcc-12.2.0", "ENABLE_MEMORY_MANAGEMENT", "THREADSAFE=1"];
        assert_eq!(missing(&usual), ["-DSQLITE_DEFAULT_MEMSTATUS=0", "-USQLITE_ENABLE_MEMORY_MANAGEMENT"]);
        assert!(missing(&["DEFAULT_MEMSTATUS=0", "THREADSAFE=1"]).is_empty());
        assert_eq!(missing(&["THREADSAFE=1"]), ["-DSQLITE_DEFAULT_MEMSTATUS=0"]);
    }
}
