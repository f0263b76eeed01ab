//! The section `[pagination]`.

use serde::{Deserialize, Deserializer, de};

use super::Secret;

/// Characters of a key at least.
const SHORTEST: usize = 32;

/// How lists are walked: the section `[pagination]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct PaginationConfig {
    /// Keys under which cursors are signed: the first signs, the second is still accepted. Default: none, one is made and kept
    /// in the database.
    #[serde(deserialize_with = "keys")]
    pub cursor_keys: Vec<Secret>,
}

/// A list, or in the environment one text with commas. Of what is wrong nothing is repeated.
fn keys<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Secret>, D::Error> {
    let expected = || de::Error::custom(format!("expected one key or two, each of at least {SHORTEST} characters"));
    let keys = super::server::list(deserializer).map_err(|_| expected())?;
    if keys.len() > 2 || keys.iter().any(|key| key.chars().count() < SHORTEST) {
        return Err(expected());
    }
    Ok(keys.into_iter().map(Secret::from).collect())
}
