//! What tells the cached values of one database from those of any other.

use std::fmt;

use sea_query::Values;
use sha2::{Digest, Sha256};

use super::database::Database;
use super::framework;
use crate::error::{Error, Result};
use crate::sql::{Dialect, Statement, Verb};

/// Which database this is, as PostgreSQL knows it: a copy of the files has another start of the server, a copy by template
/// another oid.
const IDENTITY: &str = "SELECT concat_ws(' ', (SELECT system_identifier FROM pg_catalog.pg_control_system()), oid, \
                        extract(epoch FROM pg_catalog.pg_postmaster_start_time())) FROM pg_catalog.pg_database \
                        WHERE datname = pg_catalog.current_database()";

/// A secret that the instances of an app on one database share, and nobody else knows.
#[derive(Clone, PartialEq, Eq)]
pub struct CacheSecret([u8; 32]);

/// Without the secret.
impl fmt::Debug for CacheSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheSecret").finish_non_exhaustive()
    }
}

impl CacheSecret {
    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Reads a secret from the framework's own tables, where it is made if there is none, and ties it to the database.
pub(super) async fn read(database: &Database) -> Result<CacheSecret> {
    let secret = framework::shared_secret(database, "cache_key").await?;
    let identity = identity(database).await?;
    let hash =
        Sha256::new().chain_update((secret.len() as u64).to_be_bytes()).chain_update(secret).chain_update(identity);
    Ok(CacheSecret(hash.finalize().into()))
}

async fn identity(database: &Database) -> Result<Vec<u8>> {
    if database.dialect() == Dialect::Sqlite {
        // Its tokens are random: those of a copy are others with its first write.
        return Ok(Vec::new());
    }
    let sql = IDENTITY.to_owned();
    let statement = Statement { sql, values: Values(Vec::new()), verb: Verb::Select, model: "framework" };
    match database.session().fetch_aside(&statement).await {
        Ok(rows) if rows.len() == 1 => {
            let decoded = |source| Error::Decode { model: "the identity of the database", source };
            Ok(rows.row(0).text(0).map_err(decoded)?.unwrap_or_default().into())
        }
        Ok(_) | Err(Error::Database(_)) => {
            tracing::warn!("the database does not say which one it is, so nothing is shared between instances");
            let mut identity = vec![0; 32];
            getrandom::fill(&mut identity).map_err(Error::other)?;
            Ok(identity)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", CacheSecret([7; 32])), "CacheSecret { .. }");
    }
}
